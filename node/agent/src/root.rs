//! Where the node's files are found: `/` on a node, a folder of their own in tests.

use std::path::{Path, PathBuf};

/// The folder that stands for `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// A root in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Where an absolute path of the node lies. What does not begin with a slash is taken as if it did.
    pub fn path(&self, absolute: &str) -> PathBuf {
        self.0.join(absolute.trim_start_matches('/'))
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.0
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::new("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_stay_below_the_root() {
        assert_eq!(Root::new("/tmp/x").path("/proc/1/stat"), Path::new("/tmp/x/proc/1/stat"));
        assert_eq!(Root::new("/tmp/x").path("//proc"), Path::new("/tmp/x/proc"));
        assert_eq!(Root::default().path("/proc"), Path::new("/proc"));
    }
}
