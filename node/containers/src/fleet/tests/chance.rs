//! Whatever happens to a simulated node, it comes to what is wanted.

use proptest::prelude::*;

use super::*;

/// What may happen to a node.
#[derive(Clone, Debug)]
enum Chance {
    /// An action is answered, well or not.
    Answer(usize, bool),
    /// A container ends by itself.
    Ends(usize, u32),
    /// The configuration is one of several.
    Configure(usize),
    /// Somebody holds, releases or restarts.
    Wish(u8),
    /// Time passes.
    Pass(Ms),
    /// The daemon is killed and starts again.
    Restart,
}

fn chances() -> impl Strategy<Value = Vec<Chance>> {
    let chance = prop_oneof![
        6 => (any::<usize>(), prop::bool::weighted(0.8)).prop_map(|(at, well)| Chance::Answer(at, well)),
        1 => (any::<usize>(), 0_u32..3).prop_map(|(at, code)| Chance::Ends(at, code)),
        1 => (0_usize..6).prop_map(Chance::Configure),
        1 => (0_u8..3).prop_map(Chance::Wish),
        2 => (1_u64..5_000).prop_map(Chance::Pass),
        1 => Just(Chance::Restart),
    ];
    prop::collection::vec(chance, 0..80)
}

fn configurations() -> Vec<BTreeMap<String, Wanted>> {
    let always = RestartPolicy::Always;
    let with = |containers: &[&str], network: WorkloadNetwork, shared: &str, form: &str| {
        let containers: Vec<_> = containers.iter().map(|name| (*name, always)).collect();
        let mut wanted = wanted(workload(&containers, network), form);
        wanted.shared = shared.into();
        wanted.form = format!("{shared} {}", wanted.form);
        BTreeMap::from([("web".to_owned(), wanted)])
    };
    vec![
        with(&["a"], bridge(), "s1", "f1"),
        with(&["a", "b"], bridge(), "s1", "f1"),
        with(&["a", "b"], bridge(), "s1", "f2"),
        with(&["b"], bridge(), "s2", "f2"),
        with(&["a"], WorkloadNetwork::Host, "s3", "f1"),
        BTreeMap::new(),
    ]
}

/// What is true of the simulated node.
#[derive(Default)]
struct World {
    under_way: Vec<Action>,
    running: BTreeMap<Id, Fingerprint>,
    recorded: BTreeMap<Id, Fingerprint>,
    joined: bool,
}

impl World {
    fn begin(&mut self, actions: Vec<Action>) -> Result<(), TestCaseError> {
        for action in actions {
            match &action {
                Action::Start(id, _) => prop_assert!(!self.running.contains_key(id), "{id} runs already"),
                Action::Leave(_) => prop_assert!(self.running.is_empty(), "containers lose their network"),
                _ => {}
            }
            prop_assert!(!self.under_way.contains(&action), "{action:?} twice");
            self.under_way.push(action);
        }
        Ok(())
    }

    fn answer(&mut self, fleet: &mut Fleet, now: Ms, at: usize, is_well: bool) {
        if self.under_way.is_empty() {
            return;
        }
        let action = self.under_way.remove(at % self.under_way.len());
        let word = || "trouble".to_owned();
        let event = match action {
            Action::Fetch(id) => Event::Fetched(id, if is_well { Ok("d".into()) } else { Err(word()) }),
            Action::Join(name) => {
                self.joined |= is_well;
                Event::Joined(name, if is_well { Ok(()) } else { Err(word()) })
            }
            Action::Leave(name) => {
                self.joined &= !is_well;
                Event::Left(name, if is_well { Ok(()) } else { Err(word()) })
            }
            Action::Start(id, form) => {
                self.recorded.insert(id.clone(), form.clone());
                if is_well {
                    self.running.insert(id.clone(), form);
                }
                Event::Started(id, if is_well { Ok(1) } else { Err(word()) })
            }
            Action::Stop(id) => {
                self.running.remove(&id);
                Event::Exited(id, Exited { code: 143, out_of_memory: false })
            }
            Action::Clean(id) => {
                self.running.remove(&id);
                let rest = rest(fleet, &id);
                if is_well && rest == Rest::Nothing {
                    self.recorded.remove(&id);
                }
                Event::Cleaned(id, if is_well { Ok(rest) } else { Err(word()) })
            }
        };
        fleet.hear(now, event);
    }

    /// What was under way is not done any more, and a later daemon looks at what is there.
    fn restart(&mut self, before: &Fleet, now: Ms, wanted: &BTreeMap<String, Wanted>) -> Fleet {
        self.under_way.clear();
        let found = self.recorded.iter().map(|(id, form)| Found {
            id: id.clone(),
            fingerprint: form.clone(),
            pid: self.running.contains_key(id).then_some(1),
        });
        let joined = self.joined.then(|| "web".to_owned()).into_iter().collect();
        let mut fleet = Fleet::default();
        fleet.hear(now, Event::Looked(found.collect(), joined, before.memory()));
        fleet.hear(now, Event::Wanted(wanted.clone()));
        fleet
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_node_comes_to_what_is_wanted(chances in chances(), last in 0_usize..6) {
        let configurations = configurations();
        let mut fleet = fleet(configurations[0].clone());
        let (mut world, mut now, mut configured) = (World::default(), 0, 0);
        for chance in chances {
            match chance {
                Chance::Answer(at, is_well) => world.answer(&mut fleet, now, at, is_well),
                Chance::Ends(at, code) => {
                    let ids: Vec<Id> = world.running.keys().cloned().collect();
                    if let Some(id) = ids.get(at % ids.len().max(1)) {
                        // A stop that is under way finds nobody any more.
                        world.under_way.retain(|action| *action != Action::Stop(id.clone()));
                        world.running.remove(id);
                        fleet.hear(now, Event::Exited(id.clone(), Exited { code, out_of_memory: false }));
                    }
                }
                Chance::Configure(at) => {
                    configured = at;
                    fleet.hear(now, Event::Wanted(configurations[at].clone()));
                }
                Chance::Restart => fleet = world.restart(&fleet, now, &configurations[configured]),
                Chance::Wish(0) => fleet.hear(now, Event::Hold("web".into())),
                Chance::Wish(1) => fleet.hear(now, Event::Release("web".into())),
                Chance::Wish(_) => fleet.hear(now, Event::Again("web".into())),
                Chance::Pass(ms) => now += ms,
            }
            world.begin(fleet.plan(now))?;
            // A plan that was made leaves nothing to plan.
            prop_assert_eq!(fleet.plan(now), vec![]);
            // And nothing waits for a moment that is over.
            prop_assert!(fleet.next().is_none_or(|next| next > now), "{:?} at {}", fleet.next(), now);
        }
        fleet.hear(now, Event::Wanted(configurations[last].clone()));
        fleet.hear(now, Event::Release("web".into()));
        let mut rounds = 0;
        loop {
            world.begin(fleet.plan(now))?;
            if world.under_way.is_empty() {
                match fleet.next() {
                    Some(next) => now = next,
                    None => break,
                }
            }
            world.answer(&mut fleet, now, 0, true);
            rounds += 1;
            prop_assert!(rounds < 1_000, "it never comes to rest: {fleet:?}");
        }
        let wanted: BTreeMap<Id, Fingerprint> = configurations[last]
            .values()
            .flat_map(|wanted| wanted.containers.iter().map(|(name, form)| (id(name), form.clone())))
            .collect();
        prop_assert_eq!(&world.running, &wanted);
        prop_assert_eq!(&world.recorded, &wanted);
        let needs = configurations[last].values().any(|wanted| wanted.workload.network != WorkloadNetwork::Host);
        prop_assert_eq!(world.joined, needs);
    }
}
