//! The root directory of a scratch node.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::target::Fault;
use crate::{Init, Log, Owner};

/// Folders that init makes on a node.
const FOLDERS: [&str; 8] = [
    "dev",
    "usr/lib/corten",
    "run/corten/config",
    "run/corten/agent",
    "run/corten/api",
    "run/corten/settings",
    "run/corten/network",
    "var/lib/corten/agent",
];

/// What the agent finds.
#[derive(Clone, Debug)]
pub enum Posture {
    /// A configuration with the owner's authority and these lines.
    Configured(String),
    /// No configuration.
    Maintenance,
}

/// A node without a machine.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
    /// Whose it is.
    pub owner: Owner,
    /// Its init.
    pub init: Init,
}

impl Scratch {
    /// Makes one.
    pub fn new(posture: &Posture) -> Result<Self, Fault> {
        let folder = TempDir::new()?;
        let root = folder.path();
        for path in FOLDERS {
            fs::create_dir_all(root.join(path))?;
        }
        // The kernel is this machine's.
        for path in ["proc", "sys"] {
            symlink(Path::new("/").join(path), root.join(path))?;
        }
        fs::write(root.join("usr/lib/os-release"), "NAME=\"Corten\"\nID=corten\nVERSION_ID=0.0.0\n")?;
        let boot = corten_control::Boot { version: "0.0.0".into(), ..corten_control::Boot::default() };
        let path = root.join(corten_control::BOOT_PATH.trim_start_matches('/'));
        fs::write(path, serde_json::to_vec(&boot).map_err(std::io::Error::from)?)?;
        let owner = Owner::new()?;
        if let Posture::Configured(lines) = posture {
            let node = owner.node()?;
            let quoted = |pem: &str| format!("\"\"\"\n{pem}\"\"\"");
            let text = format!(
                "version = 1\n[api]\ntrusted = [{}]\ncertificate = {}\nkey = {}\n{lines}",
                quoted(owner.authority()),
                quoted(&node.chain),
                quoted(&node.key),
            );
            fs::write(root.join("run/corten/config/10-scratch.toml"), text)?;
        }
        let init = Init::listen(&root.join(corten_control::SOCKET.trim_start_matches('/')))?;
        Ok(Self { folder, owner, init })
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Where a path of the node is.
    pub fn path(&self, absolute: &str) -> PathBuf {
        self.root().join(absolute.trim_start_matches('/'))
    }

    /// A pipe in the place of the kernel's log.
    pub fn log_pipe(&self) -> Result<Log, Fault> {
        Ok(Log::pipe(&self.path("/dev/kmsg"))?)
    }

    /// A file in its place.
    pub fn log_file(&self) -> Result<Log, Fault> {
        Ok(Log::file(&self.path("/dev/kmsg"))?)
    }
}
