//! The program itself, started as init starts it.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use corten_control::Request;
use rustls::ClientConfig;

use crate::target::Fault;
use crate::{Scratch, Target, Usage};

/// Descriptors that a process of a node may have, softly and at most: what Linux gives to PID 1.
pub const DESCRIPTORS: (u32, u32) = (1024, 4096);

/// Time until it says that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// An agent that runs, and ends with this value.
#[derive(Debug)]
pub struct Agent {
    child: Child,
    address: SocketAddr,
    errors: PathBuf,
}

impl Agent {
    /// Starts a program on a scratch root and waits until it says that it is ready.
    pub fn start(program: &Path, scratch: &Scratch) -> Result<Self, Fault> {
        let port = free_port()?;
        let errors = scratch.path("/errors");
        let log = std::fs::File::options().create(true).append(true).open(&errors)?;
        scratch.init.forget();
        let (soft, hard) = DESCRIPTORS;
        let mut shell = Command::new("/bin/sh");
        // Changing a limit between fork and exec takes unsafe code, or a shell.
        shell.arg("-c").arg(format!("ulimit -Sn {soft}; ulimit -Hn {hard}; exec \"$0\" \"$@\""));
        shell
            .arg(program)
            .arg("--root")
            .arg(scratch.root())
            .arg("--port")
            .arg(OsString::from(port.to_string()));
        let child = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut agent = Self { child, address, errors };
        let end = Instant::now() + READY_WITHIN;
        while !scratch.init.asked().iter().any(|request| matches!(request, Request::Ready { .. })) {
            if let Some(status) = agent.child.try_wait()? {
                return Err(Fault::Ended { status, said: agent.said() });
            }
            if Instant::now() > end {
                return Err(Fault::NotReady { said: agent.said() });
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(agent)
    }

    /// Where its API is, for a client of this TLS.
    pub fn target(&self, tls: Arc<ClientConfig>) -> Target {
        Target { address: self.address, tls }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it uses now. An error means that it does not run any more.
    pub fn usage(&self) -> Result<Usage, Fault> {
        Ok(Usage::of(self.child.id())?)
    }

    /// What it wrote on its error output.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Kills it, as the kernel does when memory runs out.
    pub fn kill(mut self) -> Result<ExitStatus, Fault> {
        self.child.kill()?;
        Ok(self.child.wait()?)
    }

    /// Asks it to stop, and returns how it ended.
    pub fn stop(mut self) -> Result<ExitStatus, Fault> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(std::io::Error::from)?;
        let end = Instant::now() + READY_WITHIN;
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(status),
                None if Instant::now() > end => return Ok(ExitStatus::from_raw(-1)),
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // One that has ended can't be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on: somebody may take it before the agent does, who then says so.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
