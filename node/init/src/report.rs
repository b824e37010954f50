//! Events for the machine that boots this one, over a virtio-serial port that may be missing or have no reader.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use corten_report::{Event, PORT};

/// A boot sends some kilobytes; what a host does not fetch beyond this is dropped, newest first.
const MAX_QUEUED: usize = 64 << 10;
/// O_NONBLOCK of Linux on the architectures that Corten runs on.
const NONBLOCK: i32 = 0o4000;

/// The port, which can be open once: a failure is told through the same file as everything before it.
static PORT_FILE: OnceLock<File> = OnceLock::new();

/// Writes events without ever waiting for a reader.
#[derive(Debug, Default)]
pub struct Reporter {
    port: Option<&'static File>,
    queue: VecDeque<u8>,
}

impl Reporter {
    /// Takes the port if the machine has it.
    pub fn open() -> Self {
        let open = |path| File::options().write(true).custom_flags(NONBLOCK).open(path).ok();
        let port = PORT_FILE.get().or_else(|| {
            let file = port().and_then(open)?;
            Some(PORT_FILE.get_or_init(|| file))
        });
        Self { port, queue: VecDeque::new() }
    }

    /// Sends an event, or keeps it until [`Self::flush`] finds a reader.
    pub fn send(&mut self, event: &Event) {
        let line = event.to_line();
        if self.port.is_some() && self.queue.len() + line.len() <= MAX_QUEUED {
            self.queue.extend(line.as_bytes());
            self.flush();
        }
    }

    /// Writes as much as the host takes now.
    pub fn flush(&mut self) {
        let Some(port) = self.port.as_mut() else { return };
        while !self.queue.is_empty() {
            let (front, _) = self.queue.as_slices();
            match port.write(front) {
                Ok(0) | Err(_) => return,
                Ok(written) => drop(self.queue.drain(..written)),
            }
        }
    }

    /// Whether the machine has the port.
    pub fn has_port(&self) -> bool {
        self.port.is_some()
    }

    /// Whether something waits for a reader.
    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }
}

fn port() -> Option<PathBuf> {
    fs::read_dir("/sys/class/virtio-ports")
        .ok()?
        .flatten()
        .find(|port| fs::read_to_string(port.path().join("name")).is_ok_and(|name| name.trim() == PORT))
        .map(|port| PathBuf::from("/dev").join(port.file_name()))
}
