//! The device-mapper table of the kernel's `verity` target.

use std::fmt::Write as _;

use super::format::BLOCK;
use super::reader::Superblock;
use super::root_hash::RootHash;

/// What the kernel does when a block that it reads does not match the tree. The read fails in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnCorruption {
    /// The reader gets an I/O error.
    FailRead,
    /// The machine restarts.
    Restart,
    /// The kernel panics: with `panic=` on its command line it says so on the console and then restarts.
    Panic,
}

/// Parameters of the target, which starts at sector 0 and is [`Superblock::data_size`] / 512 sectors long.
///
/// The devices are named as the kernel takes them: `major:minor` or a path.
pub fn table_params(
    superblock: &Superblock,
    root_hash: &RootHash,
    data: &str,
    hash: &str,
    on_corruption: OnCorruption,
) -> String {
    // Version of the hash format, devices, block sizes, data blocks, first hash block, hash, root, salt.
    let mut params =
        format!("1 {data} {hash} {BLOCK} {BLOCK} {} 1 sha256 {root_hash} ", superblock.data_blocks);
    if superblock.salt.is_empty() {
        params.push('-');
    }
    for byte in &superblock.salt {
        let _ = write!(params, "{byte:02x}");
    }
    params.push_str(match on_corruption {
        OnCorruption::FailRead => "",
        OnCorruption::Restart => " 1 restart_on_corruption",
        OnCorruption::Panic => " 1 panic_on_corruption",
    });
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_the_one_of_the_kernels_documentation() {
        let superblock = Superblock { uuid: [0; 16], data_blocks: 262_144, salt: vec![0x12, 0x34] };
        let root = RootHash([0xab; 32]);
        let hex = "ab".repeat(32);
        let plain = table_params(&superblock, &root, "8:1", "8:2", OnCorruption::FailRead);
        assert_eq!(plain, format!("1 8:1 8:2 4096 4096 262144 1 sha256 {hex} 1234"));
        let unsalted = Superblock { salt: Vec::new(), ..superblock };
        let restart = table_params(&unsalted, &root, "/dev/vda2", "/dev/vda3", OnCorruption::Restart);
        assert_eq!(
            restart,
            format!("1 /dev/vda2 /dev/vda3 4096 4096 262144 1 sha256 {hex} - 1 restart_on_corruption")
        );
    }
}
