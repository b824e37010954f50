//! How large the disk of a qcow2 image is, and how it becomes larger without a QEMU.
//!
//! Specification: `docs/interop/qcow2.rst` of the QEMU source. The L1 table names tables that name clusters. It has
//! whole clusters, so there is room behind its entries: with clusters of 64 KiB for a disk of 4 TiB.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Header of version 2, and what of the one of version 3 matters here.
const HEADER: usize = 96;
const MAGIC: u32 = u32::from_be_bytes(*b"QFI\xfb");

/// Places of numbers in the header, big-endian.
const VERSION: usize = 4;
const CLUSTER_BITS: usize = 20;
const SIZE: usize = 24;
const ENCRYPTION: usize = 32;
const L1_SIZE: usize = 36;
const L1_OFFSET: usize = 40;
const SNAPSHOTS: usize = 60;
/// Since version 3: features that a program has to know, and features that one which does not know them has to take
/// away.
const INCOMPATIBLE: usize = 72;
const AUTOCLEAR: usize = 88;

/// Bytes of an entry of a table.
const ENTRY: u64 = 8;

struct Header([u8; HEADER]);

impl Header {
    fn read(file: &File) -> io::Result<Self> {
        let mut bytes = [0; HEADER];
        // An image of version 2 may end with its shorter header only if it has no tables.
        file.read_exact_at(&mut bytes, 0)?;
        let header = Self(bytes);
        let (magic, version) = (header.u32(0), header.u32(VERSION));
        if magic != MAGIC || !(2..=3).contains(&version) {
            return Err(io::Error::other("not a qcow2 image of version 2 or 3"));
        }
        Ok(header)
    }

    fn u32(&self, at: usize) -> u32 {
        self.0[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from(self.u32(at)) << 32 | u64::from(self.u32(at + 4))
    }

    /// Whether there is nothing in the image that depends on the size of the disk and is not known here.
    fn is_plain(&self) -> bool {
        let features = self.u32(VERSION) > 2 && (self.u64(INCOMPATIBLE) | self.u64(AUTOCLEAR)) != 0;
        !features && self.u32(SNAPSHOTS) == 0 && (9..=21).contains(&self.u32(CLUSTER_BITS))
    }
}

/// Bytes of the disk.
pub fn size(file: &File) -> io::Result<u64> {
    Ok(Header::read(file)?.u64(SIZE))
}

/// Makes the disk that large, unless it is already. Nobody else may have the image open.
pub fn grow(file: &File, size: u64) -> io::Result<()> {
    let header = Header::read(file)?;
    if header.u64(SIZE) >= size {
        return Ok(());
    }
    let refused = |why: &str| {
        let text =
            format!("{why}: expected an image that can grow to {size} bytes; `qemu-img resize` may do it");
        Err(io::Error::other(text))
    };
    if !header.is_plain() {
        return refused("it has snapshots or features that are not known");
    }
    let cluster = 1_u64 << header.u32(CLUSTER_BITS);
    let (used, wanted) = (u64::from(header.u32(L1_SIZE)), size.div_ceil(cluster * (cluster / ENTRY)));
    let room = (used * ENTRY).next_multiple_of(cluster) / ENTRY;
    let Some(entries) = u32::try_from(wanted).ok().filter(|_| wanted <= room) else {
        return refused("its table has no room");
    };
    let fresh = vec![0; (wanted.saturating_sub(used) * ENTRY) as usize];
    file.write_all_at(&fresh, header.u64(L1_OFFSET) + used * ENTRY)?;
    file.sync_data()?;
    // Both numbers lie in one sector: an image that is cut off from here has them both or none.
    let mut numbers = size.to_be_bytes().to_vec();
    numbers.extend_from_slice(&header.0[ENCRYPTION..L1_SIZE]);
    numbers.extend_from_slice(&entries.to_be_bytes());
    file.write_all_at(&numbers, SIZE as u64)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use bytes::Bytes;
    use corten_formats::extent::Extents;
    use corten_formats::qcow2::Qcow2;

    use super::*;
    use crate::probe::outside_tool;

    const MIB: u64 = 1 << 20;

    fn image(path: &Path, size: u64) -> File {
        let mut disk = Extents::new(size);
        disk.insert(MIB, Bytes::from(vec![7; 70_000])).expect("it fits");
        let mut file = File::create(path).expect("a file");
        Qcow2::new(&disk).expect("a size").write(&mut file).expect("it is written");
        File::options().read(true).write(true).open(path).expect("it opens")
    }

    fn qemu_img(tool: &Path, arguments: &[&str], path: &Path) -> String {
        let done = Command::new(tool).args(arguments).arg(path).output().expect("it starts");
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{text}{}", String::from_utf8_lossy(&done.stderr));
        text
    }

    #[test]
    fn a_grown_image_is_one_for_qemu_and_has_the_same_content() {
        let Some(tool) = outside_tool("qemu-img") else { return };
        let folder = tempfile::tempdir().expect("temporary folder");
        let (path, before) = (folder.path().join("disk.qcow2"), folder.path().join("before.qcow2"));
        let file = image(&path, 3 * MIB);
        std::fs::copy(&path, &before).expect("a copy");
        // Less than there is, more of the same table, and more tables.
        for (wanted, expected) in [(MIB, 3 * MIB), (100 * MIB, 100 * MIB), (8192 * MIB, 8192 * MIB)] {
            grow(&file, wanted).expect("it grows");
            assert_eq!(size(&file).expect("it reads"), expected);
            qemu_img(&tool, &["check", "-q", "-f", "qcow2"], &path);
            let told = qemu_img(&tool, &["info", "--output", "json", "-f", "qcow2"], &path);
            let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
            assert_eq!(told["virtual-size"], expected);
            let same = ["compare", "-f", "qcow2", "-F", "qcow2", before.to_str().expect("text")];
            qemu_img(&tool, &same, &path);
        }
    }

    #[test]
    fn what_can_not_grow_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("disk.qcow2");
        let file = image(&path, 3 * MIB);
        let refused = |size: u64| {
            let before = std::fs::read(&path).expect("it reads");
            let error = grow(&file, size).expect_err("it can't grow").to_string();
            assert!(std::fs::read(&path).expect("it reads") == before);
            error
        };
        let five_tib = refused(5 << 40);
        assert!(five_tib.starts_with("its table has no room: "), "{five_tib}");
        for (place, value) in [(SNAPSHOTS + 3, 1), (INCOMPATIBLE + 7, 2), (AUTOCLEAR + 7, 1)] {
            file.write_all_at(&[value], place as u64).expect("it is ours");
            let odd = refused(8192 * MIB);
            assert!(odd.starts_with("it has snapshots or features"), "{odd}");
            file.write_all_at(&[0], place as u64).expect("it is ours");
        }
        file.write_all_at(b"RAW!", 0).expect("it is ours");
        assert_eq!(refused(8192 * MIB), "not a qcow2 image of version 2 or 3");
    }
}
