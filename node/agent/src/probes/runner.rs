//! Keeps a task for each configured check.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use corten_api::v1;
use corten_config::settings::Probe;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::State;
use super::ask::ask;
use crate::time::now_ns;

/// What the names of these checks begin with.
const PREFIX: &str = "check/";

/// The configured checks. Dropping it ends them.
#[derive(Debug)]
pub struct Probes {
    running: Mutex<BTreeMap<String, Running>>,
    /// Counts changes of verdicts.
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Running {
    probe: Probe,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Default for Probes {
    fn default() -> Self {
        Self { running: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl Probes {
    /// Makes the checks those of a configuration. What did not change goes on with what it knows; what is new is
    /// asked at once. Has to be called within a runtime.
    pub fn configure(&self, probes: &BTreeMap<String, Probe>) {
        let mut running = lock(&self.running);
        let before: Vec<String> = running.keys().cloned().collect();
        running.retain(|name, check| probes.get(name) == Some(&check.probe));
        let gone = before.len() - running.len();
        for (name, probe) in probes {
            if running.contains_key(name) {
                continue;
            }
            let state = Arc::new(Mutex::new(State::default()));
            let task = tokio::spawn(run(probe.clone(), Arc::clone(&state), self.changes.clone()));
            running.insert(name.clone(), Running { probe: probe.clone(), state, task });
        }
        if gone > 0 {
            self.changes.send_modify(|count| *count += 1);
        }
    }

    /// What is known of each check, by name: `check/NAME`.
    pub fn checks(&self) -> Vec<v1::Check> {
        let running = lock(&self.running);
        let check = |(name, check): (&String, &Running)| {
            let State { verdict, found, at_ns, .. } = lock(&check.state).clone();
            v1::Check { name: format!("{PREFIX}{name}"), verdict: verdict.into(), found, at_ns }
        };
        running.iter().map(check).collect()
    }

    /// Hears of each change of a verdict, and of checks that go.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

async fn run(probe: Probe, state: Arc<Mutex<State>>, changes: watch::Sender<u64>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(probe.interval_seconds.max(1).into()));
    // A check that took longer than the interval is not made up for.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let result = ask(&probe).await;
        let is_news = {
            let mut state = lock(&state);
            let after = state.after(result, probe.failures, now_ns());
            let is_news = after.verdict != state.verdict;
            *state = after;
            is_news
        };
        if is_news {
            changes.send_modify(|count| *count += 1);
        }
    }
}

/// Nothing panics while one is held, so a poisoned lock is a sound one.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use corten_api::v1::Verdict;
    use corten_config::settings::Target;
    use tokio::net::TcpListener;

    use super::*;

    fn probe(port: u16, failures: u32) -> Probe {
        let target = Target::Tcp { host: "127.0.0.1".into(), port };
        Probe { target, interval_seconds: 1, timeout_seconds: 1, failures }
    }

    async fn until(probes: &Probes, verdict: Verdict) -> v1::Check {
        let mut changes = probes.changes();
        let wait = async {
            loop {
                if let Some(check) =
                    probes.checks().into_iter().find(|check| check.verdict == i32::from(verdict))
                {
                    return check;
                }
                changes.changed().await.expect("the checks are there");
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("in time")
    }

    #[tokio::test]
    async fn a_check_follows_what_it_asks() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let probes = Probes::default();
        probes.configure(&[("web".to_string(), probe(port, 2))].into());
        assert_eq!(probes.checks()[0].verdict, i32::from(Verdict::Pending));
        let check = until(&probes, Verdict::Healthy).await;
        assert_eq!((check.name.as_str(), check.found.as_str()), ("check/web", "connected"));
        assert!(check.at_ns > 0);
        drop(listener);
        let check = until(&probes, Verdict::Unhealthy).await;
        assert_eq!(check.found, "connecting: connection refused (2 in a row)");
    }

    #[tokio::test]
    async fn what_did_not_change_goes_on_and_what_is_gone_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let probes = Probes::default();
        let web = || ("web".to_string(), probe(port, 1));
        probes.configure(&[web()].into());
        until(&probes, Verdict::Healthy).await;
        probes.configure(&[web(), ("new".to_string(), probe(port, 1))].into());
        let verdicts: Vec<_> = probes.checks().into_iter().map(|check| (check.name, check.verdict)).collect();
        let pending = ("check/new".to_string(), i32::from(Verdict::Pending));
        assert_eq!(verdicts, [pending, ("check/web".to_string(), i32::from(Verdict::Healthy))]);
        probes.configure(&[("web".to_string(), probe(port, 3))].into());
        assert_eq!(probes.checks().len(), 1);
        assert_eq!(probes.checks()[0].verdict, i32::from(Verdict::Pending));
        let state = lock(&probes.running).values().map(|check| Arc::downgrade(&check.state)).next();
        probes.configure(&BTreeMap::new());
        assert_eq!(probes.checks(), []);
        // The task held it too, and is gone with the next turn of the runtime.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(state.expect("a check").upgrade().is_none());
    }
}
