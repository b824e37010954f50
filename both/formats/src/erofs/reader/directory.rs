//! Entries of a directory's content.

use zerocopy::FromBytes;

use super::{Inode, ReadError};
use crate::erofs::format::{Dirent, NAME_MAX};

const ENTRY: usize = size_of::<Dirent>();

/// Names and inodes, without `.` and `..`. Stops behind the first block that makes them more than `limit`.
pub fn entries(
    inode: &Inode,
    content: &[u8],
    block_size: usize,
    limit: usize,
) -> Result<Vec<(Vec<u8>, u64)>, ReadError> {
    let mut all = Vec::new();
    for block in content.chunks(block_size) {
        if all.len() > limit {
            break;
        }
        let first = dirent(inode, block, 0)?.name_offset.get() as usize;
        if first == 0 || !first.is_multiple_of(ENTRY) || first > block.len() {
            return Err(inode.wrong("a directory block does not say how many entries it has"));
        }
        for at in (0..first).step_by(ENTRY) {
            let entry = dirent(inode, block, at)?;
            let start = entry.name_offset.get() as usize;
            let last = at + ENTRY == first;
            let end =
                if last { block.len() } else { dirent(inode, block, at + ENTRY)?.name_offset.get() as usize };
            let name =
                block.get(start..end).ok_or_else(|| inode.wrong("a name lies outside of its block"))?;
            // Only the last name of a block may be followed by filling.
            let name = if last { name.split(|byte| *byte == 0).next().unwrap_or(name) } else { name };
            if name.is_empty() || name.len() > NAME_MAX {
                return Err(inode.wrong("a name is empty or longer than 255 bytes"));
            }
            if name != b"." && name != b".." {
                all.push((name.to_vec(), entry.nid.get()));
            }
        }
    }
    Ok(all)
}

fn dirent(inode: &Inode, block: &[u8], at: usize) -> Result<Dirent, ReadError> {
    let entry = block.get(at..).and_then(|rest| Dirent::read_from_prefix(rest).ok());
    entry.map(|(entry, _)| entry).ok_or_else(|| inode.wrong("a directory block is cut off"))
}
