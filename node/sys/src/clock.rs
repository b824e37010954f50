//! The monotonic clock, which counts from the start of the kernel.

use rustix::time::{ClockId, clock_gettime};

/// Milliseconds since the kernel started, without time that the machine slept.
pub fn monotonic_ms() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1_000_000
}
