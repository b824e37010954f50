//! Follows what containers print, for those that lines are sent to. The container service keeps the lines; here are those
//! that are not sent yet, in a journal of their own: containers that print without end push nobody else's lines out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use corten_api::v1;
use corten_api::v1::workloads_client::WorkloadsClient;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::Containers;
use crate::configuration::InForce;
use crate::logs::{Entry, Journal, kernel_start_ns};
use crate::root::Root;
use crate::time::now_ns;

/// Bytes of lines that are kept for targets that are slow or down.
pub const KEPT_BYTES: usize = 1 << 20;
/// Between two attempts to follow, the shortest and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A connection that lasted so long was a good one.
const LASTED: Duration = Duration::from_secs(10);
/// Lines of several containers may come a little out of order.
const DISORDER_NS: i64 = 1_000_000_000;
/// Where it is kept up to when lines were taken, and how often that is written.
const MARK: &str = "/run/corten/agent/container-lines";
const MARK_EVERY: Duration = Duration::from_secs(5);
/// Containers that are remembered.
const MAX_CONTAINERS: usize = 4096;
/// Levels as of syslog(2). What is printed to standard error need not be an error.
const OF_OUTPUT: u8 = 6;
const OF_ERROR_OUTPUT: u8 = 4;

/// Follows for as long as there are containers and somebody whom lines are sent to.
pub async fn lines(
    containers: Containers,
    mut in_force: watch::Receiver<Arc<InForce>>,
    journal: Journal,
    root: Root,
) {
    let mut taken = Taken::begin(&root);
    let mut pause = FIRST_PAUSE;
    loop {
        if !wanted(&in_force.borrow_and_update()) {
            if in_force.changed().await.is_err() {
                return;
            }
            continue;
        }
        let begin = Instant::now();
        // How it ended is seen on the service itself.
        let _ = follow(&containers, &mut in_force, &journal, &mut taken).await;
        taken.keep();
        pause = if begin.elapsed() >= LASTED { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = in_force.changed() => if changed.is_err() { return },
        }
    }
}

fn wanted(in_force: &InForce) -> bool {
    let settings = &in_force.settings;
    !settings.logging.is_empty() && !settings.containers.workloads.is_empty()
}

/// Follows until the stream ends, or nobody wants lines any more.
async fn follow(
    containers: &Containers,
    in_force: &mut watch::Receiver<Arc<InForce>>,
    journal: &Journal,
    taken: &mut Taken,
) -> Result<(), Status> {
    taken.look(now_ns());
    let request = v1::WorkloadLogsRequest { follow: true, since_ns: taken.since_ns(), ..Default::default() };
    let opened = WorkloadsClient::new(containers.clone()).logs(request).await?;
    let mut stream: Streaming<v1::ContainerLogLine> = opened.into_inner();
    taken.begin_anew();
    let mut marks = tokio::time::interval(MARK_EVERY);
    loop {
        let line = tokio::select! {
            line = stream.message() => line?,
            _ = marks.tick() => {
                taken.keep();
                // Those who keep the lines would leave out all that are older than what was asked for.
                if taken.look(now_ns()) == Clock::SetBack {
                    return Ok(());
                }
                continue;
            }
            changed = in_force.changed() => {
                if changed.is_err() || !wanted(&in_force.borrow_and_update()) {
                    return Ok(());
                }
                continue;
            }
        };
        let Some(line) = line else { return Ok(()) };
        if taken.take(&line) {
            let (entry, started_ns) = entry(&line, kernel_start_ns());
            journal.add([entry], line.lost, started_ns);
        }
    }
}

/// A line as the journal takes it: with the time since the kernel started, and when that was by this line's clock.
fn entry(line: &v1::ContainerLogLine, started_ns: i64) -> (Entry, i64) {
    let uptime_us = line.at_ns.saturating_sub(started_ns).max(0).cast_unsigned() / 1000;
    let level = if line.stream == "stderr" { OF_ERROR_OUTPUT } else { OF_OUTPUT };
    let source = line.container.clone();
    let text = line.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let started_ns = line.at_ns.saturating_sub_unsigned(uptime_us.saturating_mul(1000));
    (Entry { source, uptime_us, level, text }, started_ns)
}

/// Whether somebody set the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    GoesOn,
    SetBack,
}

/// Up to when lines were taken.
struct Taken {
    mark: PathBuf,
    /// Nanoseconds since 1970 of the newest line.
    newest_ns: i64,
    /// The newest of each container that printed something lately: when, and how many of that moment.
    of: BTreeMap<String, (i64, u64)>,
    /// As it was when the stream began, less what came once more since.
    before: BTreeMap<String, (i64, u64)>,
    /// When the clock was looked at.
    looked: Instant,
}

impl Taken {
    /// Where the agent before this one ended; without one all lines since the kernel started are new.
    fn begin(root: &Root) -> Self {
        let mark = root.path(MARK);
        let kept = std::fs::read_to_string(&mark).ok().and_then(|text| text.trim().parse().ok());
        Self {
            mark,
            newest_ns: kept.unwrap_or_else(kernel_start_ns),
            of: BTreeMap::new(),
            before: BTreeMap::new(),
            looked: Instant::now(),
        }
    }

    /// Goes back with a clock that was set back: to when it was looked at before, by the clock as it is now.
    fn look(&mut self, now_ns: i64) -> Clock {
        let passed = std::mem::replace(&mut self.looked, Instant::now()).elapsed();
        if now_ns >= self.since_ns() {
            return Clock::GoesOn;
        }
        self.newest_ns = now_ns.saturating_sub(i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX));
        self.of.retain(|_, (at_ns, _)| *at_ns <= now_ns);
        Clock::SetBack
    }

    fn since_ns(&self) -> i64 {
        self.newest_ns.saturating_sub(DISORDER_NS).max(1)
    }

    /// Lines of a moment before come once more now.
    fn begin_anew(&mut self) {
        let oldest = self.since_ns();
        self.of.retain(|_, (at_ns, _)| *at_ns >= oldest);
        self.before.clone_from(&self.of);
    }

    /// Whether a line is new.
    fn take(&mut self, line: &v1::ContainerLogLine) -> bool {
        if let Some((at_ns, taken)) = self.before.get_mut(&line.container) {
            if line.at_ns < *at_ns {
                return false;
            }
            if line.at_ns == *at_ns && *taken > 0 {
                *taken -= 1;
                return false;
            }
        }
        self.newest_ns = self.newest_ns.max(line.at_ns);
        if self.of.len() < MAX_CONTAINERS || self.of.contains_key(&line.container) {
            let (at_ns, taken) = self.of.entry(line.container.clone()).or_insert((line.at_ns, 0));
            *taken = if *at_ns == line.at_ns { *taken + 1 } else { 1 };
            *at_ns = line.at_ns;
        }
        true
    }

    /// An agent that comes after goes on from here. Without a place to write it some lines come twice.
    fn keep(&self) {
        let _ = std::fs::write(&self.mark, self.newest_ns.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(container: &str, at_ns: i64) -> v1::ContainerLogLine {
        v1::ContainerLogLine { container: container.into(), at_ns, ..Default::default() }
    }

    #[test]
    fn lines_that_come_again_after_a_break_are_taken_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        std::fs::create_dir_all(root.path("/run/corten/agent")).expect("a folder");
        let second = 1_000_000_000;
        std::fs::write(root.path(MARK), (100 * second).to_string()).expect("it can be written");
        let mut taken = Taken::begin(&root);
        assert_eq!(taken.since_ns(), 99 * second);
        taken.begin_anew();
        // Two lines of one moment, and one of another container that is late.
        let lines = [("a", 200 * second), ("a", 200 * second), ("b", 200 * second - 5)];
        assert!(lines.iter().all(|(name, at_ns)| taken.take(&line(name, *at_ns))));
        taken.begin_anew();
        assert!(!lines.iter().any(|(name, at_ns)| taken.take(&line(name, *at_ns))));
        assert!(taken.take(&line("b", 200 * second - 4)) && taken.take(&line("c", 200 * second - 9)));
        taken.keep();
        assert_eq!(Taken::begin(&root).newest_ns, 200 * second);
    }

    #[tokio::test(start_paused = true)]
    async fn lines_go_on_when_the_clock_is_set_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (second, root) = (1_000_000_000, Root::new(folder.path()));
        let mut taken = Taken::begin(&root);
        taken.newest_ns = 0;
        assert!(taken.take(&line("a", 9000 * second)) && taken.take(&line("b", 100 * second)));
        assert_eq!(
            taken.look(9000 * second - second / 2),
            Clock::GoesOn,
            "a clock may be put right a little"
        );
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(taken.look(5000 * second), Clock::SetBack);
        assert_eq!(taken.since_ns(), (5000 - 5 - 1) * second);
        taken.begin_anew();
        assert!(taken.take(&line("a", 4996 * second)));
        assert_eq!(taken.look(5005 * second), Clock::GoesOn);
    }

    #[test]
    fn a_line_of_the_moment_of_the_last_one_is_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut taken = Taken::begin(&Root::new(folder.path()));
        let same = line("a", taken.newest_ns + 7);
        assert!(taken.take(&same) && taken.take(&same));
        for _ in 0..2 {
            taken.begin_anew();
            assert!(!taken.take(&same) && !taken.take(&same));
        }
        assert!(taken.take(&same), "a third one");
        taken.begin_anew();
        assert_eq!([0; 4].map(|_| taken.take(&same)), [false, false, false, true]);
    }

    #[test]
    fn a_line_keeps_its_time_whenever_the_kernel_started() {
        for (at_ns, started_ns) in [(5_000_001_234, 2_000_000_000), (1_000, 2_000_000_000), (i64::MAX, 0)] {
            let printed = v1::ContainerLogLine {
                text: "a\u{1b}b".into(),
                stream: "stderr".into(),
                ..line("web/a", at_ns)
            };
            let journal = Journal::new(1 << 16);
            let (entry, started_ns) = entry(&printed, started_ns);
            journal.add([entry], 0, started_ns);
            let read = journal.read(&v1::ReadLogsRequest::default()).next_kept().expect("a line");
            assert_eq!((read.at_ns, read.source.as_str(), read.text.as_str()), (at_ns, "web/a", "a b"));
            assert_eq!(read.level, u32::from(OF_ERROR_OUTPUT));
        }
    }
}
