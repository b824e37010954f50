//! Directory content: blocks of entries, each block complete in itself and sorted, so that the kernel can search.

use zerocopy::IntoBytes;

use crate::erofs::format::{BLOCK, Dirent};
use crate::tree::{Kind, NodeId};

const ENTRY: usize = size_of::<Dirent>();

/// The entries of one directory, `.` and `..` among them.
#[derive(Debug)]
pub struct Listing<'t> {
    entries: Vec<(&'t [u8], NodeId, u8)>,
}

impl<'t> Listing<'t> {
    /// A directory with these entries, which come sorted by name.
    pub fn new(own: NodeId, parent: NodeId, children: impl Iterator<Item = (&'t [u8], NodeId, u8)>) -> Self {
        let mut entries = vec![(&b"."[..], own, DIRECTORY), (b"..", parent, DIRECTORY)];
        entries.extend(children);
        entries.sort_unstable_by_key(|(name, ..)| *name);
        Self { entries }
    }

    /// Bytes of the directory.
    pub fn size(&self) -> usize {
        let mut blocks = self.blocks().peekable();
        let mut size = 0;
        while let Some(block) = blocks.next() {
            size += if blocks.peek().is_some() { BLOCK } else { used(block) };
        }
        size
    }

    /// The content, with inode numbers by node.
    pub fn encode(&self, nid: impl Fn(NodeId) -> u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.entries.len() * 32);
        for block in self.blocks() {
            out.resize(out.len().next_multiple_of(BLOCK), 0);
            let mut name_offset = block.len() * ENTRY;
            for (name, id, file_type) in block {
                let entry = Dirent {
                    nid: nid(*id).into(),
                    name_offset: (name_offset as u16).into(),
                    file_type: *file_type,
                    reserved: 0,
                };
                out.extend_from_slice(entry.as_bytes());
                name_offset += name.len();
            }
            for (name, ..) in block {
                out.extend_from_slice(name);
            }
        }
        out
    }

    /// The entries as they are spread over blocks.
    fn blocks(&self) -> impl Iterator<Item = &[(&'t [u8], NodeId, u8)]> {
        let mut rest = &self.entries[..];
        std::iter::from_fn(move || {
            let mut room = BLOCK;
            let fits = rest.iter().take_while(|(name, ..)| {
                let takes = ENTRY + name.len();
                let fits = takes <= room;
                room = room.saturating_sub(takes);
                fits
            });
            let (block, after) = rest.split_at(fits.count());
            rest = after;
            (!block.is_empty()).then_some(block)
        })
    }
}

const DIRECTORY: u8 = 2;

/// The kernel's `FT_*` of a node.
pub fn file_type(kind: &Kind) -> u8 {
    match kind {
        Kind::File(_) => 1,
        Kind::Directory(_) => DIRECTORY,
        Kind::CharDevice(..) => 3,
        Kind::BlockDevice(..) => 4,
        Kind::Fifo => 5,
        Kind::Socket => 6,
        Kind::Symlink(_) => 7,
    }
}

fn used(block: &[(&[u8], NodeId, u8)]) -> usize {
    block.iter().map(|(name, ..)| ENTRY + name.len()).sum()
}
