//! The file of the contexts, which several programs change at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::document::{Document, MAX_BYTES};
use super::{ContextsError, Fault, Node, NodeName};

/// Stands at the top of the file.
const HEADER: &str =
    "# The nodes that corten knows. It writes this file anew when a node is added or forgotten.\n";

/// A change takes milliseconds; who waits longer than this waits for a program that hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// The contexts as they were read last, and where they are.
#[derive(Clone, Debug)]
pub struct Contexts {
    path: PathBuf,
    document: Document,
}

/// Where a person's contexts are, by the variables of the environment: `XDG_CONFIG_HOME`, else `.config` of `HOME`.
pub fn default_path(variable: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, ContextsError> {
    // By the rules of the XDG base directories, what is not absolute counts as not there.
    let folder = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    Ok(base.ok_or(ContextsError::Nowhere)?.join("corten/contexts.toml"))
}

impl Contexts {
    /// Reads a file. One that is not there has no nodes.
    pub fn load(path: &Path) -> Result<Self, ContextsError> {
        let document = read(path)?;
        Ok(Self { path: path.to_owned(), document })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it said when it was read or changed last.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The nodes, by name; paths are absolute or count from the working folder.
    pub fn nodes(&self) -> impl Iterator<Item = (&NodeName, Node)> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        self.document.nodes.iter().map(move |(name, node)| (name, node.clone().below(folder)))
    }

    /// A node by name, with paths as of [`Contexts::nodes`].
    pub fn node(&self, name: &NodeName) -> Option<Node> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        Some(self.document.nodes.get(name)?.clone().below(folder))
    }

    /// Adds a node under a name that no other has.
    pub fn register(&mut self, name: NodeName, node: Node) -> Result<(), ContextsError> {
        self.change(|document| {
            if document.nodes.contains_key(&name) {
                return Err(ContextsError::Taken(name));
            }
            document.nodes.insert(name, node);
            Ok(())
        })
    }

    /// Adds a node under a name, or the first of `NAME-2`, `NAME-3` and so on that is free, and returns which.
    pub fn register_as_free(&mut self, name: &NodeName, node: Node) -> Result<NodeName, ContextsError> {
        self.change(|document| {
            let names = std::iter::once(name.clone()).chain((2..).map(|number| name.numbered(number)));
            let free = names.into_iter().find(|name| !document.nodes.contains_key(name));
            let free = free.ok_or_else(|| ContextsError::Taken(name.clone()))?;
            document.nodes.insert(free.clone(), node);
            Ok(free)
        })
    }

    /// Adds a node, or puts it in the place of the one with its name.
    pub fn replace(&mut self, name: NodeName, node: Node) -> Result<(), ContextsError> {
        self.change(|document| {
            document.nodes.insert(name, node);
            Ok(())
        })
    }

    /// Removes a node. If it was the current one, there is none then.
    pub fn unregister(&mut self, name: &NodeName) -> Result<(), ContextsError> {
        self.change(|document| {
            if document.nodes.remove(name).is_none() {
                return Err(unknown(document, name));
            }
            document.current.take_if(|current| current == name);
            Ok(())
        })
    }

    /// Makes a node the current one.
    pub fn use_node(&mut self, name: &NodeName) -> Result<(), ContextsError> {
        self.change(|document| {
            if !document.nodes.contains_key(name) {
                return Err(unknown(document, name));
            }
            document.current = Some(name.clone());
            Ok(())
        })
    }

    /// Changes the file as it is now, not as it was when it was read, while nobody else does.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Document) -> Result<T, ContextsError>,
    ) -> Result<T, ContextsError> {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        make_folder(folder)?;
        let _lock = lock(&self.path.with_extension("lock"))?;
        let mut document = read(&self.path)?;
        let result = change(&mut document)?;
        if document != self.document || !self.path.exists() {
            write(&self.path, &document)?;
        }
        self.document = document;
        Ok(result)
    }
}

fn unknown(document: &Document, name: &NodeName) -> ContextsError {
    ContextsError::Unknown { name: name.clone(), known: document.nodes.keys().cloned().collect() }
}

fn at(path: &Path) -> impl Fn(io::Error) -> ContextsError {
    move |source| ContextsError::Io { path: path.to_owned(), source }
}

fn read(path: &Path) -> Result<Document, ContextsError> {
    let wrong = |fault| ContextsError::Wrong { path: path.to_owned(), fault };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Document::default()),
        other => other.map_err(at(path))?,
    };
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(at(path))?;
    Document::parse(&text).map_err(wrong)
}

/// The folder, which is its owner's alone when it is made here.
fn make_folder(folder: &Path) -> Result<(), ContextsError> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))
}

/// Waits for whoever has the lock. It goes with the file that is returned. The file stays: to remove it would give
/// two programs locks of two files.
fn lock(path: &Path) -> Result<File, ContextsError> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(at(path))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                let why = "another program has had this lock for 10 s";
                return Err(at(path)(io::Error::new(io::ErrorKind::TimedOut, why)));
            }
            // On a file system without locks nobody can tell; a change is still all or nothing.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Replaces the file as a whole. A link stays one: what it points to is replaced.
fn write(path: &Path, document: &Document) -> Result<(), ContextsError> {
    let wrong = |fault: Fault| ContextsError::Wrong { path: path.to_owned(), fault };
    let text = format!("{HEADER}{}", document.print().map_err(wrong)?);
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Temporary files have mode 0600.
    let mut file = NamedTempFile::new_in(folder).map_err(at(folder))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(at(file.path()))?;
    file.persist(&target).map_err(|error| at(&target)(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
}

#[cfg(test)]
mod tests;
