//! Whether a download moves. A server that sends a byte now and then never is silent for long, and never ends. Pure.

use std::time::Duration;

/// Bytes that have to come in the time that a download may stall. No network that is of use is so slow.
const LEAST: u64 = 4 << 10;

/// Watches one download. Only time in which was waited for bytes counts: the parent may read as slowly as it likes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    stall: Duration,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// A download may go without [`LEAST`] bytes for this long.
    pub fn new(stall: Duration) -> Self {
        Self { stall, waited: Duration::ZERO, bytes: 0 }
    }

    /// So many bytes came after so long. Whether that is fast enough.
    pub fn is_moving(&mut self, bytes: usize, waited: Duration) -> bool {
        self.bytes += bytes as u64;
        self.waited += waited;
        if self.bytes >= LEAST {
            (self.bytes, self.waited) = (0, Duration::ZERO);
        }
        self.waited < self.stall
    }
}

#[test]
fn a_byte_now_and_then_is_no_download() {
    let second = Duration::from_secs(1);
    let mut pace = Pace::new(second * 30);
    assert_eq!((0..100).take_while(|_| pace.is_moving(1, second)).count(), 29);
    let mut pace = Pace::new(second * 30);
    assert!((0..100).all(|_| pace.is_moving(200, second)));
    // Much at once, however late.
    assert!(pace.is_moving(LEAST as usize, second * 60));
}
