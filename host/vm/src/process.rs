//! A QEMU process that never outlives us.
//!
//! It stands in a process group of its own, so that Ctrl-C on the terminal reaches us and not it. Dropping the
//! handle ends the group. For the case that we are killed ourselves there is a watcher, a shell that reads from a
//! pipe whose other end only we hold: when we are gone, it reads the end and kills the group. (The kernel's own
//! means, PR_SET_PDEATHSIG, has to be set between fork and exec, which needs unsafe code.)

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// Standard error of QEMU is told from its end, so many bytes of it.
const MESSAGE_LIMIT: u64 = 4096;

const WATCHER: &str = r#"read -r line; kill -s KILL -- "-$1""#;

/// A running QEMU.
pub struct Process {
    child: Child,
    watcher: Child,
    stderr: File,
}

impl Process {
    /// Starts QEMU; `stderr` is an empty file that takes its standard error.
    pub fn start(mut command: Command, stderr: File) -> std::io::Result<Self> {
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr.try_clone()?)
            .spawn()?;
        let watcher = Command::new("/bin/sh")
            .args(["-c", WATCHER, "corten-vm-watcher", &child.id().to_string()])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match watcher {
            Ok(watcher) => Ok(Self { child, watcher, stderr }),
            Err(error) => {
                end_group(&mut child);
                Err(error)
            }
        }
    }

    /// How long processors have worked for QEMU until now.
    pub fn worked(&self) -> Duration {
        // proc_pid_stat(5): behind the name, which may hold anything, fields 14 and 15 are the 12th and 13th.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second().max(1))
    }

    /// The exit status, if QEMU has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        // An error means that there is no such child any more, which can't be while it is ours.
        self.child.try_wait().ok().flatten()
    }

    /// Ends QEMU and everything that it started, and waits for that.
    pub fn kill(&mut self) {
        end_group(&mut self.child);
    }

    /// The end of what QEMU wrote to standard error.
    pub fn message(&mut self) -> String {
        let mut text = Vec::new();
        let length = self.stderr.metadata().map_or(0, |metadata| metadata.len());
        let start = self.stderr.seek(SeekFrom::Start(length.saturating_sub(MESSAGE_LIMIT)));
        // Without a readable message there is none to tell; the exit status is told all the same.
        let _ = start.and_then(|_| (&mut self.stderr).take(MESSAGE_LIMIT).read_to_end(&mut text));
        String::from_utf8_lossy(&text).trim().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        end_group(&mut self.watcher);
    }
}

/// The group of a child that was waited for is not signalled: its number may be somebody else's by then.
fn end_group(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        if let Some(group) = Pid::from_raw(child.id() as i32) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        Process::start(command, tempfile::tempfile().expect("temporary file")).expect("a shell starts")
    }

    #[test]
    fn work_is_counted() {
        let (busy, idle) = (shell("while :; do :; done"), shell("sleep 60"));
        assert!(wait(|| busy.worked() > Duration::from_millis(50)));
        assert!(idle.worked() < Duration::from_millis(50), "{:?}", idle.worked());
    }

    fn wait(mut done: impl FnMut() -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if done() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    #[test]
    fn an_ended_process_has_a_status_and_a_message() {
        let mut process = shell("echo what happened >&2; exit 3");
        assert!(wait(|| process.ended().is_some()));
        assert_eq!(process.ended().and_then(|status| status.code()), Some(3));
        assert_eq!(process.message(), "what happened");
    }

    #[test]
    fn a_killed_process_takes_its_children_with_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let pid = folder.path().join("pid");
        let mut process = shell(&format!("sleep 1000 & echo $! > {}; wait", pid.display()));
        let read = || std::fs::read_to_string(&pid).ok().and_then(|text| text.trim().parse::<i32>().ok());
        assert!(wait(|| read().is_some()));
        process.kill();
        let child = read().and_then(Pid::from_raw).expect("a process number");
        assert!(wait(|| gone(child)));
    }

    /// A killed process whose new parent has not waited for it yet is gone as well.
    fn gone(pid: Pid) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        stat.map_or(true, |stat| stat.contains(") Z "))
    }

    #[test]
    fn a_process_ends_when_we_are_gone() {
        let mut process = shell("sleep 1000");
        // Our end closes the pipe to the watcher; nothing else of us reaches it.
        drop(process.watcher.stdin.take());
        assert!(wait(|| process.ended().is_some()));
    }
}
