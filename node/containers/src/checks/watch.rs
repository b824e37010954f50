//! Makes the checks of one run of a container, for as long as it runs.

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use corten_config::settings::{Check, Container};
use tokio::time::{Instant, sleep_until};

use super::ask::{Commands, NotPassed, ask};
use super::connect::Place;
use super::machine::{Machine, News, Pace, Paces, Which};

/// The checks of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// Has to pass once before the others are made.
    pub startup: Option<Check>,
    /// Restarts the container when it fails.
    pub liveness: Option<Check>,
    /// Whether the container counts as ready.
    pub readiness: Option<Check>,
}

impl Checks {
    /// Those that the settings of a container name.
    pub fn of(container: &Container) -> Self {
        let Container { startup, liveness, readiness, .. } = container;
        Self { startup: startup.clone(), liveness: liveness.clone(), readiness: readiness.clone() }
    }

    fn check(&self, which: Which) -> Option<&Check> {
        match which {
            Which::Startup => self.startup.as_ref(),
            Which::Liveness => self.liveness.as_ref(),
            Which::Readiness => self.readiness.as_ref(),
        }
    }

    fn paces(&self) -> Paces {
        let pace = |check: &Option<Check>| {
            check.as_ref().map(|check| Pace {
                interval_ms: u64::from(check.interval_seconds) * 1000,
                failures: check.failures,
            })
        };
        Paces {
            startup: pace(&self.startup),
            liveness: pace(&self.liveness),
            readiness: pace(&self.readiness),
        }
    }
}

/// A check that is being made.
type Asked<'a> = (Which, Pin<Box<dyn Future<Output = Result<(), NotPassed>> + Send + 'a>>);

/// Checks a container that has just been started and tells what becomes of it. Ends when it has to be restarted, with
/// the reason, which is told as well; to be dropped when the container is over.
pub async fn watch<C: Commands + Sync>(
    checks: &Checks,
    place: &Place,
    commands: &C,
    mut tell: impl FnMut(News),
) -> String {
    let start = Instant::now();
    let now_ms = || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (mut machine, first) = Machine::new(checks.paces(), 0);
    if let Some(news) = first {
        tell(news);
    }
    let mut asked: Vec<Asked<'_>> = Vec::new();
    loop {
        while let Some(which) = machine.next(now_ms()) {
            if let Some(check) = checks.check(which) {
                asked.push((which, Box::pin(ask(check, place, commands))));
            }
        }
        let due = machine.due_ms().map(|due| start + Duration::from_millis(due));
        let (which, answer) = tokio::select! {
            answered = first_of(&mut asked) => answered,
            () = until(due) => continue,
        };
        let Some(news) = machine.answered(which, answer, now_ms()) else { continue };
        tell(news.clone());
        if let News::Restart { reason } = news {
            return reason;
        }
    }
}

/// The first answer, whose check is taken out.
async fn first_of(asked: &mut Vec<Asked<'_>>) -> (Which, Result<(), NotPassed>) {
    poll_fn(|context| {
        for at in 0..asked.len() {
            if let Some((which, future)) = asked.get_mut(at)
                && let Poll::Ready(answer) = future.as_mut().poll(context)
            {
                let which = *which;
                drop(asked.swap_remove(at));
                return Poll::Ready((which, answer));
            }
        }
        Poll::Pending
    })
    .await
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use corten_config::settings::CheckKind;
    use tokio::net::TcpListener;

    use super::*;

    /// A container whose programs are called by what they answer, from a second on.
    struct Programs {
        /// When each program was run, in milliseconds.
        runs: Mutex<Vec<(String, u128)>>,
        start: Instant,
    }

    impl Commands for Programs {
        async fn run(&self, command: &[String]) -> Result<u32, NotPassed> {
            let name = command.first().cloned().unwrap_or_default();
            let at = self.start.elapsed().as_millis();
            self.runs.lock().expect("no panic").push((name.clone(), at));
            match name.as_str() {
                "late" => Ok(u32::from(at < 2000)),
                "fails" => Ok(7),
                "away" if (2000..5000).contains(&at) => Err(NotPassed::NotMade("nobody to ask".into())),
                "away" => Ok(u32::from(at < 5000)),
                "hangs" => pending().await,
                _ => Ok(0),
            }
        }
    }

    fn programs() -> Programs {
        Programs { runs: Mutex::default(), start: Instant::now() }
    }

    fn command(name: &str, interval_seconds: u32, failures: u32) -> Check {
        let kind = CheckKind::Command { command: vec![name.into()] };
        Check { kind, interval_seconds, timeout_seconds: 3, failures }
    }

    #[tokio::test(start_paused = true)]
    async fn checks_are_made_in_their_order_until_one_says_restart() {
        let programs = programs();
        let checks = Checks {
            startup: Some(command("late", 1, 5)),
            liveness: Some(command("fails", 2, 2)),
            readiness: Some(command("passes", 1, 1)),
        };
        let mut told = Vec::new();
        let reason = watch(&checks, &Place::node(), &programs, |news| told.push(news)).await;
        assert_eq!(reason, "liveness check failed 2 times in a row: exit code 7");
        let runs = programs.runs.into_inner().expect("no panic");
        let runs: Vec<String> = runs.into_iter().map(|(name, at)| format!("{at} {name}")).collect();
        insta::assert_snapshot!(runs.join(", "), @"0 late, 1000 late, 2000 late, 2000 passes, 3000 passes, 4000 fails, 4000 passes, 5000 passes, 6000 fails");
        assert!(told.contains(&News::Ready) && told.contains(&News::Restart { reason }));
    }

    #[tokio::test(start_paused = true)]
    async fn one_check_that_hangs_holds_up_no_other() {
        let programs = programs();
        let checks = Checks {
            startup: None,
            liveness: Some(command("hangs", 1, 2)),
            readiness: Some(command("passes", 1, 1)),
        };
        let reason = watch(&checks, &Place::node(), &programs, |_| {}).await;
        assert_eq!(reason, "liveness check failed 2 times in a row: no answer in 3 s");
        let runs = programs.runs.into_inner().expect("no panic");
        let of = |wanted: &str| -> Vec<u128> {
            runs.iter().filter(|(name, _)| name == wanted).map(|(_, at)| *at).collect()
        };
        // A check that took until the moment of another one leaves that one out, but not the one behind it.
        assert_eq!(of("hangs"), [1000, 4000]);
        assert_eq!(of("passes"), [0, 1000, 2000, 3000, 4000, 5000, 6000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_can_not_be_made_is_none_that_failed() {
        let programs = programs();
        let checks = Checks { liveness: Some(command("away", 1, 2)), ..Checks::default() };
        let (mut told, place) = (Vec::new(), Place::node());
        let watched = watch(&checks, &place, &programs, |news| told.push(news));
        assert!(tokio::time::timeout(Duration::from_millis(6500), watched).await.is_err());
        let failed = News::Failed { reason: "liveness check failed: exit code 1".into() };
        assert_eq!(told, [News::Ready, failed]);
        let runs = programs.runs.into_inner().expect("no panic");
        assert_eq!(runs.iter().map(|run| run.1).collect::<Vec<_>>(), [1000, 2000, 3000, 4000, 5000, 6000]);
    }

    #[tokio::test(start_paused = true)]
    async fn without_checks_it_is_ready_and_nothing_else_happens() {
        let mut told = Vec::new();
        let (programs, checks, place) = (programs(), Checks::default(), Place::node());
        let watched = watch(&checks, &place, &programs, |news| told.push(news));
        assert!(tokio::time::timeout(Duration::from_hours(24), watched).await.is_err());
        assert_eq!(told, [News::Ready]);
    }

    #[tokio::test]
    async fn a_container_that_stops_to_listen_is_unready_and_then_restarted() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let check = |failures| {
            Some(Check { kind: CheckKind::Tcp { port }, interval_seconds: 1, timeout_seconds: 1, failures })
        };
        let checks = Checks { startup: check(1), liveness: check(2), readiness: check(1) };
        let (mut told, mut listener) = (Vec::new(), Some(listener));
        let reason = watch(&checks, &Place::node(), &programs(), |news| {
            if news == News::Ready {
                listener = None;
            }
            told.push(news);
        })
        .await;
        assert_eq!(reason, "liveness check failed 2 times in a row: connecting: connection refused");
        let unready = "readiness check failed: connecting: connection refused".to_string();
        assert!(told.contains(&News::Unready { reason: unready }), "{told:?}");
    }
}
