//! How long each part of a boot took, from what the node reports of itself and when it arrived.
//!
//! The node counts milliseconds from kernel start, the host from power-on. What the node reports was so at the
//! latest when it arrived, so each event gives an upper bound for the host's time of kernel start: arrival minus
//! the event's own time. The least of them is taken, since the first events wait in the node until the port opens.

use std::collections::BTreeMap;
use std::time::Duration;

use corten_report::{Event, Step};

/// A boot has a few dozen steps; a guest that reports more is not believed.
const MAX_STEPS: usize = 1024;

/// The parts of one boot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    power_on: Duration,
    kernel_start: Option<Duration>,
    ready: Option<(Duration, Duration)>,
    loader: Option<Duration>,
    steps: Vec<Step>,
}

impl Timeline {
    /// A boot that begins at `power_on`, on the clock of the run.
    pub(crate) fn new(power_on: Duration) -> Self {
        Self { power_on, ..Self::default() }
    }

    /// Takes in an event that arrived at `at`.
    pub(crate) fn on(&mut self, at: Duration, event: &Event) {
        let guest = match event {
            Event::Step(step) => {
                if self.steps.len() < MAX_STEPS {
                    self.steps.push(step.clone());
                }
                Duration::from_millis(step.end_ms)
            }
            Event::Ready(ready) => {
                let guest = Duration::from_millis(ready.kernel_to_ready_ms);
                self.ready.get_or_insert((at, guest));
                guest
            }
            Event::BeforeKernel(before) => {
                self.loader = Some(Duration::from_millis(before.loader_ms));
                return;
            }
            _ => return,
        };
        // A guest whose clock is ahead of ours tells nothing about its start.
        if let Some(start) = at.checked_sub(guest) {
            self.kernel_start = Some(self.kernel_start.map_or(start, |known| known.min(start)));
        }
    }

    /// The steps, in the order in which the node reported them.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Seconds by part of the boot; a part that is not known is left out.
    ///
    /// `firmware` is from power-on to kernel start: QEMU's own start, the firmware, the loader, and the kernel's
    /// decompression, since the kernel's clock starts after that; `loader` is the part of it that the loader counted
    /// for itself, which it does not in a virtual machine. `kernel` goes on to the first step of stage 1.
    /// `stage1` and `stage2` are from the start of their first to the end of their last step, `service.NAME` is
    /// each service; services overlap with each other and with stage 2. `kernel_to_ready` is what the node counted,
    /// `total` is from power-on to the arrival of ready.
    pub fn seconds(&self) -> BTreeMap<String, f64> {
        let mut seconds = BTreeMap::new();
        let mut add = |name: &str, length: Option<Duration>| {
            if let Some(length) = length {
                seconds.insert(name.to_owned(), length.as_millis() as f64 / 1000.0);
            }
        };
        add("firmware", self.kernel_start.and_then(|start| start.checked_sub(self.power_on)));
        add("loader", self.loader);
        add("kernel", self.span("stage1.").map(|(start, _)| Duration::from_millis(start)));
        for stage in ["stage1", "stage2"] {
            let span = self.span(&format!("{stage}."));
            add(stage, span.map(|(start, end)| Duration::from_millis(end.saturating_sub(start))));
        }
        for step in self.steps.iter().filter(|step| step.name.starts_with("service.")) {
            add(&step.name, Some(Duration::from_millis(step.end_ms.saturating_sub(step.start_ms))));
        }
        add("kernel_to_ready", self.ready.map(|(_, guest)| guest));
        add("total", self.ready.and_then(|(at, _)| at.checked_sub(self.power_on)));
        seconds
    }

    /// Start and end of all steps whose names begin so, in milliseconds from kernel start.
    fn span(&self, prefix: &str) -> Option<(u64, u64)> {
        let steps = || self.steps.iter().filter(|step| step.name.starts_with(prefix));
        Some((steps().map(|step| step.start_ms).min()?, steps().map(|step| step.end_ms).max()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step(name: &str, start_ms: u64, end_ms: u64) -> Event {
        Event::Step(Step { name: name.into(), start_ms, end_ms })
    }

    fn ready(kernel_to_ready_ms: u64) -> Event {
        Event::Ready(corten_report::Ready {
            version: String::new(),
            root_hash: String::new(),
            secure_boot: false,
            kernel_to_ready_ms,
            memory_used_bytes: 0,
            processes: 0,
            services: BTreeMap::new(),
            machine_id: String::new(),
            state: None,
        })
    }

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn each_part_has_its_time() {
        let mut timeline = Timeline::new(ms(100));
        // Kernel start is at 3000 on the host's clock; the first two events waited for the port.
        timeline.on(ms(4000), &step("stage1.modules", 700, 760));
        timeline.on(ms(4000), &step("stage1.verity", 770, 900));
        timeline.on(ms(4105), &step("stage2.mounts", 1000, 1100));
        timeline.on(ms(5003), &step("service.containerd", 1100, 2000));
        timeline.on(ms(5021), &ready(2010));
        let text: Vec<_> = timeline.seconds().into_iter().map(|(name, s)| format!("{name} {s}")).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        firmware 2.903
        kernel 0.7
        kernel_to_ready 2.01
        service.containerd 0.9
        stage1 0.2
        stage2 0.1
        total 4.921
        ");
    }

    #[test]
    fn what_was_not_reported_is_left_out() {
        assert_eq!(Timeline::new(ms(0)).seconds(), BTreeMap::new());
    }

    proptest! {
        #[test]
        fn no_report_makes_a_time_negative(
            events in proptest::collection::vec((0u64..100_000, any::<u64>(), any::<u64>(), any::<bool>()), 0..40),
            power_on in 0u64..1000,
        ) {
            let mut timeline = Timeline::new(ms(power_on));
            for (at, start, end, last) in events {
                let event = if last { ready(end) } else { step("stage1.x", start, end) };
                timeline.on(ms(at), &event);
            }
            prop_assert!(timeline.seconds().values().all(|seconds| *seconds >= 0.0));
        }
    }
}
