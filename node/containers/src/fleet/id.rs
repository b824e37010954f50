//! Names of containers.

use std::fmt;

/// A container of a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Name of the workload.
    pub workload: String,
    /// Name of the container in it.
    pub container: String,
}

impl Id {
    /// A container of a workload.
    pub fn new(workload: impl Into<String>, container: impl Into<String>) -> Self {
        Self { workload: workload.into(), container: container.into() }
    }

    /// As containerd knows it. Names have no dots, so this can be read back.
    pub fn key(&self) -> String {
        format!("{}.{}", self.workload, self.container)
    }

    /// Reads what [`Self::key`] gave.
    pub fn from_key(key: &str) -> Option<Self> {
        let (workload, container) = key.split_once('.')?;
        (!workload.is_empty() && !container.is_empty() && !container.contains('.'))
            .then(|| Self::new(workload, container))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workload, self.container)
    }
}
