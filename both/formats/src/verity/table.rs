//! The device-mapper table of the kernel's `verity` target.

use std::fmt::Write as _;

use super::format::BLOCK;
use super::reader::Superblock;
use super::root_hash::RootHash;

/// Parameters of the target, with which a block that does not match the tree restarts the machine when it
/// is read. The target starts at sector 0 and is [`Superblock::data_size`] / 512 sectors long.
///
/// The devices are named as the kernel takes them: `major:minor` or a path.
pub fn table_params(superblock: &Superblock, root_hash: &RootHash, data: &str, hash: &str) -> String {
    // Version of the hash format, devices, block sizes, data blocks, first hash block, hash, root, salt.
    let mut params =
        format!("1 {data} {hash} {BLOCK} {BLOCK} {} 1 sha256 {root_hash} ", superblock.data_blocks);
    if superblock.salt.is_empty() {
        params.push('-');
    }
    for byte in &superblock.salt {
        let _ = write!(params, "{byte:02x}");
    }
    params.push_str(" 1 restart_on_corruption");
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
        let end = "1 restart_on_corruption";
        let salted = table_params(&superblock, &root, "8:1", "8:2");
        assert_eq!(salted, format!("1 8:1 8:2 4096 4096 262144 1 sha256 {hex} 1234 {end}"));
        let unsalted = Superblock { salt: Vec::new(), ..superblock };
        let unsalted = table_params(&unsalted, &root, "/dev/vda2", "/dev/vda3");
        assert_eq!(unsalted, format!("1 /dev/vda2 /dev/vda3 4096 4096 262144 1 sha256 {hex} - {end}"));
    }
}
