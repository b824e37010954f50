//! The clock, the random numbers and the log of this machine.

use std::io::Write as _;

use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, clock_gettime};

use crate::dhcp::Moment;

/// Now, with fresh random bits.
pub(super) fn now() -> Moment {
    let time = clock_gettime(ClockId::Monotonic);
    let ms = time.tv_sec.unsigned_abs() * 1000 + time.tv_nsec.unsigned_abs() / 1_000_000;
    let mut bytes = [0; 8];
    // Before the kernel has gathered enough this fails rather than waits; then the clock has to do, which is no worse
    // than what a transaction number protects against.
    let random = match getrandom(&mut bytes[..], GetRandomFlags::NONBLOCK) {
        Ok(8) => u64::from_ne_bytes(bytes),
        _ => time.tv_nsec.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15),
    };
    Moment { ms, random }
}

/// Says something to whoever keeps the logs: one line.
pub(super) fn log(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
