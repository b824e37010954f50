//! Archives that GNU tar writes, in all its formats and compressions, are read as they were meant.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use corten_oci::layer::dump;

use crate::read;

fn fill(folder: &Path) {
    let long = "long-".repeat(30);
    let deep = folder.join("deep").join(&long).join(&long);
    std::fs::create_dir_all(&deep).expect("folders");
    std::fs::write(deep.join("file"), b"in the deep").expect("a file");
    std::fs::write(folder.join("empty"), b"").expect("a file");
    std::fs::write(folder.join("big"), vec![7; 100_000]).expect("a file");
    std::fs::set_permissions(folder.join("big"), PermissionsExt::from_mode(0o4755)).expect("a mode");
    std::fs::hard_link(folder.join("big"), folder.join("same")).expect("a hard link");
    symlink("/absolute", folder.join("link")).expect("a link");
    symlink(format!("{long}/{long}/{long}"), folder.join("long-link")).expect("a link");
    std::fs::write(folder.join("ünïcode"), b"x").expect("a file");
    std::fs::write(folder.join(".wh.gone"), b"").expect("a file");
}

fn listing(folder: &Path, arguments: &[&str]) -> String {
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=1:1", "--group=2:2", "--mtime=@-1000", "--mode=u=rw,go="]);
    let output =
        tar.args(arguments).arg("-C").arg(folder).args(["-cf", "-", "."]).output().expect("tar runs");
    assert!(output.status.success(), "{output:?}");
    let (entries, _) = read(&output.stdout).expect("a layer");
    let entries: Vec<_> = entries.into_iter().map(|(entry, _)| entry).collect();
    dump(&entries).replace(&"long-".repeat(30), "LONG")
}

#[test]
fn all_formats_of_gnu_tar_say_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    fill(folder.path());
    let gnu = listing(folder.path(), &["--format=gnu"]);
    insta::assert_snapshot!(gnu);
    assert_eq!(listing(folder.path(), &["--format=pax"]), gnu);
    assert_eq!(listing(folder.path(), &["--format=gnu", "-z"]), gnu);
    // A padding that no other test has.
    assert_eq!(listing(folder.path(), &["--format=gnu", "--blocking-factor=200"]), gnu);
}
