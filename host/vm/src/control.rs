//! What a person or a test wants of a running machine: press its power button, interrupt, kill.
//!
//! Wishes are counters that the run looks at several times a second, so any thread can have one at any time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

/// What is wanted of a running machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Press the power button.
    PowerButton,
    /// What Ctrl-C means: the power button the first time, an end without delay the second time.
    Interrupt,
    /// Cut the power.
    Kill,
}

const WISHES: [Wish; 3] = [Wish::PowerButton, Wish::Interrupt, Wish::Kill];

/// A handle on a running machine. Clones mean the same machine.
#[derive(Clone, Debug, Default)]
pub struct Control(Arc<[AtomicU32; 3]>);

impl Control {
    /// A handle for one run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Presses the power button.
    pub fn press_power_button(&self) {
        self.wish(Wish::PowerButton);
    }

    /// Does what Ctrl-C does: the first one presses the power button, the second one ends the machine.
    pub fn interrupt(&self) {
        self.wish(Wish::Interrupt);
    }

    /// Cuts the power.
    pub fn kill(&self) {
        self.wish(Wish::Kill);
    }

    /// From now on SIGINT, SIGTERM and SIGHUP of this process are interrupts of the machine, until the guard is
    /// dropped. SIGHUP too, since a node should stop in order when its terminal closes.
    pub fn catch_signals(&self) -> io::Result<SignalGuard> {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let handle = signals.handle();
        let control = self.clone();
        let thread = std::thread::Builder::new().name("signals".into()).spawn(move || {
            for _ in signals.forever() {
                control.interrupt();
            }
        })?;
        Ok(SignalGuard { handle, thread: Some(thread) })
    }

    fn wish(&self, wish: Wish) {
        self.0[wish as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the wishes that came since the last call.
    pub(crate) fn take(&self) -> Vec<Wish> {
        let taken = WISHES.map(|wish| (wish, self.0[wish as usize].swap(0, Ordering::Relaxed)));
        taken.into_iter().flat_map(|(wish, count)| std::iter::repeat_n(wish, count as usize)).collect()
    }
}

/// While it lives, signals go to a [`Control`]. Afterwards they are ignored, not restored: signal-hook keeps its
/// handler, so a program drops the guard only when it is about to end.
#[derive(Debug)]
pub struct SignalGuard {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Drop for SignalGuard {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // The thread only counts and can't have panicked; if it did, there is nothing to be done about it here.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wish_is_taken_once() {
        let control = Control::new();
        control.clone().interrupt();
        control.interrupt();
        control.press_power_button();
        assert_eq!(control.take(), [Wish::PowerButton, Wish::Interrupt, Wish::Interrupt]);
        control.kill();
        assert_eq!(control.take(), [Wish::Kill]);
        assert_eq!(control.take(), []);
    }

    #[test]
    fn a_signal_is_an_interrupt() {
        let control = Control::new();
        let guard = control.catch_signals().expect("handlers can be set");
        signal_hook::low_level::raise(SIGHUP).expect("this process can signal itself");
        let end = std::time::Instant::now() + std::time::Duration::from_secs(5);
        let mut wishes = control.take();
        while wishes.is_empty() && std::time::Instant::now() < end {
            std::thread::sleep(std::time::Duration::from_millis(5));
            wishes = control.take();
        }
        assert_eq!(wishes, [Wish::Interrupt]);
        drop(guard);
    }
}
