//! The node of `corten run` as its owner knows it: keys, the documents of its configuration, a port, and its name among
//! the contexts for as long as it runs.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use corten_api::identity::{Address, Name};
use corten_client::contexts::{Contexts, Credentials, Node, NodeName, Trust, default_path};
use corten_config::{Document as Text, Format};
use corten_keys::{KeyFolder, RunKeys};
use corten_vm::{Document, Forward};
use jiff::Timestamp;
use tempfile::TempDir;

use crate::machine_config::{merged, read_files};
use crate::places;

/// The port of the API in the node.
const API_PORT: u16 = 7443;
/// Files of configuration that a node can be given.
const MAX_FILES: usize = 9;
/// How the note of such a node begins, in the contexts. What follows is the number of the process that runs it.
const NOTE: &str = "of corten run, process ";

/// What a node is to be, before anything of it is there: a mistake in a file costs nobody a build, and who ends the
/// command meanwhile leaves nothing behind.
pub struct Preparation {
    name: NodeName,
    kind: Kind,
}

enum Kind {
    /// With documents and keys of its own; the contexts know it while it runs.
    Configured { texts: Vec<Text>, node: Box<dyn Fn(u16) -> Result<Node>> },
    /// It waits to be paired.
    Maintenance,
    /// The image has no API.
    Closed,
}

/// A node that is about to run.
pub struct RunNode {
    /// Documents of its configuration.
    pub documents: Vec<Document>,
    /// What leads to its API, if it has one.
    pub forward: Option<Forward>,
    /// What it is called.
    pub name: NodeName,
    /// Holds the documents, which have a key in them.
    folder: Option<TempDir>,
    registered: Option<PathBuf>,
}

impl Preparation {
    /// A node of that name with keys of its own and these files of its owner. `image` is the lowest of its documents,
    /// which the image brings.
    pub fn configured(name: &str, files: &[PathBuf], image: Option<Text>) -> Result<Self> {
        if files.len() > MAX_FILES {
            bail!("{} files of configuration: expected {MAX_FILES} at most", files.len());
        }
        let folder = places::data()?.join("keys/run");
        let keys = RunKeys::load_or_make(&folder, Timestamp::now())?;
        let name = NodeName::like(name);
        let addresses: Vec<Address> =
            ["127.0.0.1", "::1", "localhost"].iter().filter_map(|text| text.parse().ok()).collect();
        let subject: Name = name.as_str().parse().context("the name of the node")?;
        let identity = keys.node_certificate(&subject, &addresses)?;
        let api = keys.machine_configuration(&identity);
        let hostname = hostname(name.as_str());
        let own = format!("version = 1\n\n[identity]\nhostname = {hostname:?}\n\n{}", api.as_str());
        let mut texts = vec![Text { name: "10-run.toml".into(), format: Format::Toml, text: own }];
        texts.extend(read_files(files)?);
        // Before the machine starts, which would tell the same on its console.
        let all: Vec<Text> = image.into_iter().chain(texts.iter().cloned()).collect();
        merged(&all, name.as_str())?;
        let node = move |port: u16| {
            Ok(Node {
                address: format!("127.0.0.1:{port}").parse().context("an address of this machine")?,
                trust: Trust::Authority(KeyFolder::new(&folder).authority_files().certificate),
                credentials: Some(Credentials {
                    certificate: keys.admin_files().certificate.clone(),
                    key: keys.admin_files().key.clone(),
                }),
                note: Some(format!("{NOTE}{}", std::process::id())),
            })
        };
        Ok(Self { name, kind: Kind::Configured { texts, node: Box::new(node) } })
    }

    /// A node without a configuration, which waits for one. It is registered when it is paired.
    pub fn in_maintenance(name: &str) -> Self {
        Self { name: NodeName::like(name), kind: Kind::Maintenance }
    }

    /// A node of an image that has no API.
    pub fn closed(name: &str) -> Self {
        Self { name: NodeName::like(name), kind: Kind::Closed }
    }

    /// Makes what the machine needs, and tells the contexts of the node. Signals have to be caught by then: what is made
    /// here is taken away when the node is dropped.
    pub fn begin(self) -> Result<RunNode> {
        let mut node =
            RunNode { documents: Vec::new(), forward: None, name: self.name, folder: None, registered: None };
        match self.kind {
            Kind::Closed => {}
            Kind::Maintenance => node.forward = Some(forward()?),
            Kind::Configured { texts, node: context } => {
                let folder = tempfile::Builder::new().prefix("corten-run-").tempdir().context("a folder")?;
                let documents =
                    texts.iter().enumerate().map(|(number, text)| put(folder.path(), number, text));
                node.documents = documents.collect::<Result<_>>()?;
                let forward = forward()?;
                let (name, contexts) = register(&node.name, context(forward.host)?)?;
                node.name = name;
                node.forward = Some(forward);
                node.registered = Some(contexts);
                node.folder = Some(folder);
            }
        }
        Ok(node)
    }
}

impl RunNode {
    /// What a person types to reach it.
    pub fn hint(&self) -> Option<String> {
        let port = self.forward?.host;
        Some(if self.registered.is_some() {
            format!("`corten node -n {} info`, from any terminal", self.name)
        } else {
            format!(
                "`corten node pair 127.0.0.1:{port} --code CODE --config FILE --keys FOLDER`, with the code on its \
                 console"
            )
        })
    }
}

impl Drop for RunNode {
    fn drop(&mut self) {
        let Some(path) = &self.registered else { return };
        // What is left is removed by the next run.
        if let Ok(mut contexts) = Contexts::load(path) {
            let _ = contexts.unregister(&self.name);
        }
    }
}

/// A host name that is like the name of a node.
fn hostname(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    name.to_ascii_lowercase().trim_matches('-').to_owned()
}

/// A port of this machine that is free now.
fn forward() -> Result<Forward> {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    Ok(Forward { host: port.context("a free port")?.port(), guest: API_PORT })
}

fn put(folder: &Path, number: usize, text: &Text) -> Result<Document> {
    let ending = if text.format == Format::Yaml { "yaml" } else { "toml" };
    let stem = Path::new(&text.name).file_stem().unwrap_or_default().to_string_lossy();
    let stem: String =
        stem.chars().filter(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).take(20).collect();
    // Names of fw_cfg are short, and the order of the names is the order of the documents.
    let name =
        if number == 0 { "10-run.toml".to_owned() } else { format!("{}-{stem}.{ending}", 50 + number) };
    let path = folder.join(&name);
    let mut file = std::fs::File::create(&path).with_context(|| path.display().to_string())?;
    file.write_all(text.text.as_bytes()).with_context(|| path.display().to_string())?;
    Ok(Document { name, path })
}

/// Adds the node to the contexts, and takes away those whose process has ended without doing so.
fn register(name: &NodeName, node: Node) -> Result<(NodeName, PathBuf)> {
    let path = default_path(&|variable| std::env::var(variable).ok())?;
    let mut contexts = Contexts::load(&path)?;
    let ended = |node: &Node| {
        let process = node.note.as_deref().and_then(|note| note.strip_prefix(NOTE));
        process.is_some_and(|number| !Path::new("/proc").join(number).exists())
    };
    let left: Vec<NodeName> =
        contexts.nodes().filter(|(_, node)| ended(node)).map(|(name, _)| name.clone()).collect();
    for name in left {
        contexts.unregister(&name)?;
    }
    let name = contexts.register_as_free(name, node)?;
    if contexts.document().current.is_none() {
        contexts.use_node(&name)?;
    }
    Ok((name, path))
}
