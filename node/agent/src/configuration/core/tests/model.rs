//! Random sequences of what people, clocks and power do, against a model that knows what must be in force.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::super::super::record::MAX_ENTRIES;
use super::super::*;

/// The files of a node: those on the state and those in memory.
#[derive(Clone, Debug, Default)]
struct Files {
    record: Record,
    documents: BTreeMap<(u64, bool), u64>,
    trial: Option<Running>,
}

impl Files {
    fn perform(&mut self, effect: &Effect, content: u64) {
        let key = |number: u64, format: Language| (number, format == Language::Toml);
        match effect {
            Effect::SaveDocument(number, format) => {
                self.documents.insert(key(*number, *format), content);
            }
            Effect::SaveRecord(record) => self.record = (**record).clone(),
            Effect::SaveTrial(running) => self.trial = Some(running.clone()),
            Effect::RemoveTrial => self.trial = None,
            Effect::RemoveDocument(number, format) => {
                self.documents.remove(&key(*number, *format));
            }
        }
    }
}

/// What somebody does, or what happens to the node.
#[derive(Clone, Debug)]
enum Act {
    Apply(Kind),
    Confirm,
    Wait(u64),
    RestartAgent,
    RestartNode,
    /// The disk refuses the write with this number; it may have happened all the same.
    RefuseWrite(usize, bool),
    /// The power goes before the write with this number.
    CutBeforeWrite(usize, Ends),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Now,
    AtReboot,
    Trial(u64),
}

#[derive(Clone, Copy, Debug)]
enum Ends {
    Agent,
    Node,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let kind = prop_oneof![
        Just(Kind::Now),
        Just(Kind::AtReboot),
        (10_u64..=3600).prop_map(Kind::Trial),
        Just(Kind::Trial(10)),
    ];
    let ends = prop_oneof![Just(Ends::Agent), Just(Ends::Node)];
    let act = prop_oneof![
        5 => kind.prop_map(Act::Apply),
        2 => Just(Act::Confirm),
        2 => prop_oneof![1_000_u64..20_000, 1_000_u64..4_000_000].prop_map(Act::Wait),
        1 => Just(Act::RestartAgent),
        1 => Just(Act::RestartNode),
        2 => (0_usize..4, any::<bool>()).prop_map(|(at, done)| Act::RefuseWrite(at, done)),
        2 => (0_usize..5, ends).prop_map(|(at, ends)| Act::CutBeforeWrite(at, ends)),
    ];
    prop::collection::vec(act, 1..60)
}

/// A node, and what must be true of it.
struct Node {
    files: Files,
    state: State,
    now_ms: u64,
    boots: u64,
    /// Contents by which documents are told apart.
    contents: u64,
    /// What is the operator's: its number and content.
    confirmed: (u64, u64),
    /// What waits: its number and content.
    pending: Option<(u64, u64)>,
    /// What is on trial: its number, content and end.
    trial: Option<(u64, u64, u64)>,
    /// The highest number that anybody saw.
    seen: u64,
    /// What happens to the next writes.
    fault: Option<Act>,
}

/// How writing ended.
enum Wrote {
    All,
    Refused,
    Cut(Ends),
}

impl Node {
    fn new() -> Self {
        let state = State { boot: Some("0".into()), ..State::default() };
        Self {
            files: Files::default(),
            state,
            now_ms: 1_000,
            boots: 0,
            contents: 0,
            confirmed: (0, 0),
            pending: None,
            trial: None,
            seen: 0,
            fault: None,
        }
    }

    /// Carries effects out as far as the fault lets them. `from` is the number of the first write.
    fn write(&mut self, effects: &[Effect], from: usize) -> Wrote {
        for (n, effect) in effects.iter().enumerate() {
            match self.fault {
                Some(Act::RefuseWrite(at, done)) if at == from + n => {
                    if done {
                        self.files.perform(effect, self.contents);
                    }
                    self.fault = None;
                    return Wrote::Refused;
                }
                Some(Act::CutBeforeWrite(at, ends)) if at == from + n => {
                    self.fault = None;
                    return Wrote::Cut(ends);
                }
                _ => self.files.perform(effect, self.contents),
            }
        }
        Wrote::All
    }

    /// Carries a step out; whether it took effect, as far as who asked for it knows.
    fn step(&mut self, step: &Step) -> Result<(), Option<Ends>> {
        match self.write(&step.must, 0) {
            Wrote::All => {}
            Wrote::Refused => {
                let back = self.state.failed(step);
                self.state = back.state.clone();
                return match self.write(&back.then, usize::MAX / 2) {
                    Wrote::Cut(ends) => Err(Some(ends)),
                    _ => Err(None),
                };
            }
            Wrote::Cut(ends) => return Err(Some(ends)),
        }
        self.state = step.state.clone();
        match self.write(&step.then, step.must.len()) {
            Wrote::Cut(ends) => {
                // It took effect and was seen before the power went.
                self.fault = Some(Act::CutBeforeWrite(usize::MAX, ends));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The agent begins anew, in this start of the node or in the next one.
    fn start(&mut self, ends: Ends) {
        self.fault = None;
        if let Ends::Node = ends {
            self.boots += 1;
            self.files.trial = None;
            self.now_ms = 500;
        }
        let files = self.files.clone();
        let (step, due) = open(files.record, files.trial, Some(self.boots.to_string()), self.now_ms);
        self.state = step.state;
        self.write(&step.then, 0);
        if let Some(number) = due {
            // What is at fault with every fifth document is found out at the start only.
            let sound = self.content(number).is_some_and(|content| content % 5 != 0);
            let step = self.state.due(if sound { Soundness::Sound } else { Soundness::Broken });
            self.state = step.state;
            self.write(&step.then, 0);
        }
    }

    fn content(&self, number: u64) -> Option<u64> {
        let format = self.state.record.kept(number)?.format;
        self.files.documents.get(&(number, format == Language::Toml)).copied()
    }
}

impl Node {
    fn act(&mut self, act: &Act) -> TestCaseResult {
        match act {
            Act::RefuseWrite(..) | Act::CutBeforeWrite(..) => self.fault = Some(act.clone()),
            Act::Wait(ms) => {
                self.now_ms += ms;
                self.tick()?;
            }
            Act::RestartAgent => self.restarted(Ends::Agent)?,
            Act::RestartNode => self.restarted(Ends::Node)?,
            Act::Confirm => self.confirm()?,
            Act::Apply(kind) => self.apply(*kind)?,
        }
        self.check()
    }

    fn tick(&mut self) -> TestCaseResult {
        let Some(step) = self.state.tick(self.now_ms) else { return Ok(()) };
        prop_assert!(self.trial.is_some_and(|(_, _, ends)| ends <= self.now_ms));
        prop_assert_eq!(&step.must, &[]);
        let _ = self.step(&step);
        self.trial = None;
        if let Some(Act::CutBeforeWrite(usize::MAX, ends)) = self.fault {
            self.restarted(ends)?;
        }
        Ok(())
    }

    fn confirm(&mut self) -> TestCaseResult {
        let step = match self.state.confirm(0) {
            Ok(step) => step,
            Err(refusal) => {
                prop_assert_eq!(refusal, Refusal::NoTrial);
                prop_assert_eq!(self.trial, None);
                return Ok(());
            }
        };
        let Some((number, content, _)) = self.trial else {
            return Err(TestCaseError::fail("a trial was confirmed that nobody began"));
        };
        match self.step(&step) {
            Ok(()) => {
                self.confirmed = (number, content);
                self.pending = None;
                self.trial = None;
                if let Some(Act::CutBeforeWrite(usize::MAX, ends)) = self.fault {
                    self.restarted(ends)?;
                }
            }
            Err(Some(ends)) => self.restarted(ends)?,
            Err(None) => {}
        }
        Ok(())
    }

    fn apply(&mut self, kind: Kind) -> TestCaseResult {
        self.contents += 1;
        let content = self.contents;
        let when = match kind {
            Kind::Now => When::Now,
            Kind::AtReboot => When::AtReboot,
            Kind::Trial(seconds) => When::Trial(Duration::from_secs(seconds)),
        };
        let format = if content.is_multiple_of(2) { Format::Toml } else { Format::Yaml };
        let apply = Apply { when, by: "somebody", name: "a", format, changes: &[] };
        let step = match self.state.apply(&apply, 0, self.now_ms) {
            Ok(step) => step,
            Err(refusal) => {
                prop_assert!(matches!(refusal, Refusal::OnTrial { .. }), "{refusal:?}");
                prop_assert!(self.trial.is_some());
                return Ok(());
            }
        };
        let number = step.state.record.last;
        prop_assert!(number > self.seen, "{number} after {}", self.seen);
        let before = self.state.clone();
        match self.step(&step) {
            Ok(()) => {
                self.seen = number;
                match kind {
                    Kind::Now => {
                        self.confirmed = (number, content);
                        self.pending = None;
                    }
                    Kind::AtReboot => self.pending = Some((number, content)),
                    Kind::Trial(seconds) => {
                        self.trial = Some((number, content, self.now_ms + seconds * 1000));
                    }
                }
                if let Some(Act::CutBeforeWrite(usize::MAX, ends)) = self.fault {
                    self.restarted(ends)?;
                }
            }
            Err(Some(ends)) => {
                // Nobody heard that it was applied: it is the old one or the new one.
                let adopted = self.files.record.operator == Some(number);
                let waits = self.files.record.pending.as_ref().is_some_and(|it| it.generation == number);
                if adopted {
                    prop_assert!(matches!(kind, Kind::Now));
                    self.confirmed = (number, content);
                    self.pending = None;
                } else if waits {
                    self.pending = Some((number, content));
                }
                self.restarted(ends)?;
            }
            Err(None) => {
                prop_assert_eq!(self.state.generation(), before.generation());
                prop_assert_eq!(&self.files.record.operator, &before.record.operator);
                prop_assert_eq!(&self.files.record.pending, &before.record.pending);
            }
        }
        Ok(())
    }

    /// What the model expects after a start.
    fn restarted(&mut self, ends: Ends) -> TestCaseResult {
        let confirmed_on_disk = self.files.record.operator;
        self.start(ends);
        let node = matches!(ends, Ends::Node);
        if let Some((number, content, end)) = self.trial {
            if confirmed_on_disk == Some(number) {
                // A cut while it was being confirmed, after the one write that does it.
                self.confirmed = (number, content);
                self.pending = None;
                self.trial = None;
            } else if node || end <= self.now_ms {
                self.trial = None;
            }
        }
        if node && let Some((number, content)) = self.pending.take() {
            if content % 5 != 0 {
                self.confirmed = (number, content);
            }
            let state = self.state.record.kept(number).map(|kept| kept.state);
            let expected = if content % 5 == 0 { EntryState::Broken } else { EntryState::InForce };
            prop_assert_eq!(state, Some(expected));
        }
        Ok(())
    }

    fn check(&self) -> TestCaseResult {
        let expected = self.trial.map_or(self.confirmed, |(number, content, _)| (number, content));
        prop_assert_eq!(self.state.generation(), expected.0);
        if expected.0 > 0 {
            prop_assert_eq!(self.content(expected.0), Some(expected.1));
        }
        prop_assert_eq!(
            self.state.record.pending.as_ref().map(|it| it.generation),
            self.pending.map(|it| it.0)
        );
        if let Some((number, content)) = self.pending {
            prop_assert_eq!(self.content(number), Some(content));
        }
        prop_assert!(self.state.record.last >= self.seen);
        let numbers: Vec<_> = self.state.record.history.iter().map(|kept| kept.number).collect();
        prop_assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        prop_assert!(numbers.len() <= MAX_ENTRIES);
        let marked = |state| self.state.record.history.iter().filter(|kept| kept.state == state).count();
        prop_assert_eq!(marked(EntryState::InForce), usize::from(self.confirmed.0 > 0));
        prop_assert_eq!(marked(EntryState::OnTrial), usize::from(self.trial.is_some()));
        prop_assert_eq!(marked(EntryState::AtReboot), usize::from(self.pending.is_some()));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn what_is_in_force_was_confirmed_last_or_is_on_trial(acts in acts()) {
        let mut node = Node::new();
        for act in &acts {
            node.act(act)?;
        }
    }
}
