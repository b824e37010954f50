//! What lies on a disk: file systems, archives, programs.

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_formats::tree::{Kind, Meta, Node, Tree};
use corten_formats::{cpio as cpio_format, erofs as erofs_format, uki as uki_format};

/// A file, a link and a directory.
fn tree() -> Tree {
    let mut tree = Tree::new(Meta { mode: 0o755, ..Meta::default() });
    let node = |kind| Node { meta: Meta { mode: 0o644, ..Meta::default() }, kind };
    let folder = tree.add(Tree::ROOT, b"folder", node(Kind::Directory(BTreeMap::new())));
    let content: Vec<u8> = (0..40_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
    let parts = [
        (b"file".as_slice(), Kind::File(Bytes::from(content))),
        (b"small", Kind::File(Bytes::from_static(b"small"))),
        (b"link", Kind::Symlink(b"file".to_vec())),
    ];
    for (name, kind) in parts {
        if let Ok(folder) = folder {
            let _ = tree.add(folder, name, node(kind));
        }
    }
    tree
}

pub fn erofs(data: &[u8]) {
    let limits = erofs_format::Limits { content_bytes: 1 << 20, entries: 1000, depth: 32 };
    let _ = erofs_format::read(data, &limits);
}

pub fn erofs_seeds() -> Vec<Vec<u8>> {
    use erofs_format::{Compression, NoCache, Options, Packing, PieceSize};
    let compressions = [Compression::None, Compression::Lz4, Compression::Zstd { level: 3 }];
    let image = |compression| {
        let mut options = Options::new([7; 16], 1);
        options.packing = Packing { compression, piece: PieceSize::KIB_64 };
        erofs_format::write(&tree(), &options, &NoCache).map(|image| image.bytes).unwrap_or_default()
    };
    compressions.into_iter().map(image).collect()
}

/// A superblock, with its checksum as it is.
pub fn ext4(data: &[u8]) {
    let mut bytes = [0; corten_formats::ext4::SIZE];
    let length = data.len().min(bytes.len());
    bytes[..length].copy_from_slice(&data[..length]);
    if let Ok(superblock) = corten_formats::ext4::Superblock::parse(&bytes) {
        let _ = corten_formats::ext4::dump(&superblock);
    }
}

/// One without a checksum, so that what lies behind that check is reached.
pub fn ext4_seeds() -> Vec<Vec<u8>> {
    let mut bytes = vec![0; corten_formats::ext4::SIZE];
    for (at, value) in
        [(0x04, 0xff), (0x18, 2), (0x38, 0x53), (0x39, 0xef), (0x3a, 1), (0x5c, 4), (0x60, 0x80)]
    {
        bytes[at] = value;
    }
    vec![bytes]
}

pub fn cpio(data: &[u8]) {
    let _ = cpio_format::read(data);
}

pub fn cpio_seeds() -> Vec<Vec<u8>> {
    cpio_format::write(&tree()).into_iter().collect()
}

pub fn uki(data: &[u8]) {
    if let Ok(image) = uki_format::PeImage::parse(data) {
        for section in image.sections() {
            let _ = image.content(section);
        }
        let _ = image.certificates();
    }
}

/// A PE program with one section, by hand: no compiler makes one on this machine.
pub fn uki_seeds() -> Vec<Vec<u8>> {
    let mut image = vec![0; 1024];
    image[..2].copy_from_slice(b"MZ");
    image[0x3c] = 0x40;
    image[0x40..0x44].copy_from_slice(b"PE\0\0");
    image[0x44..0x46].copy_from_slice(&0x8664_u16.to_le_bytes());
    image[0x46] = 1;
    image[0x54..0x56].copy_from_slice(&240_u16.to_le_bytes());
    image[0x58..0x5a].copy_from_slice(&0x20b_u16.to_le_bytes());
    let section = 0x58 + 240;
    image[section..section + 5].copy_from_slice(b".text");
    for (at, value) in [(8, 16_u32), (12, 4096), (16, 512), (20, 512)] {
        image[section + at..section + at + 4].copy_from_slice(&value.to_le_bytes());
    }
    vec![image]
}

pub fn elf(data: &[u8]) {
    let _ = corten_formats::elf::ElfFile::parse(data);
}

/// This very program, its front: headers, dynamic section and strings of a real linker.
pub fn elf_seeds() -> Vec<Vec<u8>> {
    let program = std::env::current_exe().and_then(std::fs::read);
    program.map(|bytes| bytes[..bytes.len().min(1 << 16)].to_vec()).into_iter().collect()
}
