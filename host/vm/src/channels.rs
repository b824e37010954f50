//! The three channels between a run and QEMU: sockets on which we wait before QEMU is started, and threads that
//! turn what arrives into one ordered stream.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use corten_report::Event;

use crate::console;
use crate::error::Error;
use crate::kept::Kept;
use crate::lines::{Completeness, Lines};
use crate::qmp::{self, Message};

/// A line of the report port is cut after so many bytes. A ready event of a hundred services fits.
const REPORT_LIMIT: usize = 16 * 1024;

/// Items that wait to be looked at. A guest that talks faster is slowed down by its own console.
const QUEUE: usize = 256;

/// Something that arrived, and when.
#[derive(Debug)]
pub struct Arrival {
    /// When its last byte was there.
    pub at: Instant,
    /// What it is.
    pub what: What,
}

/// What can arrive.
#[derive(Debug)]
pub enum What {
    /// A line of the console, printable.
    Console(String),
    /// An event of the node.
    Report(Event),
    /// A line from QEMU.
    Message(Message),
}

/// Sockets that wait for QEMU.
pub struct Waiting {
    console: UnixListener,
    report: UnixListener,
    qmp: UnixListener,
}

/// Paths of the sockets: console, report, QMP.
pub fn paths(folder: &Path) -> [PathBuf; 3] {
    ["console", "report", "qmp"].map(|name| folder.join(name))
}

impl Waiting {
    /// Makes the sockets in `folder`.
    pub fn in_folder(folder: &Path) -> Result<Self, Error> {
        let [console, report, qmp] = paths(folder).map(|path| listen(&path));
        Ok(Self { console: console?, report: report?, qmp: qmp? })
    }

    /// Accepts QEMU's connections. `gone` is asked meanwhile whether there is still somebody to wait for; `None`
    /// means that it was gone or the time was up.
    pub fn accept(&self, limit: Duration, mut gone: impl FnMut() -> bool) -> io::Result<Option<Channels>> {
        let end = Instant::now() + limit;
        let mut next = |listener: &UnixListener| loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false)?;
                    return Ok(Some(stream));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if gone() || Instant::now() > end {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(5));
        };
        let Some(console) = next(&self.console)? else { return Ok(None) };
        let Some(report) = next(&self.report)? else { return Ok(None) };
        let Some(qmp) = next(&self.qmp)? else { return Ok(None) };
        Ok(Some(Channels { console, report, qmp }))
    }
}

fn listen(path: &Path) -> Result<UnixListener, Error> {
    let listener = UnixListener::bind(path).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(Error::host("listening on", path))
}

/// Connections with a QEMU.
pub struct Channels {
    console: UnixStream,
    report: UnixStream,
    qmp: UnixStream,
}

impl Channels {
    /// The side of QMP that asks, and everything that arrives. The stream ends when QEMU has closed all channels;
    /// every byte of the console is in the log by then.
    pub fn split(self, log: File) -> io::Result<(qmp::Commands, Receiver<Arrival>)> {
        let (sender, receiver) = sync_channel(QUEUE);
        let commands = qmp::Commands::new(self.qmp.try_clone()?)?;
        let console = Kept::new(self.console, log);
        read("console", Lines::new(console, console::LINE_LIMIT), sender.clone(), |line, _| {
            Some(What::Console(console::printable(line)))
        })?;
        read("report", Lines::new(self.report, REPORT_LIMIT), sender.clone(), |line, completeness| {
            let whole = completeness == Completeness::Whole;
            whole.then(|| Event::from_line(line)).flatten().map(What::Report)
        })?;
        read("qmp", Lines::new(self.qmp, qmp::LINE_LIMIT), sender, |line, _| {
            Message::from_line(line).map(What::Message)
        })?;
        Ok((commands, receiver))
    }
}

fn read(
    name: &str,
    lines: Lines<impl Read + Send + 'static>,
    sender: SyncSender<Arrival>,
    meaning: impl Fn(&str, Completeness) -> Option<What> + Send + 'static,
) -> io::Result<()> {
    let reader = move || {
        for line in lines {
            let at = Instant::now();
            let Some(what) = meaning(&line.text, line.completeness) else { continue };
            if sender.send(Arrival { at, what }).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name(format!("vm-{name}")).spawn(reader).map(drop)
}
