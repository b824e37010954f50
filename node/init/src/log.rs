//! Messages to the kernel log, and the block of lines that a person reads when nothing else works.

use std::fmt::Display;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt as _;

use corten_sys::clock::monotonic_ms;
use corten_sys::poll;

/// open(2): the terminal does not become the one whose keys send signals to who opens it (O_NOCTTY), and one that
/// takes nothing, since somebody stopped it or nobody reads it, does not make init wait (O_NONBLOCK).
const TERMINAL: i32 = 0o400 | 0o4000;
/// A block of lines takes a tenth of that on a slow serial line.
const CONSOLE_MS: u64 = 2000;

/// The kernel refuses records above 1024 bytes less its own prefix.
const MAX_RECORD: usize = 900;

/// How urgent a message is: the levels of syslog(2) that init uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something does not work.
    Error = 3,
    /// Something is odd.
    Warning = 4,
    /// What a person at the console wants to see.
    Notice = 5,
    /// The course of things.
    Info = 6,
    /// In the log only, never on the console.
    Debug = 7,
}

/// What failed, why, and what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step or service.
    pub what: String,
    /// The reason.
    pub why: String,
    /// The way out.
    pub hint: String,
}

impl Failure {
    /// A failure of a step.
    pub fn new(what: &str, why: impl Display, hint: &str) -> Self {
        Self { what: what.into(), why: why.to_string(), hint: hint.into() }
    }
}

/// The kernel log, opened once.
#[derive(Debug)]
pub struct Log {
    kmsg: Option<File>,
}

impl Log {
    /// Opens `/dev/kmsg`. Where that fails, messages go to standard error, which is the console for PID 1.
    pub fn open() -> Self {
        Self { kmsg: File::options().write(true).open("/dev/kmsg").ok() }
    }

    /// Lets programs write as much as they want: by default the kernel takes ten lines in five seconds. What
    /// services print is limited by init itself.
    pub fn unlimit() {
        // Fails where the kernel command line has decided it already.
        let _ = std::fs::write("/proc/sys/kernel/printk_devkmsg", "on\n");
    }

    /// Writes one message of init.
    pub fn write(&self, level: Level, text: impl Display) {
        self.write_from("corten", level, text);
    }

    /// Writes one message in the name of a service.
    pub fn write_from(&self, name: &str, level: Level, text: impl Display) {
        let mut record = format!("<{}>{name}: {text}", level as u8);
        truncate(&mut record, MAX_RECORD);
        // Without it the kernel waits for more of the same line, and readers see the record only with the next one.
        record.push('\n');
        // A log that can't be written to must not stop the node.
        let _ = match self.kmsg.as_ref() {
            Some(mut kmsg) => kmsg.write_all(record.as_bytes()),
            None => write!(std::io::stderr(), "{record}"),
        };
    }

    /// Shows a failure on every console as plain lines, and keeps it in the log.
    pub fn show(&self, failure: &Failure, then: &str) {
        let block = block(failure, then);
        for line in block.lines().filter(|line| !line.is_empty()) {
            self.write(Level::Debug, line);
        }
        show_everywhere(&block);
    }
}

/// Shows lines on every console and keeps them nowhere: they may hold a code for who stands there alone.
pub fn show_lines(lines: &[String]) {
    let mut block = String::from("\r\n");
    for line in lines {
        block.extend(line.chars().filter(|character| !character.is_control()));
        block.push_str("\r\n");
    }
    show_everywhere(&block);
}

fn show_everywhere(block: &str) {
    let shown = consoles().iter().filter(|console| show_on(console, block)).count();
    if shown == 0 && !show_on("/dev/console", block) {
        let _ = std::io::stderr().write_all(block.as_bytes());
    }
}

/// Paths of all consoles. `/dev/console` is only one of them: the screen of a machine whose operator may watch the
/// serial line.
fn consoles() -> Vec<String> {
    let names = std::fs::read_to_string("/sys/class/tty/console/active").unwrap_or_default();
    names.split_whitespace().map(|name| format!("/dev/{name}")).collect()
}

/// Whether some of it could be written there.
fn show_on(console: &str, block: &str) -> bool {
    let opened = File::options().write(true).custom_flags(TERMINAL).open(console);
    opened.is_ok_and(|console| write_for(console, block.as_bytes(), CONSOLE_MS) < block.len())
}

/// Writes to a file that may take nothing for a while, and gives up when the time is over. Returns how many bytes are
/// left.
fn write_for(mut file: impl Write + AsFd, bytes: &[u8], time_ms: u64) -> usize {
    let end = monotonic_ms().saturating_add(time_ms);
    let mut rest = bytes;
    while !rest.is_empty() {
        match file.write(rest) {
            Ok(written) if written > 0 => rest = rest.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let left = end.saturating_sub(monotonic_ms());
                if left == 0 || !poll::writable(file.as_fd(), left).unwrap_or(false) {
                    break;
                }
            }
            Ok(_) | Err(_) => break,
        }
    }
    rest.len()
}

fn block(failure: &Failure, then: &str) -> String {
    let Failure { what, why, hint } = failure;
    format!(
        "\r\n*** corten: {what} failed\r\n    why:  {why}\r\n    help: {hint}\r\n    now:  {then}\r\n\r\n"
    )
}

/// Cuts a text to a number of bytes, at a character.
pub fn truncate(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        let end = (0..=bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_what_why_and_what_to_do() {
        let failure = Failure::new("finding the root", "no disk", "check the cable");
        insta::assert_snapshot!(block(&failure, "restart in 10 s").replace('\r', ""), @r"

        *** corten: finding the root failed
            why:  no disk
            help: check the cable
            now:  restart in 10 s
        ");
    }

    #[test]
    fn a_console_that_takes_nothing_is_given_up_and_one_that_is_slow_gets_everything() {
        let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().expect("two sockets");
        ours.set_nonblocking(true).expect("a socket");
        let text = vec![b'x'; 1 << 20];
        let left = write_for(&ours, &text, 50);
        assert!(left > 0 && left < text.len(), "{left}");
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            std::io::Read::read_to_end(&mut theirs, &mut all).map(|_| all.len())
        });
        assert_eq!(write_for(&ours, &text, 60_000), 0);
        drop(ours);
        assert_eq!(reader.join().expect("no panic").ok(), Some(2 * text.len() - left));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let mut text = "aé".to_string();
        truncate(&mut text, 2);
        assert_eq!(text, "a");
    }
}
