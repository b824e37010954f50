//! From how everything is to what is done next.

use std::collections::BTreeSet;

use corten_config::settings::WorkloadNetwork;

use super::unit::{Run, Stop};
use super::{Action, Fleet, Group, Id, Link, Ms};

/// Whether networks are given and taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Links {
    /// As the workloads come and go.
    Follow,
    /// They stay as they are: they end with the node.
    Stay,
}

impl Fleet {
    /// What is to be done now. What is returned counts as under way.
    pub fn plan(&mut self, now: Ms) -> Vec<Action> {
        if !self.looked || !self.is_told {
            return Vec::new();
        }
        let mut actions = Vec::new();
        let ready: Vec<String> =
            self.groups.iter().filter(|(_, group)| group.is_ready()).map(|(name, _)| name.clone()).collect();
        let needed = self.needed_by_others();
        for (name, group) in &mut self.groups {
            group.settle();
            // When the node goes down, what others were started after ends after them.
            let may_run = group.may_run(&ready) && (!self.ends || needed.contains(name));
            let link = if self.ends { Links::Stay } else { Links::Follow };
            group.plan(now, name, (may_run, link), &mut actions);
        }
        // One that is not in the configuration is forgotten once nothing is left of it.
        self.groups.retain(|_, group| group.wanted.is_some() || !group.is_gone());
        for group in self.groups.values_mut() {
            group.units.retain(|_, unit| unit.wanted.is_some() || !unit.is_gone());
        }
        actions
    }

    /// The workloads that others, of which something is there, were started after.
    fn needed_by_others(&self) -> BTreeSet<String> {
        let runs = self.groups.values().filter(|group| !group.has_no_process());
        runs.filter_map(|group| group.wanted.as_ref()).flat_map(|workload| workload.after.clone()).collect()
    }

    /// When the next pause is over; `None` where nothing waits for time.
    pub fn next(&self) -> Option<Ms> {
        let units = self.groups.values().flat_map(|group| group.units.values());
        let pauses = units.filter_map(|unit| match unit.run {
            Run::BackOff { until } => Some(until),
            Run::Stuck { again } => Some(again),
            _ => unit.next_again(),
        });
        let links = self.groups.values().filter_map(|group| match group.link {
            Link::Trouble { again, .. } | Link::Stuck { again, .. } => Some(again),
            _ => None,
        });
        pauses.chain(links).min()
    }
}

impl Group {
    fn may_run(&self, ready: &[String]) -> bool {
        let Some(workload) = &self.wanted else { return false };
        let is_time = workload.schedule.is_none() || self.is_due;
        let is_waited_for = |name: &String| !ready.contains(name);
        !self.is_held && is_time && (self.has_begun || !workload.after.iter().any(is_waited_for))
    }

    fn plan(&mut self, now: Ms, name: &str, (may_run, links): (bool, Links), actions: &mut Vec<Action>) {
        // A network that is not as it is to be is one that no container can stay in.
        let is_rewired = matches!(&self.link, Link::Up(form) if *form != self.shared);
        let is_host = self.wanted.as_ref().is_some_and(|workload| workload.network == WorkloadNetwork::Host);
        let link_goes = !may_run || is_rewired || (is_host && self.link != Link::Down);
        self.has_begun = may_run;
        let mut is_in_use = false;
        let (mut is_up, mut all_fetched) = (false, true);
        for (container, unit) in &mut self.units {
            let id = || Id::new(name, container);
            let goes = !may_run || unit.is_other() || (link_goes && !unit.run.is_nothing());
            // Where only its form is another one, it goes on until the image of that is here.
            let waits_for_next = unit.wanted.is_some() && may_run && !link_goes;
            match &unit.run {
                Run::Up { .. } => {
                    if goes && (!waits_for_next || unit.has_next()) {
                        unit.stop(now, Stop::Unwanted);
                    } else if goes && unit.asks_for_next(now) {
                        unit.ask();
                        actions.push(Action::Fetch(id()));
                    }
                    is_up = true;
                    if unit.ends.is_some() && !unit.is_told {
                        unit.is_told = true;
                        actions.push(Action::Stop(id()));
                    }
                }
                Run::Over => {
                    unit.begin(now, Run::Cleaning);
                    actions.push(Action::Clean(id()));
                }
                Run::Stuck { again } if *again <= now => {
                    unit.begin(now, Run::Cleaning);
                    actions.push(Action::Clean(id()));
                }
                Run::BackOff { .. } | Run::Fetched if goes => unit.begin(now, Run::Nothing),
                Run::BackOff { until } if *until <= now => unit.begin(now, Run::Nothing),
                _ => {}
            }
            if unit.is_forgotten() {
                unit.begin(now, Run::Cleaning);
                actions.push(Action::Clean(id()));
            }
            if unit.run == Run::Nothing && !goes {
                unit.begin(now, Run::Fetching);
                if unit.ask() {
                    actions.push(Action::Fetch(id()));
                }
            }
            is_in_use |= !unit.run.is_nothing();
            all_fetched &= unit.run != Run::Fetching;
        }
        if links == Links::Follow {
            self.plan_link(now, name, (may_run && !link_goes, is_in_use), actions);
        }
        let has_link = match &self.link {
            Link::Up(form) => *form == self.shared,
            Link::Down => !self.needs_link(),
            _ => false,
        };
        // Containers begin together; one that ended does not wait for the image of another.
        if may_run && has_link && (all_fetched || is_up) {
            for (container, unit) in &mut self.units {
                if unit.run == Run::Fetched && unit.wanted.is_some() {
                    unit.begin(now, Run::Starting);
                    let form = unit.form().clone();
                    actions.push(Action::Start(Id::new(name, container), form));
                }
            }
        }
    }

    fn plan_link(
        &mut self,
        now: Ms,
        name: &str,
        (wanted, is_in_use): (bool, bool),
        actions: &mut Vec<Action>,
    ) {
        let is_due = |again: Ms| again <= now;
        match &self.link {
            Link::Down | Link::Trouble { .. } if !wanted || !self.needs_link() => self.link = Link::Down,
            Link::Trouble { again, .. } if !is_due(*again) => {}
            Link::Down | Link::Trouble { .. } => {
                self.link = Link::Joining(self.shared.clone());
                actions.push(Action::Join(name.to_owned()));
            }
            Link::Stuck { again, .. } if is_due(*again) => {
                self.link = Link::Leaving;
                actions.push(Action::Leave(name.to_owned()));
            }
            Link::Up(_) if !wanted && !is_in_use => {
                self.link = Link::Leaving;
                actions.push(Action::Leave(name.to_owned()));
            }
            _ => {}
        }
    }
}
