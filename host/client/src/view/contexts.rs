//! The nodes that are known, as a list. This asks none of them.

use serde::Serialize;

use super::output::Output;
use super::table::{Table, Tone, Width, printable, text};
use crate::contexts::{Contexts, Trust};

#[derive(Serialize)]
struct Known {
    name: String,
    current: bool,
    address: String,
    authority: Option<String>,
    fingerprint: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    note: Option<String>,
}

/// The known nodes: a table, or a list of objects with the keys of the file, `name` and `current`.
pub fn contexts(contexts: &Contexts, output: Output, width: Width) -> String {
    let current = contexts.document().current.as_ref();
    let nodes = contexts.nodes().map(|(name, node)| {
        let (authority, fingerprint) = match &node.trust {
            Trust::Authority(path) => (Some(path.display().to_string()), None),
            Trust::Fingerprint(pinned) => (None, Some(pinned.to_string())),
        };
        let files = node.credentials.as_ref();
        Known {
            current: current == Some(name),
            name: name.to_string(),
            address: node.address.to_string(),
            authority,
            fingerprint,
            certificate: files.map(|files| files.certificate.display().to_string()),
            key: files.map(|files| files.key.display().to_string()),
            note: node.note,
        }
    });
    let nodes: Vec<Known> = nodes.collect();
    match output {
        Output::Json => super::output::json(&nodes) + "\n",
        Output::Yaml => super::output::yaml(&nodes),
        Output::Table => table(&nodes).render(width),
    }
}

fn table(nodes: &[Known]) -> Table {
    let mut table = Table::new([
        text("NODE"),
        text("CURRENT"),
        text("ADDRESS"),
        text("RECOGNISED BY"),
        text("YOU ARE"),
        text("NOTE"),
    ]);
    for node in nodes {
        let trust = match (&node.authority, &node.fingerprint) {
            (Some(path), _) => path.clone(),
            (None, pinned) => {
                pinned.as_deref().map(|pinned| pinned.chars().take(16).collect()).unwrap_or_default()
            }
        };
        table.row([
            node.name.as_str().into(),
            super::table::Cell::of(if node.current { "yes" } else { "" }, Tone::Good),
            node.address.as_str().into(),
            printable(&trust).into(),
            printable(node.certificate.as_deref().unwrap_or("nobody")).into(),
            printable(node.note.as_deref().unwrap_or_default()).into(),
        ]);
    }
    table
}
