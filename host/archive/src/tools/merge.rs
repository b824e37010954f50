//! Many packages become one set of files, decided in memory before anything is written.
//!
//! Paths are brought to where they really lie: `/bin` and the like are links into `/usr`, and packages ship links
//! to folders, too. So the writer never follows a link, and no package can write outside the folder by one.

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_formats::deb::tar::{Entry, Kind};

use super::ToolsError;
use super::qemu::detached;
use crate::unpack::Package;

/// Folders at the top that are links into `usr`.
const MERGED: [&str; 4] = ["bin", "sbin", "lib", "lib64"];

/// What tools do not need at run time, and what is most of their files.
const DROPPED: [&str; 7] = [
    "usr/share/doc/",
    "usr/share/man/",
    "usr/share/locale/",
    "usr/share/info/",
    "usr/share/lintian/",
    "usr/share/i18n/",
    "usr/share/bash-completion/",
];

/// Most links that are followed for one path, as in Linux.
const MAX_LINKS: usize = 40;

/// A file of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// A directory.
    Directory,
    /// A regular file.
    Regular {
        /// Its content.
        content: Bytes,
        /// Whether it can be executed.
        executable: bool,
    },
    /// A symbolic link with a relative target that stays in the folder.
    Link(String),
}

/// Puts packages together. Where two have the same file, the one with the later name wins.
pub fn merge(packages: Vec<Package>) -> Result<BTreeMap<String, File>, ToolsError> {
    let mut entries: Vec<Entry> = packages.into_iter().flat_map(|package| package.entries).collect();
    entries.retain(|entry| !DROPPED.iter().any(|prefix| entry.path.starts_with(prefix)));
    let mut links: BTreeMap<String, String> =
        MERGED.iter().map(|name| (name.to_string(), format!("usr/{name}"))).collect();
    for entry in &entries {
        if let Kind::Symlink(target) = &entry.kind {
            let place = links.entry(entry.path.clone());
            place.or_insert(inside(&entry.path, target)?);
        }
    }
    let mut files: BTreeMap<String, File> = BTreeMap::new();
    let mut hard_links = Vec::new();
    for entry in entries {
        let path = real_path(&links, &entry.path)?;
        let file = match entry.kind {
            Kind::Directory => File::Directory,
            Kind::File(content) => {
                File::Regular { content: detached(&path, content), executable: entry.mode & 0o111 != 0 }
            }
            Kind::Symlink(target) => File::Link(relative_to(&path, &inside(&entry.path, &target)?)),
            Kind::HardLink(target) => {
                hard_links.push((path, real_path(&links, &target)?));
                continue;
            }
            Kind::CharDevice(..) | Kind::BlockDevice(..) | Kind::Fifo => continue,
        };
        let is_known_folder = file == File::Directory && files.contains_key(&path);
        if !is_known_folder && !MERGED.contains(&path.as_str()) {
            files.insert(path, file);
        }
    }
    for (path, target) in hard_links {
        if let Some(file) = files.get(&target).cloned() {
            files.insert(path, file);
        }
    }
    for name in MERGED {
        files.insert(name.to_owned(), File::Link(format!("usr/{name}")));
        files.entry(format!("usr/{name}")).or_insert(File::Directory);
    }
    Ok(files)
}

/// The path of a link's target from the root of the folder.
fn inside(path: &str, target: &str) -> Result<String, ToolsError> {
    let mut parts: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        path.rsplit_once('/').map_or(Vec::new(), |(parent, _)| parent.split('/').collect())
    };
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part != ".." {
            parts.push(part);
        } else if parts.pop().is_none() {
            return Err(ToolsError::Link { path: path.to_owned(), target: target.to_owned() });
        }
    }
    Ok(parts.join("/"))
}

/// Where a path lies once all links among its parents are followed.
fn real_path(links: &BTreeMap<String, String>, path: &str) -> Result<String, ToolsError> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let parent = path.match_indices('/').map(|(at, _)| at).find(|at| links.contains_key(&path[..*at]));
        match parent {
            Some(at) => path = format!("{}{}", links[&path[..at]], &path[at..]),
            None => return Ok(path),
        }
    }
    Err(ToolsError::Link { path, target: "itself".to_owned() })
}

/// The target of a link as seen from its folder.
fn relative_to(path: &str, target: &str) -> String {
    let from: Vec<&str> = path.rsplit_once('/').map_or(Vec::new(), |(parent, _)| parent.split('/').collect());
    let to: Vec<&str> = target.split('/').collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| "..");
    let parts: Vec<&str> = up.chain(to[common..].iter().copied()).collect();
    if parts.iter().all(|part| part.is_empty()) { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_targets_are_kept_inside() {
        assert_eq!(inside("usr/bin/a", "/etc/b").expect("inside"), "etc/b");
        assert_eq!(inside("usr/bin/a", "../lib/b").expect("inside"), "usr/lib/b");
        assert!(inside("usr/a", "../../etc/passwd").is_err());
        assert_eq!(relative_to("usr/bin/a", "etc/b"), "../../etc/b");
        assert_eq!(relative_to("usr/bin/a", "usr/bin/b"), "b");
        assert_eq!(relative_to("a", "b/c"), "b/c");
    }

    #[test]
    fn parents_that_are_links_are_followed_and_loops_end() {
        let links = BTreeMap::from([
            ("lib".to_owned(), "usr/lib".to_owned()),
            ("usr/lib/x".to_owned(), "usr/share/x".to_owned()),
            ("loop".to_owned(), "loop/loop".to_owned()),
        ]);
        assert_eq!(real_path(&links, "lib/x/y").expect("a path"), "usr/share/x/y");
        assert_eq!(real_path(&links, "lib").expect("a path"), "lib");
        assert!(real_path(&links, "loop/a").is_err());
    }
}
