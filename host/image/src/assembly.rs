//! The tree while it is being put together: every path with where it comes from.
//!
//! Paths are normalised to the merged `/usr`, so `/bin/x` of one package and `/usr/bin/x` of another are the same
//! path. Two origins may bring the same path only with the same node; everything else is a conflict that names both.

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_formats::tree::{Kind, Meta, Node, NodeId, Tree};

use crate::error::Error;

/// Where a file of the image comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A package of the archive, by name.
    Package(String),
    /// Made by the builder in place of a maintainer script or the like; the text says what it is.
    Produced(&'static str),
    /// The recipe names it.
    Recipe,
    /// A program of Corten itself.
    Corten,
    /// A container image, by its name in the recipe.
    Image(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Package(name) => write!(f, "package {name}"),
            Self::Produced(what) => write!(f, "the builder ({what})"),
            Self::Recipe => f.write_str("the recipe"),
            Self::Corten => f.write_str("corten itself"),
            Self::Image(name) => write!(f, "image {name}"),
        }
    }
}

/// The top-level directories that are links into `/usr`.
pub const MERGED: [&str; 4] = ["bin", "lib", "lib64", "sbin"];

/// The path as it lies in a merged `/usr`, with a leading slash and without a trailing one.
pub fn normalise(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if MERGED.contains(&first) { format!("/usr/{path}") } else { format!("/{path}") }
}

/// The tree so far and the origin of each path that something asked for by name.
pub struct Assembly {
    tree: Tree,
    origins: BTreeMap<String, Origin>,
    epoch: u64,
}

impl Assembly {
    /// An empty tree whose files all carry one time, seconds since 1970.
    pub fn new(epoch: u64) -> Self {
        let root = Meta { mode: 0o755, mtime: epoch, ..Meta::default() };
        Self { tree: Tree::new(root), origins: BTreeMap::new(), epoch }
    }

    /// The finished tree and the origin of each path in it, implied directories aside.
    pub fn finish(self) -> (Tree, BTreeMap<String, Origin>) {
        (self.tree, self.origins)
    }

    /// Whether the path exists.
    pub fn contains(&self, path: &str) -> bool {
        self.tree.lookup(normalise(path).as_bytes()).is_some()
    }

    /// Whether somebody asked for the path by name: an implied directory exists, but has no mode of its own yet.
    pub fn is_named(&self, path: &str) -> bool {
        self.origins.contains_key(&normalise(path))
    }

    /// Adds a regular file.
    pub fn file(&mut self, path: &str, content: Bytes, mode: u16, origin: Origin) -> Result<(), Error> {
        self.place(path, self.node(mode, Kind::File(content)), origin)
    }

    /// Adds a symbolic link.
    pub fn symlink(&mut self, path: &str, target: &str, origin: Origin) -> Result<(), Error> {
        self.place(path, self.node(0o777, Kind::Symlink(target.into())), origin)
    }

    /// Adds a link right below the root, `/bin` for example, which other paths would be normalised through.
    pub fn top_level_link(&mut self, name: &str, target: &str, origin: Origin) -> Result<(), Error> {
        let node = self.node(0o777, Kind::Symlink(target.into()));
        let path = format!("/{name}");
        self.tree
            .add(Tree::ROOT, name.as_bytes(), node)
            .map_err(|why| Error::Path { path: path.clone(), why })?;
        self.origins.insert(path, origin);
        Ok(())
    }

    /// Adds a directory, or gives an implied one its mode.
    pub fn directory(&mut self, path: &str, mode: u16, origin: Origin) -> Result<(), Error> {
        self.place(path, self.node(mode, Kind::Directory(BTreeMap::new())), origin)
    }

    /// A node of root's with the time of the build.
    pub fn node(&self, mode: u16, kind: Kind) -> Node {
        Node { meta: Meta { mode, mtime: self.epoch, ..Meta::default() }, kind }
    }

    /// Adds a node with its own owner and mode; its time becomes that of the build.
    pub fn place(&mut self, path: &str, mut node: Node, origin: Origin) -> Result<(), Error> {
        let path = normalise(path);
        node.meta.mtime = self.epoch;
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
        let parent = self.parents(parent, &origin)?;
        let Some(existing) = self.tree.child(parent, name.as_bytes()) else {
            self.tree
                .add(parent, name.as_bytes(), node)
                .map_err(|why| Error::Path { path: path.clone(), why })?;
            self.origins.insert(path, origin);
            return Ok(());
        };
        let old = self.tree.node_mut(existing);
        match (&old.kind, &node.kind) {
            (Kind::Directory(_), Kind::Directory(_)) => {
                // An implied directory takes the mode of whoever names it; two that name it must agree.
                if let Some(first) = self.origins.get(&path)
                    && old.meta != node.meta
                {
                    return Err(Error::conflict(&path, first, &origin));
                }
                old.meta = node.meta;
                self.origins.entry(path).or_insert(origin);
                Ok(())
            }
            _ if *old == node => Ok(()),
            _ => {
                let first = self.origins.get(&path).cloned().unwrap_or(Origin::Recipe);
                Err(Error::conflict(&path, &first, &origin))
            }
        }
    }

    fn parents(&mut self, path: &str, origin: &Origin) -> Result<NodeId, Error> {
        let mut at = Tree::ROOT;
        let mut so_far = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            so_far = format!("{so_far}/{part}");
            at = match self.tree.child(at, part.as_bytes()) {
                Some(child) if matches!(self.tree.node(child).kind, Kind::Directory(_)) => child,
                Some(_) => {
                    let first = self.origins.get(&so_far).cloned().unwrap_or(Origin::Recipe);
                    return Err(Error::conflict(&so_far, &first, origin));
                }
                None => {
                    let directory = self.node(0o755, Kind::Directory(BTreeMap::new()));
                    let added = self.tree.add(at, part.as_bytes(), directory);
                    added.map_err(|why| Error::Path { path: so_far.clone(), why })?
                }
            };
        }
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &'static str) -> Bytes {
        Bytes::from_static(content.as_bytes())
    }

    #[test]
    fn one_path_from_two_origins_is_a_conflict_unless_it_is_the_same() {
        let mut assembly = Assembly::new(1);
        assembly.file("/bin/x", text("a"), 0o755, Origin::Package("one".into())).expect("the path is free");
        assembly
            .file("/usr/bin/x", text("a"), 0o755, Origin::Package("two".into()))
            .expect("it is the same file");
        let error = assembly.file("/usr/bin/x", text("b"), 0o755, Origin::Recipe).expect_err("it differs");
        assert_eq!(
            error.to_string(),
            "/usr/bin/x comes from package one and from the recipe, and they differ"
        );
    }

    #[test]
    fn a_file_has_no_entries() {
        let mut assembly = Assembly::new(1);
        assembly.file("/etc/x", text("a"), 0o644, Origin::Recipe).expect("the path is free");
        assert!(assembly.file("/etc/x/y", text("b"), 0o644, Origin::Recipe).is_err());
    }

    #[test]
    fn a_directory_that_is_named_gives_its_mode_to_one_that_was_implied() {
        let mut assembly = Assembly::new(1);
        assembly.file("/srv/x", text("a"), 0o644, Origin::Recipe).expect("the path is free");
        assembly.directory("/srv", 0o700, Origin::Recipe).expect("it was implied");
        let (tree, _) = assembly.finish();
        let srv = tree.lookup(b"/srv").expect("it was added");
        assert_eq!(tree.node(srv).meta.mode, 0o700);
    }
}
