//! Debian's registry on this machine: with TLS by an authority of its own, and with a login.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use corten_api::identity::Identity;

use crate::live::free_port;
use crate::tool::tool;

/// `secret` for `user`, as htpasswd writes it with the lowest cost.
const HTPASSWD: &str = "user:$2b$04$qiBE1.NfYLZGWUVJYuJtfuBPfluzscPjbh5O2lklCCF4x8nmpbMXi\n";

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A registry. It ends with this value.
pub struct Debian {
    /// Its port.
    pub port: u16,
    settings: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Debian {
    /// One that does not run yet. Those of one folder have the same images.
    pub fn new(folder: &Path, shown: &Identity) -> Result<Self> {
        let port = free_port()?;
        let put = |name: &str, text: &str| -> Result<String> {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| path.display().to_string())?;
            Ok(path.display().to_string())
        };
        let (certificate, key) = (put("tls.crt", &shown.chain)?, put("tls.key", &shown.key)?);
        let users = put("htpasswd", HTPASSWD)?;
        let data = folder.join("data").display().to_string();
        let settings = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {data} }} }}\n\
             http:\n  addr: 127.0.0.1:{port}\n  tls: {{ certificate: {certificate}, key: {key} }}\n\
             auth: {{ htpasswd: {{ realm: r, path: {users} }} }}\n"
        );
        let settings = PathBuf::from(put(&format!("{port}.yml"), &settings)?);
        Ok(Self { port, settings, child: Mutex::default() })
    }

    /// Starts it, and waits until it listens.
    pub fn start(&self) -> Result<()> {
        let mut command: Command = tool("docker-registry")?;
        command.arg("serve").arg(&self.settings).env("OTEL_TRACES_EXPORTER", "none");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = self.child.lock().map_err(|_| anyhow!("another step panicked"))?;
        let running = child.insert(command.spawn().context("starting the registry")?);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            ensure!(running.try_wait()?.is_none(), "the registry ended");
            ensure!(Instant::now() < end, "the registry does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Ends it.
    pub fn stop(&self) {
        if let Ok(mut child) = self.child.lock()
            && let Some(mut child) = child.take()
        {
            // One that has ended already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Debian {
    fn drop(&mut self) {
        self.stop();
    }
}
