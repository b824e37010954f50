//! One inode in either of its two forms.

use super::{Image, ReadError};
use crate::erofs::format::{CompactInode, ExtendedInode, XattrHeader, layout};

/// How an inode's data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Whole blocks.
    Plain,
    /// Whole blocks, the rest behind the inode.
    Inline,
    /// Compressed with 8 bytes of index a block.
    Full,
    /// Compressed with a packed index.
    Compact,
    /// Chunks by table.
    Chunked,
}

/// What an inode says.
#[derive(Clone, Debug)]
pub struct Inode {
    /// Its number.
    pub nid: u64,
    /// How its data is kept.
    pub layout: Layout,
    /// Whether it is of the long form.
    pub extended: bool,
    /// Type and permissions.
    pub mode: u16,
    /// Names that it says to have.
    pub nlink: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Seconds since 1970.
    pub mtime: u64,
    /// Bytes of its data.
    pub size: u64,
    /// First block, compressed blocks, device, or chunk format.
    pub place: u32,
    /// Where its attributes begin.
    pub xattrs: u64,
    /// Bytes of its attributes.
    pub xattrs_len: u64,
}

impl Inode {
    /// Reads an inode.
    pub fn read(image: &Image<'_>, nid: u64) -> Result<Self, ReadError> {
        let offset =
            image.inode_offset(nid).ok_or(ReadError::Inode { nid, what: "the number is too large" })?;
        let short: CompactInode = image.record("an inode", offset)?;
        let format = short.format.get();
        if format >> 4 != 0 {
            return Err(ReadError::Unsupported(format!("inode format {format:#x}")));
        }
        let layout = match format >> 1 {
            layout::FLAT_PLAIN => Layout::Plain,
            layout::COMPRESSED_FULL => Layout::Full,
            layout::FLAT_INLINE => Layout::Inline,
            layout::COMPRESSED_COMPACT => Layout::Compact,
            layout::CHUNKED => Layout::Chunked,
            other => return Err(ReadError::Unsupported(format!("inode data layout {other}"))),
        };
        let xattrs_len = match short.xattr_count.get() {
            0 => 0,
            count => size_of::<XattrHeader>() as u64 + 4 * (u64::from(count) - 1),
        };
        let mut inode = Self {
            nid,
            layout,
            extended: format & 1 != 0,
            mode: short.mode.get(),
            nlink: u32::from(short.nlink.get()),
            uid: u32::from(short.uid.get()),
            gid: u32::from(short.gid.get()),
            mtime: image.superblock.build_time.get(),
            size: u64::from(short.size.get()),
            place: short.place.get(),
            xattrs: offset + size_of::<CompactInode>() as u64,
            xattrs_len,
        };
        if inode.extended {
            let long: ExtendedInode = image.record("an inode", offset)?;
            inode.nlink = long.nlink.get();
            inode.uid = long.uid.get();
            inode.gid = long.gid.get();
            inode.mtime = long.mtime.get();
            inode.size = long.size.get();
            inode.place = long.place.get();
            inode.xattrs = offset + size_of::<ExtendedInode>() as u64;
        }
        if inode.size > i64::MAX as u64 {
            return Err(ReadError::Inode { nid, what: "the size is negative" });
        }
        Ok(inode)
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.mode & crate::erofs::format::mode::TYPE == crate::erofs::format::mode::DIRECTORY
    }

    /// Where what follows inode and attributes begins: tail, chunk table or, rounded up, the index.
    pub fn body(&self) -> u64 {
        self.xattrs + self.xattrs_len
    }

    /// An error about this inode.
    pub fn wrong(&self, what: &'static str) -> ReadError {
        ReadError::Inode { nid: self.nid, what }
    }
}
