//! The text of a contexts file: from it to values that can't be wrong, and back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Credentials, Fault, Node, NodeName, Trust};

/// Bytes of the largest text that is read: some thousand nodes.
pub const MAX_BYTES: u64 = 1 << 20;

/// What a contexts file says. Paths are as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The node that is meant when none is named. It may have been removed by hand.
    pub current: Option<NodeName>,
    /// The nodes.
    pub nodes: BTreeMap<NodeName, Node>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    nodes: BTreeMap<String, WrittenNode>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenNode {
    // Required, but a complaint of the parser would not say which node lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Document {
    /// Reads a text.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if text.len() as u64 > MAX_BYTES {
            return Err(Fault::TooLarge(text.len() as u64));
        }
        let written: Written = toml::from_str(text).map_err(|error| syntax(text, &error))?;
        let name = |key: &str, text: &str| {
            text.parse().map_err(|source| Fault::Name { key: key.to_owned(), source })
        };
        let mut document = Self::default();
        if let Some(current) = &written.current {
            document.current = Some(name("current", current)?);
        }
        for (key, node) in written.nodes {
            let at = format!("nodes.{key}");
            document.nodes.insert(name("nodes", &key)?, node.read(&at)?);
        }
        Ok(document)
    }

    /// The text. Reading it gives the same again.
    pub fn print(&self) -> Result<String, Fault> {
        let nodes = self.nodes.iter().map(|(name, node)| {
            let written = WrittenNode::of(&format!("nodes.{name}"), node)?;
            Ok((name.to_string(), written))
        });
        let written = Written {
            current: self.current.as_ref().map(ToString::to_string),
            nodes: nodes.collect::<Result<_, Fault>>()?,
        };
        // All that it holds has a form in TOML, so what is left to fail are paths, which were looked at.
        toml::to_string(&written).map_err(|error| Fault::Syntax {
            line: 1,
            column: 1,
            message: error.to_string(),
        })
    }
}

impl WrittenNode {
    fn read(self, at: &str) -> Result<Node, Fault> {
        let key = |name: &str| format!("{at}.{name}");
        let address = self.address.ok_or_else(|| Fault::NoAddress(at.to_owned()))?.parse();
        let address = address.map_err(|source| Fault::Address { key: key("address"), source })?;
        let trust = match (self.authority, self.fingerprint) {
            (Some(path), None) => Trust::Authority(filled(&key("authority"), path)?),
            (None, Some(text)) => Trust::Fingerprint(
                text.parse().map_err(|source| Fault::Fingerprint { key: key("fingerprint"), source })?,
            ),
            _ => return Err(Fault::Trust(at.to_owned())),
        };
        let credentials = match (self.certificate, self.key) {
            (Some(certificate), Some(file)) => Some(Credentials {
                certificate: filled(&key("certificate"), certificate)?,
                key: filled(&key("key"), file)?,
            }),
            (None, None) => None,
            _ => return Err(Fault::Credentials(at.to_owned())),
        };
        Ok(Node { address, trust, credentials, note: self.note })
    }

    fn of(at: &str, node: &Node) -> Result<Self, Fault> {
        let path = |name: &str, path: &PathBuf| {
            let key = format!("{at}.{name}");
            match path.to_str() {
                Some(_) => filled(&key, path.clone()),
                None => Err(Fault::Path(key)),
            }
        };
        let (authority, fingerprint) = match &node.trust {
            Trust::Authority(file) => (Some(path("authority", file)?), None),
            Trust::Fingerprint(pinned) => (None, Some(pinned.to_string())),
        };
        let files = node.credentials.as_ref();
        Ok(Self {
            address: Some(node.address.to_string()),
            authority,
            fingerprint,
            certificate: files.map(|files| path("certificate", &files.certificate)).transpose()?,
            key: files.map(|files| path("key", &files.key)).transpose()?,
            note: node.note.clone(),
        })
    }
}

fn filled(key: &str, path: PathBuf) -> Result<PathBuf, Fault> {
    if path.as_os_str().is_empty() { Err(Fault::Path(key.to_owned())) } else { Ok(path) }
}

/// Where in the text an error of the parser is, and what it says in one line.
fn syntax(text: &str, error: &toml::de::Error) -> Fault {
    let start = error.span().map_or(0, |span| span.start.min(text.len()));
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Fault::Syntax { line, column, message: error.message().replace('\n', ", ") }
}

#[cfg(test)]
mod tests;
