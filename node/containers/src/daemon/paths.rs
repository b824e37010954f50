//! Where things of containers lie on a node.

use std::path::{Path, PathBuf};

use crate::containerd::NAMESPACE;
use crate::fleet::Id;

/// Paths below a root.
#[derive(Clone, Debug)]
pub struct Paths {
    root: PathBuf,
}

impl Paths {
    /// Those of a root.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The root itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn run(&self) -> PathBuf {
        self.root.join("run/corten/containers")
    }

    fn state(&self) -> PathBuf {
        self.root.join("var/lib/corten/containers")
    }

    /// Where the agent asks.
    pub fn socket(&self) -> PathBuf {
        self.run().join("api.sock")
    }

    /// What a later daemon has to know of this one's workloads, in memory: it goes with the node.
    pub fn memory(&self) -> PathBuf {
        self.run().join("fleet.json")
    }

    /// Files of a workload that its containers see: names of hosts and of name servers.
    pub fn shared(&self, workload: &str) -> PathBuf {
        self.run().join("files").join(workload)
    }

    /// What belongs to one run of a container and is gone with it, in memory.
    pub fn of_run(&self, id: &Id) -> PathBuf {
        self.run().join("runs").join(id.key())
    }

    /// The root of a container for finding faults.
    pub fn of_debug(&self, name: &str) -> PathBuf {
        self.run().join("debug").join(name)
    }

    /// Where files and folders of the node are mounted that a container is given.
    pub fn held(&self, id: &Id) -> PathBuf {
        self.run().join("held").join(id.key())
    }

    /// What a container writes to its root, on the state, gone with the run.
    pub fn written(&self, id: &Id) -> PathBuf {
        self.state().join("roots").join(id.key())
    }

    /// All that containers wrote to their roots.
    pub fn all_written(&self) -> PathBuf {
        self.state().join("roots")
    }

    /// Volumes.
    pub fn volumes(&self) -> PathBuf {
        self.state().join("volumes")
    }

    /// Archives that are being imported.
    pub fn imports(&self) -> PathBuf {
        self.state().join("imports")
    }

    /// When images were used.
    pub fn images_used(&self) -> PathBuf {
        self.state().join("images-used.json")
    }

    /// The default seccomp profile.
    pub fn seccomp(&self) -> PathBuf {
        self.root.join("usr/share/containers/seccomp.json")
    }

    /// The node's local API.
    pub fn api(&self) -> PathBuf {
        self.root.join("run/corten/api")
    }

    /// The folder of containerd's socket.
    pub fn containerd(&self) -> PathBuf {
        self.root.join("run/containerd")
    }

    /// containerd's socket.
    pub fn containerd_socket(&self) -> PathBuf {
        self.containerd().join("containerd.sock")
    }

    /// Where shims have their sockets.
    pub fn shim_sockets(&self) -> PathBuf {
        self.containerd().join("s")
    }

    /// Where containerd keeps what a task of ours has while it runs.
    pub fn task(&self, id: &Id) -> PathBuf {
        self.containerd().join("io.containerd.runtime.v2.task").join(NAMESPACE).join(id.key())
    }

    /// The program of an OCI runtime. Another name of one is not that runtime: `runc` leads to crun for those who speak to
    /// containerd themselves.
    pub fn runtime(&self, name: &str) -> Option<PathBuf> {
        let places = ["usr/sbin", "usr/bin"].map(|folder| self.root.join(folder).join(name));
        places.into_iter().find(|path| path.symlink_metadata().is_ok_and(|found| found.is_file()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_a_program_and_no_other_name_of_one() {
        let root = tempfile::tempdir().expect("a folder");
        let paths = Paths::new(root.path().to_owned());
        let at = |path: &str| root.path().join(path);
        for folder in ["usr/bin", "usr/sbin"] {
            std::fs::create_dir_all(at(folder)).expect("a folder");
        }
        std::fs::write(at("usr/bin/crun"), "").expect("it can be written");
        std::os::unix::fs::symlink("crun", at("usr/bin/runc")).expect("a link");
        assert_eq!(paths.runtime("crun"), Some(at("usr/bin/crun")));
        assert_eq!(paths.runtime("runc"), None);
        std::fs::write(at("usr/sbin/runc"), "").expect("it can be written");
        assert_eq!(paths.runtime("runc"), Some(at("usr/sbin/runc")));
    }
}
