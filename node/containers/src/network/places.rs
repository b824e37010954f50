//! Where things lie.

use std::path::{Path, PathBuf};

/// Paths of files and programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Folder for all that is remembered. It has to lie in memory: nothing of it is true after a reboot.
    pub folder: PathBuf,
    /// netavark.
    pub netavark: PathBuf,
    /// aardvark-dns.
    pub name_server: PathBuf,
    /// nft; netavark finds it by its folder and its name.
    pub nft: PathBuf,
    /// The node's resolv.conf(5). aardvark-dns asks the servers of `/etc/resolv.conf`, which leads here.
    pub resolv_conf: PathBuf,
    /// The node's hosts(5).
    pub hosts: PathBuf,
}

impl Places {
    /// Those of a node.
    pub fn of_node() -> Self {
        Self {
            folder: "/run/corten/containers".into(),
            netavark: "/usr/lib/podman/netavark".into(),
            name_server: "/usr/lib/podman/aardvark-dns".into(),
            nft: "/usr/sbin/nft".into(),
            resolv_conf: corten_network::names::RESOLV_PATH.into(),
            hosts: corten_network::names::HOSTS_PATH.into(),
        }
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.folder.join("network.json")
    }

    pub(super) fn namespaces(&self) -> PathBuf {
        self.folder.join("netns")
    }

    pub(super) fn namespace(&self, workload: &str) -> PathBuf {
        self.namespaces().join(workload)
    }

    /// Where netavark keeps what it remembers.
    pub(super) fn netavark_files(&self) -> PathBuf {
        self.folder.join("netavark")
    }

    /// Where netavark tells aardvark-dns of names.
    pub(super) fn name_files(&self) -> PathBuf {
        self.netavark_files().join("aardvark-dns")
    }

    /// What netavark reads, held by it while it runs.
    pub(super) fn request(&self) -> PathBuf {
        self.folder.join("netavark.json")
    }

    /// The folder that holds a program.
    pub(super) fn folder_of(program: &Path) -> &Path {
        program.parent().unwrap_or(program)
    }
}
