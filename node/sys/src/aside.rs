//! Work that may wait long for a device, done aside so that the caller can do something else meanwhile.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// Time between two calls of what is done meanwhile. The end of the work is noticed at once.
const PAUSE: Duration = Duration::from_millis(100);

/// Does the work in a thread of its own and returns its result, and calls `meanwhile` again and again until then.
/// Where no thread can be made, the work is done here, and nothing meanwhile.
pub fn work<T: Send>(work: impl Fn() -> T + Send + Sync, meanwhile: &mut dyn FnMut()) -> T {
    thread::scope(|scope| {
        let (done, end) = sync_channel(1);
        let work = &work;
        let aside = move || {
            // The receiver waits until the result or the end of this thread.
            let _ = done.send(work());
        };
        if thread::Builder::new().spawn_scoped(scope, aside).is_err() {
            return work();
        }
        loop {
            match end.recv_timeout(PAUSE) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => meanwhile(),
                // The thread panicked, which the scope passes on at its end.
                Err(RecvTimeoutError::Disconnected) => return work(),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn the_caller_goes_on_until_the_work_is_done() {
        let calls = AtomicU32::new(0);
        let work_ends_with_the_third_call = || {
            while calls.load(Ordering::SeqCst) < 3 {
                thread::sleep(Duration::from_millis(1));
            }
            "done"
        };
        let result = work(work_ends_with_the_third_call, &mut || {
            calls.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!((result, calls.into_inner()), ("done", 3));
    }

    #[test]
    fn nothing_is_called_for_work_that_takes_no_time() {
        assert_eq!(work(|| 7, &mut || panic!("there was no time for this")), 7);
    }
}
