//! Documents laid over one another.

use crate::document::Document;
use crate::report::{Problem, Report};
use crate::settings::Settings;

/// Whether secrets are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// In their place stands [`SECRET_KEPT`](crate::SECRET_KEPT).
    Hidden,
    /// As they are.
    Shown,
}

/// A configuration that holds nothing wrong.
#[derive(Clone, Debug)]
pub struct Merged {
    settings: Settings,
}

/// A key of the merged configuration with the place that it was written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOrigin {
    /// The key as TOML writes it: `network.links.lan.mtu`.
    pub key: String,
    /// Its value as TOML, secrets hidden.
    pub value: String,
    /// Name of the document.
    pub document: String,
    /// Line in it, counted from 1.
    pub line: usize,
}

/// Reads documents; later ones lie over earlier ones. The report names everything that is wrong in any of them.
pub fn read(documents: &[Document]) -> Result<Merged, Report> {
    let name = documents.last().map(|document| document.name.clone()).unwrap_or_default();
    let message = "documents are not read yet".to_owned();
    Err(Report {
        problems: vec![Problem {
            document: name,
            line: 0,
            column: 0,
            key: String::new(),
            message,
            help: None,
        }],
    })
}

impl Merged {
    /// What is to be so.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The merged configuration as one document in TOML.
    pub fn to_toml(&self, _secrets: Secrets) -> String {
        String::new()
    }

    /// Each key that a document has a value for, in order.
    pub fn origins(&self) -> Vec<KeyOrigin> {
        Vec::new()
    }
}
