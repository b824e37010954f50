//! One unpacked package as the builder looks at it: paths of the merged `/usr`, links followed.

use std::collections::BTreeMap;

use corten_formats::tree::{Kind, Node};

/// How many links one look-up follows; the kernel's own limit.
const LINKS: usize = 40;

/// A package's files by normalised path, and what else the image needs to know of it.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Name of the package.
    pub name: String,
    /// Every entry by its path in the merged `/usr`. A hard link is an entry with the content of its target.
    pub entries: BTreeMap<String, Node>,
    /// Maintainer scripts by name: `postinst` and so on.
    pub scripts: BTreeMap<String, String>,
}

impl Contents {
    /// Follows links from a path within this package and returns every path on the way, the file last.
    /// `None` where the path, or the target of a link, is not in this package.
    pub fn follow(&self, path: &str) -> Option<Vec<String>> {
        let mut way = vec![path.to_owned()];
        for _ in 0..LINKS {
            let at = way.last()?;
            match &self.entries.get(at)?.kind {
                Kind::Symlink(target) => way.push(resolve(at, std::str::from_utf8(target).ok()?)),
                _ => return Some(way),
            }
        }
        None
    }

    /// The regular file at the end of the links from a path.
    pub fn file(&self, path: &str) -> Option<&bytes::Bytes> {
        match &self.entries.get(self.follow(path)?.last()?)?.kind {
            Kind::File(content) => Some(content),
            _ => None,
        }
    }

    /// Paths of files that can be executed, links to such files included.
    pub fn programs(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str).filter(|path| {
            let end = self.follow(path).and_then(|way| way.last().cloned());
            let node = end.and_then(|end| self.entries.get(&end));
            node.is_some_and(|node| matches!(node.kind, Kind::File(_)) && node.meta.mode & 0o111 != 0)
        })
    }
}

/// The path that a link's target means, seen from the link's place.
pub fn resolve(link: &str, target: &str) -> String {
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => link.rsplit_once('/').map_or("", |(folder, _)| folder).split('/').collect(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    let joined: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    crate::assembly::normalise(&joined.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_formats::tree::Meta;

    #[test]
    fn targets_of_links_are_seen_from_their_place() {
        assert_eq!(resolve("/usr/bin/a", "b"), "/usr/bin/b");
        assert_eq!(resolve("/usr/lib/x/a", "../y/b"), "/usr/lib/y/b");
        assert_eq!(resolve("/usr/bin/a", "/bin/b"), "/usr/bin/b");
        assert_eq!(resolve("/usr/bin/a", "../../../../etc/b"), "/etc/b");
    }

    #[test]
    fn links_that_point_at_each_other_lead_nowhere() {
        let link = |target: &str| Node { meta: Meta::default(), kind: Kind::Symlink(target.into()) };
        let entries = BTreeMap::from([("/a".to_owned(), link("b")), ("/b".to_owned(), link("a"))]);
        let contents = Contents { entries, ..Contents::default() };
        assert_eq!(contents.follow("/a"), None);
    }
}
