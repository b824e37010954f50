//! An image as text, one line an inode, for people and for snapshots.

use std::fmt::Write;

use super::format::mode;
use super::reader::{Contents, Extent, Image, Inode, Layout, Limits, Place, ReadError, extents, walk};

/// Superblock and entries. Content of files is not unpacked, so this works for algorithms that [`super::read`]
/// does not know.
pub fn dump(image: &[u8], limits: &Limits) -> Result<String, ReadError> {
    let image = Image::open(image)?;
    let superblock = &image.superblock;
    let mut out = String::new();
    let uuid = u128::from_be_bytes(superblock.uuid);
    let _ = writeln!(
        out,
        "erofs blocks={} block_size={} inodes={} time={} uuid={uuid:032x} compat={:#x} incompat={:#x} algorithms={:#x}",
        superblock.blocks,
        image.block_size(),
        superblock.inodes,
        superblock.build_time,
        superblock.feature_compat.get(),
        superblock.feature_incompat.get(),
        superblock.algorithms.get(),
    );
    let mut contents = Contents::new(&image, limits.content_bytes);
    walk(
        &image,
        limits,
        |entry, contents| {
            let inode = entry.inode;
            if matches!(inode.layout, Layout::Full | Layout::Compact) {
                contents.count(inode.size)?;
            }
            let _ = write!(
                out,
                "{} nid={} {}{:04o} {}:{} nlink={} size={} {}{}",
                entry.path.escape_ascii(),
                inode.nid,
                letter(inode.mode),
                inode.mode & 0o7777,
                inode.uid,
                inode.gid,
                inode.nlink,
                inode.size,
                if inode.extended { "extended " } else { "" },
                place(&image, inode)?,
            );
            if inode.extended {
                let _ = write!(out, " mtime={}", inode.mtime);
            }
            if inode.xattrs_len != 0 {
                let _ = write!(out, " xattrs={}", inode.xattrs_len);
            }
            out.push('\n');
            Ok(())
        },
        &mut contents,
    )?;
    Ok(out)
}

fn letter(bits: u16) -> char {
    match bits & mode::TYPE {
        mode::FILE => '-',
        mode::DIRECTORY => 'd',
        mode::SYMLINK => 'l',
        mode::CHAR => 'c',
        mode::BLOCK => 'b',
        mode::FIFO => 'p',
        mode::SOCKET => 's',
        _ => '?',
    }
}

/// Where the data lies: `block 5`, `inline`, `device 8:1`, or the extents of a compressed file.
fn place(image: &Image<'_>, inode: &Inode) -> Result<String, ReadError> {
    let kind = inode.mode & mode::TYPE;
    if matches!(kind, mode::CHAR | mode::BLOCK) {
        let (major, minor) = super::format::decode_device(inode.place);
        return Ok(format!("device {major}:{minor}"));
    }
    if inode.size == 0 {
        return Ok("empty".to_owned());
    }
    let whole = inode.size / image.block_size();
    Ok(match inode.layout {
        Layout::Plain => format!("block {}", inode.place),
        Layout::Inline if whole == 0 => "inline".to_owned(),
        Layout::Inline => format!("block {} inline {}", inode.place, inode.size % image.block_size()),
        Layout::Chunked => format!("chunks {:#x}", inode.place),
        Layout::Full | Layout::Compact => {
            let form = if inode.layout == Layout::Full { "full" } else { "compact" };
            let extents = extents(image, inode)?;
            let list: Vec<String> = extents.iter().map(|extent| describe(image, extent)).collect();
            format!("{form} [{}]", list.join(" "))
        }
    })
}

/// `length@block+blocks` with a letter for how it is stored.
fn describe(image: &Image<'_>, extent: &Extent) -> String {
    let partial = if extent.partial { "?" } else { "" };
    match extent.place {
        Place::Blocks { offset, len, algorithm } => {
            let block = offset / image.block_size();
            let blocks = len / image.block_size();
            format!("{}{partial}@{block}+{blocks}:{algorithm}", extent.len)
        }
        Place::Inline { len, algorithm, .. } => format!("{}{partial}@inline+{len}:{algorithm}", extent.len),
        Place::Fragment { offset } => format!("{}@fragment {offset}", extent.len),
    }
}
