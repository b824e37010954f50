//! What e2fsck really does to a state whose superblock is damaged, as far as the rules rely on it.
#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use corten_disk::state::{Begin, Mark, begin, make_options};
use corten_formats::ext4::{BACKUP_OFFSET, OFFSET, SIZE, Superblock, SuperblockError};

#[path = "../../../both/formats/tests/tool/mod.rs"]
mod tool;

const BYTES: u64 = 300 << 20;

fn superblock(path: &Path, offset: u64) -> Result<Superblock, SuperblockError> {
    let mut bytes = [0; SIZE];
    File::open(path).unwrap().read_exact_at(&mut bytes, offset).unwrap();
    Superblock::parse(&bytes)
}

fn decide(path: &Path) -> Begin {
    begin(Mark::None, &superblock(path, OFFSET), &superblock(path, BACKUP_OFFSET), BYTES)
}

/// Overwrites so many bytes of a new state with zeros and has it checked: the exit code of e2fsck, and what the boot
/// after this one would do. `None` without e2fsprogs.
fn damaged(offset: u64, bytes: usize) -> Option<(i32, Begin)> {
    let (mut make, mut check) = (tool::find("mke2fs")?, tool::find("e2fsck")?);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let file = File::create(&path).unwrap();
    file.set_len(BYTES).unwrap();
    tool::run(make.args(make_options(BYTES)).arg(&path));
    file.write_all_at(&vec![0; bytes], offset).unwrap();
    assert!(matches!(decide(&path), Begin::CheckByBackup(_)));
    let status = check.args(["-p", "-b", "32768", "-B", "4096"]).arg(&path).output().unwrap().status;
    Some((status.code().unwrap(), decide(&path)))
}

#[test]
fn a_lost_superblock_is_mended_by_its_backup() {
    let Some((code, next)) = damaged(OFFSET, SIZE) else { return };
    assert_eq!((code, next), (1, Begin::Mount));
}

/// More than a superblock is lost, which e2fsck does not mend on its own; nor does the next boot mount it.
#[test]
fn a_lost_front_is_left_to_a_person_on_every_boot() {
    let Some((code, next)) = damaged(0, 64 << 10) else { return };
    assert_eq!((code, next), (4, Begin::Check("the kernel found errors in it".into())));
}
