//! The health of the running version in the life of the node: tasks that are due, and what comes of them.

use corten_report::{Event, Scrubbed};
use corten_sys::clock::monotonic_ms;
use corten_sys::host::Down;
use corten_sys::process::Exit;

use super::Node;
use super::programs::Role;
use crate::health::{End, Steadiness, Stop, Task, Verdict};
use crate::log::{Failure, Level};

impl Node<'_> {
    /// Takes in what is told of the start.
    pub(super) fn judge_health(&mut self, event: &Event) {
        match event {
            Event::Ready(_) => self.health.ready(monotonic_ms(), self.log),
            Event::Failed(_) => self.health.schedule.not_ready(monotonic_ms()),
            _ => {}
        }
    }

    /// Starts the task that is due, if one is.
    pub(super) fn tend_health(&mut self) {
        let now = monotonic_ms();
        let ready = self.supervisor.not_ready().is_empty();
        let services = if ready { Steadiness::Steady } else { Steadiness::Unsteady };
        let Some(task) = self.health.schedule.next(now, services) else { return };
        let command = self.health.command(task);
        let name = command.get(2).cloned().unwrap_or_default();
        if let Err(error) = self.programs.own(Role::Health(task), &name, &command) {
            self.log.write(Level::Error, format_args!("{name}: {error}"));
            self.health.schedule.ended(task, End::Failed, now);
        }
    }

    /// A task ended.
    pub(super) fn health_ended(&mut self, task: Task, exit: Exit, last_line: &str) {
        let end = if exit == Exit::Code(0) { End::Done } else { End::Failed };
        let asks = matches!(task, Task::OtherVersion | Task::OnTrial);
        if end == End::Failed && !asks {
            self.log.write(Level::Warning, format_args!("{task:?} ended with {exit}: {last_line}"));
        }
        match Event::from_line(last_line) {
            Some(Event::Committed { boot_image }) => {
                self.log.write(Level::Notice, format_args!("{boot_image} is committed"));
                self.reporter.send(&Event::Committed { boot_image });
            }
            Some(Event::Scrubbed(found)) => self.scrubbed(found),
            _ => {}
        }
        if self.health.schedule.ended(task, end, monotonic_ms()) == Verdict::Restart {
            self.log.write(Level::Notice, format_args!("restart, since {last_line}"));
            self.stop(Down::Restart, "not-ready", Stop::Unhealthy);
        }
    }

    fn scrubbed(&mut self, found: Scrubbed) {
        if found.bad > 0 {
            let Scrubbed { blocks, bad, not_checked, .. } = found;
            let failure = Failure::new(
                &format!("the scrub of {}", found.slot),
                format_args!(
                    "{bad} of {blocks} blocks are corrupt, {not_checked} could not be checked; the log names them"
                ),
                "the disk may be failing: write the version to this slot again, or use another disk",
            );
            self.log.show(&failure, "going on; a corrupt block that is read restarts the machine");
        }
        self.reporter.send(&Event::Scrubbed(found));
    }
}
