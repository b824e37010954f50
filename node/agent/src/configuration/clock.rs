//! The clocks that the configuration goes by, so that tests have their own.

use rustix::time::{ClockId, clock_gettime};

/// Says what time it is.
pub trait Clock: Send + Sync + 'static {
    /// Nanoseconds since 1970, as far as the node knows: for people.
    fn wall_ns(&self) -> i64;
    /// Milliseconds of a clock that nobody sets and that goes on when the agent starts again: for trials.
    fn monotonic_ms(&self) -> u64;
}

/// The kernel's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall_ns(&self) -> i64 {
        crate::time::now_ns()
    }

    fn monotonic_ms(&self) -> u64 {
        let now = clock_gettime(ClockId::Monotonic);
        now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000
    }
}
