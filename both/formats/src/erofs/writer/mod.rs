//! From a tree to the bytes of an image.
//!
//! In order: survey the nodes, gather and compress their content, decide on the form of each inode, give each a
//! place in the metadata and its data blocks behind that, then write everything to where it belongs.

mod compress;
mod content;
mod directory;
mod index;
mod inode;
mod space;
mod superblock;
mod survey;
mod xattr;

use rayon::prelude::*;

use self::content::Contents;
use self::directory::{Listing, file_type};
use self::inode::{Data, Inode, Place};
use self::space::MetadataSpace;
use self::survey::{Found, survey};
pub use self::xattr::XattrError;
use super::cache::PieceCache;
use super::format::{BLOCK, SLOT};
use super::options::Options;
use crate::tree::{Kind, NodeId, Tree};

/// Why a tree has no EROFS image.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A directory has two names or contains itself.
    #[error("{} is a second name of a directory", String::from_utf8_lossy(.path))]
    DirectoryTwice {
        /// The second name.
        path: Vec<u8>,
    },
    /// The mode has bits other than permissions.
    #[error("{}: mode {mode:o} is above 7777", String::from_utf8_lossy(.path))]
    Mode {
        /// The node.
        path: Vec<u8>,
        /// Its mode.
        mode: u16,
    },
    /// The device number has no place in an inode.
    #[error("{}: device {major}:{minor} is above 4095:1048575", String::from_utf8_lossy(.path))]
    Device {
        /// The node.
        path: Vec<u8>,
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
    /// The target of a link is empty or too long.
    #[error("{}: a link target has 1 to 4095 bytes, this one {len}", String::from_utf8_lossy(.path))]
    Symlink {
        /// The node.
        path: Vec<u8>,
        /// Bytes of the target.
        len: usize,
    },
    /// An extended attribute has no place in an inode.
    #[error("{}: {source}", String::from_utf8_lossy(.path))]
    Xattr {
        /// The node.
        path: Vec<u8>,
        /// What is wrong.
        source: XattrError,
    },
    /// The image would be larger than EROFS can address with 32-bit block numbers.
    #[error("the image would have {0} blocks of 4096 bytes, more than 4294967295")]
    TooLarge(usize),
}

/// A finished image.
#[derive(Debug)]
pub struct Image {
    /// The bytes, a multiple of 4096.
    pub bytes: Vec<u8>,
    /// What went into it.
    pub statistics: Statistics,
}

/// Numbers about an image, for reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Inodes.
    pub inodes: usize,
    /// Regular files among them.
    pub files: usize,
    /// Bytes of the content of all files.
    pub content_bytes: u64,
    /// Bytes of content that another file has as well, so that they are not stored again.
    pub shared_bytes: u64,
    /// Bytes of content that are stored compressed.
    pub compressed_from: u64,
    /// Bytes that they take in the image.
    pub compressed_to: u64,
    /// Bytes of superblock and inodes with their attributes, tails and indexes.
    pub metadata_bytes: u64,
    /// Contents that came from the cache.
    pub cached: usize,
}

/// Writes an image. The same tree and options give the same bytes, with any cache and number of threads.
pub fn write(tree: &Tree, options: &Options, cache: &dyn PieceCache) -> Result<Image, WriteError> {
    let found = survey(tree)?;
    let mut contents = Contents::gather(&found, options, cache);
    let inodes = plan(tree, &found, &mut contents, options.epoch)?;

    let mut space = MetadataSpace::new(superblock::LENGTH);
    let records: Vec<usize> = inodes.iter().map(|inode| space.take(inode.record_len())).collect();
    let blocks = Blocks::assign(space.blocks(), &inodes, &contents);
    let total = u32::try_from(blocks.end).map_err(|_| WriteError::TooLarge(blocks.end))?;

    let mut bytes = vec![0; blocks.end * BLOCK];
    let mut nids = vec![0; tree.len()];
    for (found, record) in found.iter().zip(&records) {
        nids[found.id.index()] = (record / SLOT) as u64;
    }
    for (number, (inode, found)) in inodes.iter().zip(&found).enumerate() {
        let place = Place { first_block: blocks.of_inode[number] as u32, ino: number as u32 + 1 };
        let listed;
        let flat: &[u8] = match &inode.data {
            Data::Special(_) | Data::File(None) => &[],
            Data::Symlink(target) => target,
            Data::File(Some(at)) => &contents.list[*at].bytes,
            Data::Directory(listing) => {
                listed = listing.encode(|id: NodeId| nids[id.index()]);
                &listed
            }
        };
        let record = inode.encode(found, place, &contents, flat);
        bytes[records[number]..][..record.len()].copy_from_slice(&record);
        if !matches!(inode.data, Data::File(_)) {
            let own = flat.len().min(inode.flat_blocks() * BLOCK);
            bytes[blocks.of_inode[number] * BLOCK..][..own].copy_from_slice(&flat[..own]);
        }
    }
    store(&contents, &mut bytes[blocks.contents * BLOCK..]);
    superblock::write(
        &mut bytes,
        options,
        superblock::Numbers {
            root_nid: (records[0] / SLOT) as u16,
            inodes: inodes.len() as u64,
            blocks: total,
        },
    );
    let statistics = statistics(&inodes, &contents, space.blocks());
    Ok(Image { bytes, statistics })
}

/// Decides on the form of each inode, and with that on the blocks of content that is not compressed.
fn plan<'t>(
    tree: &'t Tree,
    found: &[Found<'t>],
    contents: &mut Contents,
    epoch: u64,
) -> Result<Vec<Inode<'t>>, WriteError> {
    let mut inodes = Vec::with_capacity(found.len());
    for (number, found) in found.iter().enumerate() {
        let content = contents.of_node[number];
        let data = match &found.node.kind {
            Kind::Directory(entries) => {
                let children =
                    entries.iter().map(|(name, id)| (&name[..], *id, file_type(&tree.node(*id).kind)));
                Data::Directory(Listing::new(found.id, found.parent, children))
            }
            _ => Data::of(found, content)?,
        };
        let inode = Inode::new(found, data, contents, epoch)?;
        if let (Some(at), false) = (content, inode.compressed()) {
            let blocks = &mut contents.list[at].blocks;
            *blocks = inode.flat_blocks().max(*blocks);
        }
        inodes.push(inode);
    }
    Ok(inodes)
}

/// First blocks of all data.
struct Blocks {
    /// By inode; 0 where there is no data outside of the record.
    of_inode: Vec<usize>,
    /// Where file content begins.
    contents: usize,
    end: usize,
}

impl Blocks {
    /// Directories and long links follow the metadata, file content follows them.
    fn assign(first: usize, inodes: &[Inode<'_>], contents: &Contents) -> Self {
        let mut next = first;
        let mut take = |blocks: usize| {
            let start = next;
            next += blocks;
            if blocks == 0 { 0 } else { start }
        };
        let own: Vec<usize> = inodes
            .iter()
            .map(|inode| take(if matches!(inode.data, Data::File(_)) { 0 } else { inode.flat_blocks() }))
            .collect();
        let mut first_content = 0;
        let of_content: Vec<usize> = contents
            .list
            .iter()
            .map(|content| {
                let start = take(content.blocks);
                first_content = if first_content == 0 { start } else { first_content };
                start
            })
            .collect();
        let of_inode = inodes.iter().zip(own).map(|(inode, own)| match inode.data {
            Data::File(Some(at)) => of_content[at],
            _ => own,
        });
        let of_inode = of_inode.collect();
        let contents = if first_content == 0 { next } else { first_content };
        Self { of_inode, contents, end: next }
    }
}

/// Copies all content to its blocks, which lie one after another.
fn store(contents: &Contents, mut blocks: &mut [u8]) {
    let mut jobs = Vec::with_capacity(contents.list.len());
    for content in &contents.list {
        let (own, rest) = std::mem::take(&mut blocks).split_at_mut(content.blocks * BLOCK);
        blocks = rest;
        jobs.push((content, own));
    }
    jobs.into_par_iter().for_each(|(content, own)| content.store(own));
}

fn statistics(inodes: &[Inode<'_>], contents: &Contents, metadata_blocks: usize) -> Statistics {
    let file_sizes =
        inodes.iter().filter(|inode| matches!(inode.data, Data::File(_))).map(|inode| inode.size);
    let content_bytes = file_sizes.clone().sum::<usize>() as u64;
    let unique = contents.list.iter().map(|content| content.bytes.len() as u64).sum::<u64>();
    let compressed = || contents.list.iter().filter(|content| content.pieces.is_some());
    Statistics {
        inodes: inodes.len(),
        files: file_sizes.count(),
        content_bytes,
        shared_bytes: content_bytes - unique,
        compressed_from: compressed().map(|content| content.bytes.len() as u64).sum(),
        compressed_to: compressed().map(|content| (content.blocks * BLOCK) as u64).sum(),
        metadata_bytes: (metadata_blocks * BLOCK) as u64,
        cached: contents.cached,
    }
}
