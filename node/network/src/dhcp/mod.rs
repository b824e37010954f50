//! Clients of DHCP, as state machines: time, randomness and packets go in, packets, leases and the next moment to wake
//! up come out. Nothing here opens a socket, so that any order of losses, delays and lies can be tried in a test.

mod name;
mod phase;
pub mod v4;
pub mod v6;

pub use name::{is_domain, is_host};
pub use phase::Phase;

/// When something happens, and the randomness that it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds of the monotonic clock.
    pub ms: u64,
    /// Fresh random bits: for transaction numbers and for the jitter of waits.
    pub random: u64,
}

impl Moment {
    /// A random number from 0 to `bound`, bound included.
    pub(crate) fn up_to(self, bound: u64) -> u64 {
        (self.random >> 32) % (bound + 1)
    }
}
