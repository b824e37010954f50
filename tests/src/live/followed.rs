//! A command that prints for as long as somebody listens.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// Between two looks whether it has ended.
const PAUSE: Duration = Duration::from_millis(200);

/// A command that runs. It is ended when nobody has it any more.
pub struct Followed {
    child: Child,
    lines: Receiver<String>,
    printed: Vec<String>,
}

impl Followed {
    /// Starts it; its standard input stays open and says nothing.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        let output = child.stdout.take().context("no standard output")?;
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, lines, printed: Vec::new() })
    }

    /// Waits for a line behind those that were waited for before, and returns it.
    pub fn says(&mut self, text: &str, patience: Duration) -> Result<String> {
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.map_err(|_| anyhow!("no {text:?} behind {:?}", self.printed))?;
            self.printed.push(line.clone());
            if line.contains(text) {
                return Ok(line);
            }
        }
    }

    /// Presses Ctrl-C, which one that has ended does not notice.
    pub fn interrupt(&mut self) -> Result<()> {
        // Its number may be somebody else's by then.
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let pid = Pid::from_raw(self.child.id().cast_signed()).context("a child has a number")?;
        Ok(kill_process(pid, Signal::INT)?)
    }

    /// Has its input end, and waits until it has ended too: its exit code.
    pub fn ends(&mut self, patience: Duration) -> Result<i32> {
        drop(self.child.stdin.take());
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return status.code().with_context(|| status.to_string());
            }
            if Instant::now() >= end {
                bail!("it goes on without input");
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Checks that it still runs.
    pub fn is_there(&mut self) -> Result<()> {
        let status = self.child.try_wait()?;
        ensure!(status.is_none(), "it ended: {status:?}");
        Ok(())
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        // One that has ended needs neither.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
