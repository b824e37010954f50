//! The root's files as a tar archive: sorted, with owners as numbers and one time for all.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use corten_formats::tree::{Kind, NodeId, Tree};
use tar::{EntryType, Header};

use super::atomic::write_atomically;
use crate::error::Error;

/// Writes the tree as a tar archive in the GNU form; extended attributes stand in pax records.
pub fn write_tar(path: &Path, tree: &Tree) -> Result<(), Error> {
    write_atomically(path, |file| {
        let mut archive = tar::Builder::new(BufWriter::new(file));
        let mut names = Vec::new();
        tree.walk(|path, id| names.push((String::from_utf8_lossy(path).into_owned(), id)));
        let mut first_names: BTreeMap<NodeId, String> = BTreeMap::new();
        for (path, id) in names {
            let path = format!(".{path}");
            let first = first_names.get(&id);
            append(&mut archive, tree, &path, id, first)?;
            first_names.entry(id).or_insert(path);
        }
        archive.into_inner()?.flush()
    })
}

fn append<W: Write>(
    archive: &mut tar::Builder<W>,
    tree: &Tree,
    path: &str,
    id: NodeId,
    first: Option<&String>,
) -> std::io::Result<()> {
    let node = tree.node(id);
    let attributes = node.meta.xattrs.iter();
    let records: Vec<(String, &[u8])> = attributes
        .map(|(name, value)| (format!("SCHILY.xattr.{}", String::from_utf8_lossy(name)), value.as_slice()))
        .collect();
    if !records.is_empty() {
        archive.append_pax_extensions(records.iter().map(|(name, value)| (name.as_str(), *value)))?;
    }
    let mut header = Header::new_gnu();
    header.set_mode(u32::from(node.meta.mode));
    header.set_uid(u64::from(node.meta.uid));
    header.set_gid(u64::from(node.meta.gid));
    header.set_mtime(node.meta.mtime);
    header.set_size(0);
    let mut link = None;
    let mut content: &[u8] = &[];
    match (&node.kind, first) {
        (Kind::File(_), Some(first)) => {
            header.set_entry_type(EntryType::Link);
            link = Some(first.clone());
        }
        (Kind::File(bytes), None) => {
            header.set_entry_type(EntryType::Regular);
            header.set_size(bytes.len() as u64);
            content = bytes;
        }
        (Kind::Directory(_), _) => header.set_entry_type(EntryType::Directory),
        (Kind::Symlink(target), _) => {
            header.set_entry_type(EntryType::Symlink);
            link = Some(String::from_utf8_lossy(target).into_owned());
        }
        (Kind::CharDevice(major, minor), _) => device(&mut header, EntryType::Char, *major, *minor)?,
        (Kind::BlockDevice(major, minor), _) => device(&mut header, EntryType::Block, *major, *minor)?,
        (Kind::Fifo, _) => header.set_entry_type(EntryType::Fifo),
        // tar has no form for a socket, and an image has no use for one.
        (Kind::Socket, _) => return Ok(()),
    }
    match link {
        Some(target) => archive.append_link(&mut header, path, target),
        None => archive.append_data(&mut header, path, content),
    }
}

fn device(header: &mut Header, kind: EntryType, major: u32, minor: u32) -> std::io::Result<()> {
    header.set_entry_type(kind);
    header.set_device_major(major)?;
    header.set_device_minor(minor)
}
