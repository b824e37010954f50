//! What an image holds, counted in the same way whoever made it: from its EROFS root.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use anyhow::{Context, Result};
use corten_formats::gpt::SectorSize;
use corten_formats::tree::{Kind, Tree};
use corten_formats::{erofs, gpt};

/// Counts of one image.
pub struct Content {
    /// Size of the root image in bytes.
    pub root: u64,
    /// Size of the disk image after zstd -3.
    pub compressed: u64,
    /// Regular files.
    pub files: usize,
    /// Files with an execute bit in the folders of programs, each file once.
    pub programs: usize,
    /// Files with setuid or setgid.
    pub setuid: usize,
    /// Kernel modules.
    pub modules: usize,
}

/// Reads a disk image with an EROFS root.
pub fn content(disk: &Path) -> Result<Content> {
    let file = File::open(disk).with_context(|| disk.display().to_string())?;
    let size = file.metadata()?.len();
    let table = gpt::read(SectorSize::S512, size, |offset, buffer| file.read_exact_at(buffer, offset))?.table;
    let number = table.partitions.iter().find(|(_, partition)| partition.kind == gpt::types::ROOT_X86_64);
    let (number, _) = number.context("the disk has no root partition")?;
    let range = table.bytes(*number).context("the root partition lies nowhere")?;
    let mut head = [0; 4096];
    file.read_exact_at(&mut head, range.start)?;
    let root = erofs_size(&head).context("the root partition holds no EROFS image")?;
    let mut image = vec![0; root as usize];
    file.read_exact_at(&mut image, range.start)?;
    let tree = erofs::read(&image, &erofs::Limits::default())?;
    Ok(Content { root, compressed: compressed(&file)?, ..count(&tree) })
}

/// Size of an EROFS image by its superblock: number of blocks at 36, size of a block as a power of two at 12.
fn erofs_size(head: &[u8; 4096]) -> Option<u64> {
    let superblock = &head[1024..];
    let blocks = u32::from_le_bytes(superblock[36..40].try_into().ok()?);
    (superblock[..4] == [0xe2, 0xe1, 0xf5, 0xe0]).then(|| u64::from(blocks) << superblock[12])
}

fn compressed(mut file: &File) -> Result<u64> {
    struct Count(u64);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut encoder = zstd::Encoder::new(Count(0), 3)?;
    std::io::copy(&mut file, &mut encoder)?;
    Ok(encoder.finish()?.0)
}

fn count(tree: &Tree) -> Content {
    let mut content = Content { root: 0, compressed: 0, files: 0, programs: 0, setuid: 0, modules: 0 };
    let mut seen = BTreeSet::new();
    tree.walk(|path, id| {
        let node = tree.node(id);
        if !matches!(node.kind, Kind::File(_)) || !seen.insert(id) {
            return;
        }
        let path = String::from_utf8_lossy(path);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        content.files += 1;
        content.programs += usize::from(
            node.meta.mode & 0o111 != 0 && matches!(folder, "/usr/bin" | "/usr/sbin" | "/usr/lib/corten"),
        );
        content.setuid += usize::from(node.meta.mode & 0o6000 != 0);
        content.modules += usize::from(path.contains("/modules/") && path.contains(".ko"));
    });
    content
}
