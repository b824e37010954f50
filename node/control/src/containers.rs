//! What containers of a node are to be: written by the agent from its settings, read by the service that runs them.
//!
//! The file holds secrets, so it is for its owner and root alone, and no part of it belongs into a log.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use corten_config::settings::Containers;
use serde::{Deserialize, Serialize};

/// Where it is written.
pub const CONTAINERS_PATH: &str = "/run/corten/settings/containers.json";

/// Bytes of the largest file that is read: documents of a configuration together have less, and what is decided of them
/// is a few times as long.
pub const MAX_CONTAINERS: u64 = 16 << 20;

/// What the containers of a node are to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ContainersOrder {
    /// Name of the node, which containers that share its network have as well; `None` for the image's.
    pub hostname: Option<String>,
    /// Workloads, registries, secrets.
    pub containers: Containers,
    /// Certificates of authorities, PEM, that the node trusts beside those of its image.
    pub authorities: Vec<String>,
}

/// There is no order to go by.
#[derive(Debug, thiserror::Error)]
pub enum NoOrder {
    /// It can't be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is longer than [`MAX_CONTAINERS`].
    #[error("{}: more than {MAX_CONTAINERS} bytes", .0.display())]
    TooLong(PathBuf),
    /// It is something else. Only the place is told: the words of the parser may have a secret in them.
    #[error("{}: no order for containers, line {line}, column {column}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Where.
        line: usize,
        /// Where in the line.
        column: usize,
    },
}

impl ContainersOrder {
    /// Reads the order below a root; `None` if there is none.
    pub fn read(root: &Path) -> Result<Option<Self>, NoOrder> {
        let path = root.join(CONTAINERS_PATH.trim_start_matches('/'));
        let failed = |error| NoOrder::Io { path: path.clone(), error };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_CONTAINERS + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_CONTAINERS {
            return Err(NoOrder::TooLong(path));
        }
        let (line, column) = match Self::parse(&bytes) {
            Ok(order) => return Ok(Some(order)),
            Err(error) => (error.line(), error.column()),
        };
        Err(NoOrder::Content { path, line, column })
    }

    /// Reads what the agent wrote.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// As it is written.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use corten_config::settings::{Login, Registry, Secret};
    use proptest::prelude::*;

    use super::*;

    fn order() -> ContainersOrder {
        let login = Login { user: "ann".into(), password: Secret("hunter2".into()) };
        let registry = Registry { login: Some(login), ..Registry::default() };
        let containers =
            Containers { registries: [("*".to_string(), registry)].into(), ..Containers::default() };
        ContainersOrder { hostname: Some("n1".into()), containers, authorities: vec!["PEM".into()] }
    }

    fn written(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(CONTAINERS_PATH.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(&path, bytes).expect("it can be written");
        (folder, path)
    }

    #[test]
    fn an_order_comes_back_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(ContainersOrder::read(folder.path()).expect("none is fine"), None);
        let (folder, _) = written(&order().to_bytes());
        assert_eq!(ContainersOrder::read(folder.path()).expect("it is one"), Some(order()));
    }

    #[test]
    fn what_is_wrong_is_told_without_secrets() {
        let text =
            String::from_utf8(order().to_bytes()).expect("JSON").replace("\"hunter2\"", "[\"hunter2\"]");
        let (folder, path) = written(text.as_bytes());
        let error = ContainersOrder::read(folder.path()).expect_err("a password is a text").to_string();
        assert!(error.starts_with(&format!("{}: no order for containers, line 1, column ", path.display())));
        assert!(!error.contains("hunter2"), "{error}");
        assert!(!format!("{:?}", order()).contains("hunter2"));
    }

    #[test]
    fn a_file_without_end_is_not_read() {
        let (folder, path) = written(b"");
        let file = File::options().write(true).open(&path).expect("it is there");
        file.set_len(MAX_CONTAINERS + 1).expect("a file with a hole");
        assert!(matches!(ContainersOrder::read(folder.path()), Err(NoOrder::TooLong(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_order_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), depth in 0_usize..400) {
            let _ = ContainersOrder::parse(&bytes);
            let nested = format!("{{\"containers\":{}", "[".repeat(depth));
            prop_assert!(ContainersOrder::parse(nested.as_bytes()).is_err());
        }
    }
}
