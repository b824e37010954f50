//! Documents read and laid over one another.

use std::collections::BTreeMap;

use corten_document::{
    Bounds, Court, Diagnostic, KeyPath, Laying, Lines, Lists, Node, Origin, Origins, Problem, Sink, Source,
    SourceId, Subject, Value, Writer, parse, read as read_tree,
};

use crate::decide::decide;
use crate::document::{Document, MAX_DOCUMENT};
use crate::leaves::{leaves, shown};
use crate::report::{self, Report};
use crate::secrets::hide;
use crate::settings::Settings;
use crate::written::{Configuration, written_out};

/// What configurations are called in complaints.
pub const SUBJECT: Subject = Subject { noun: "configuration", code: "config", head: "version" };

/// What is read of one document.
pub(crate) const BOUNDS: Bounds = Bounds { bytes: MAX_DOCUMENT, depth: 32, items: 1024 };

/// Most documents that are laid over one another. There are three places that they come from.
const DOCUMENTS: usize = 64;

/// Lists mean something as a whole: who replaces the name servers doesn't want to keep the old ones. So do tables that
/// are of one of several kinds: of another kind they keep nothing of what they were.
const LAYING: Laying<'_> = Laying {
    lists: Lists::Replaced,
    replaced_tables: &[
        &["workloads", "*", "containers", "*", "environment", "*"],
        &["workloads", "*", "containers", "*", "mounts", "*"],
        &["workloads", "*", "containers", "*", "startup"],
        &["workloads", "*", "containers", "*", "liveness"],
        &["workloads", "*", "containers", "*", "readiness"],
    ],
};

/// The tables of a configuration in the order in which a person reads them.
const ORDER: [&str; 15] = [
    "version",
    "identity",
    "network",
    "api",
    "certificates",
    "kernel",
    "storage",
    "firewall",
    "logging",
    "health",
    "metrics",
    "containers",
    "registries",
    "secrets",
    "workloads",
];

/// Whether secrets are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// In their place stands [`SECRET_KEPT`](crate::SECRET_KEPT).
    Hidden,
    /// As they are.
    Shown,
}

/// A configuration that holds nothing wrong, every value still knowing its place. Cloning it clones the settings.
#[derive(Clone)]
pub struct Merged {
    settings: Settings,
    origins: Origins,
}

impl std::fmt::Debug for Merged {
    /// Without the texts: they hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merged").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A key of the merged configuration with the place that it was written at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOrigin {
    /// The key as TOML writes it: `network.links.lan.mtu`. A list is one value.
    pub key: String,
    /// Its value as TOML on one line, a secret as `(secret)`.
    pub value: String,
    /// Name of the document.
    pub document: String,
    /// Line in it, counted from 1.
    pub line: usize,
}

/// Reads documents; later ones lie over earlier ones. Tables are merged key by key, a list is replaced as a whole.
/// Without any document everything is as a node has it by itself.
///
/// The report names everything that is wrong in any of them, and with all of them together.
pub fn read(documents: &[Document]) -> Result<Merged, Report> {
    let sources: Vec<Source> = documents.iter().map(Document::source).collect();
    if sources.len() > DOCUMENTS {
        let message =
            format!("a configuration is made of {DOCUMENTS} documents at most, not of {}", sources.len());
        return Err(Report::of(vec![Diagnostic::of(SUBJECT, &Problem::Limit(message))], &sources));
    }
    let (nodes, mut diagnostics) = read_each(&sources);
    if nodes.len() < sources.len() {
        return Err(Report::of(diagnostics, &sources));
    }
    let mut tree = Node::empty(SourceId(0));
    for node in nodes {
        LAYING.lay(&mut tree, node);
    }
    let sink = Sink::new(&sources, SUBJECT);
    let version_is_said = !sources.is_empty();
    let written: Configuration = read_tree(&written_out(&tree), &sink).unwrap_or_default();
    if version_is_said {
        diagnostics.extend(sink.into_diagnostics());
    }
    let origins = Origins::new(tree, sources.clone(), SUBJECT);
    let mut court = Court::new(&origins);
    let settings = decide(&written, &mut court);
    diagnostics.extend(court.into_diagnostics());
    if diagnostics.is_empty() {
        Ok(Merged { settings, origins })
    } else {
        Err(Report::of(diagnostics, &sources))
    }
}

/// The trees of those texts that can be read at all, and what is wrong with each text by itself.
fn read_each(sources: &[Source]) -> (Vec<Node>, Vec<Diagnostic>) {
    let mut nodes = Vec::with_capacity(sources.len());
    let mut diagnostics = Vec::new();
    let sink = Sink::new(sources, SUBJECT);
    for (n, source) in sources.iter().enumerate() {
        match parse(source, SourceId(n as u16), BOUNDS, SUBJECT) {
            Ok(node) => {
                let _: Option<Configuration> = read_tree(&written_out(&node), &sink);
                nodes.push(node);
            }
            Err(errors) => diagnostics.extend(errors),
        }
    }
    diagnostics.extend(sink.into_diagnostics());
    (nodes, diagnostics)
}

impl Merged {
    /// What is to be so.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The merged configuration as one document in TOML. Read again it gives the same settings, unless secrets are
    /// hidden in it.
    pub fn to_toml(&self, secrets: Secrets) -> String {
        self.to_toml_with(secrets, &|_| String::new())
    }

    /// The same with a comment on each value that says where it was written.
    pub fn to_toml_with_origins(&self, secrets: Secrets) -> String {
        self.to_toml_with(secrets, &|origin| format!("# {origin}"))
    }

    fn to_toml_with(&self, secrets: Secrets, comment: &dyn Fn(&Origin) -> String) -> String {
        let mut tree = self.origins.tree().clone();
        if let Value::Table(entries) = &mut tree.value {
            entries.entry("version".to_owned()).or_insert_with(|| Node {
                value: Value::Integer(crate::written::VERSION),
                ..Node::empty(SourceId(u16::MAX))
            });
        }
        if secrets == Secrets::Hidden {
            hide(&mut tree);
        }
        let comment = |node: &Node, part| {
            self.origins.place(node, part).map(|origin| comment(&origin)).unwrap_or_default()
        };
        Writer { order: &ORDER, comment: &comment }.write(&tree)
    }

    /// Each key that a document has a value for, in order.
    pub fn origins(&self) -> Vec<KeyOrigin> {
        let mut lines: BTreeMap<SourceId, Lines> = BTreeMap::new();
        let mut origins = Vec::new();
        for (path, node) in leaves(self.tree()) {
            let Some(source) = self.origins.source(node.source) else { continue };
            let line =
                lines.entry(node.source).or_insert_with(|| Lines::of(&source.text)).line(node.key.start);
            let (key, value) = (path.to_string(), shown(&path, node));
            origins.push(KeyOrigin { key, value, document: source.name.to_string(), line });
        }
        origins
    }

    /// A complaint about the value at a key, such as `["api", "certificate"]`: for those who find out later that it
    /// can't be used.
    pub fn problem(&self, key: &[&str], message: impl Into<String>) -> report::Problem {
        let diagnostic = Diagnostic::new("config::unusable", message).at(&KeyPath::of(key), &self.origins);
        report::Problem::from(&diagnostic)
    }

    pub(crate) fn tree(&self) -> &Node {
        self.origins.tree()
    }
}
