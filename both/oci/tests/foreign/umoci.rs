//! umoci unpacks what is written, and what it packs is read.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use corten_oci::compression::Compression;
use corten_oci::digest::Algorithm;
use corten_oci::layer::{Kind, LayerReader, Limits, dump};
use corten_oci::manifest::Platform;
use corten_oci::source::{Source as _, blob, load};

use crate::tool::{find, run};
use crate::{layout, opened, verified};

/// Paths below a folder.
fn paths(folder: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).expect("a folder") {
            let path = entry.expect("an entry").path();
            all.insert(path.strip_prefix(folder).expect("it is below").display().to_string());
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            }
        }
    }
    all
}

#[test]
fn it_unpacks_what_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    layout(&path, "1", Compression::Gzip);
    let image = format!("{}:1", path.display());
    let Some(mut umoci) = find("umoci") else { return };
    let bundle = folder.path().join("bundle");
    run(umoci.args(["unpack", "--rootless", "--image", &image]).arg(&bundle));
    let root = bundle.join("rootfs");
    let read = |name: &str| fs::read_to_string(root.join(name)).expect("a file");
    assert_eq!(
        (read("usr/bin/x"), read("usr/bin/z"), read("var/ünï")),
        ("content".into(), "new".into(), "uni".into())
    );
    let names: Vec<_> =
        paths(&root).into_iter().map(|path| path.replace(&"long-".repeat(30), "LONG")).collect();
    insta::assert_snapshot!(names.join("\n"));
    use std::os::unix::fs::MetadataExt as _;
    let inode = |name: &str| fs::metadata(root.join(name)).expect("a file").ino();
    assert_eq!(inode("usr/bin/x"), inode("usr/bin/y"), "a hard link");
    assert_eq!(fs::metadata(root.join("tmp")).expect("a folder").mode() & 0o7777, 0o1777);

    let Some(mut umoci) = find("umoci") else { return };
    let shown = run(umoci.args(["stat", "--json", "--image", &image]));
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
    assert!(shown["history"].is_array() || shown["history"].is_null(), "{shown}");
}

#[test]
fn what_it_packs_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    layout(&path, "1", Compression::Gzip);
    let image = format!("{}:1", path.display());
    let Some(mut umoci) = find("umoci") else { return };
    let bundle = folder.path().join("bundle");
    run(umoci.args(["unpack", "--rootless", "--image", &image]).arg(&bundle));
    let root = bundle.join("rootfs");
    fs::write(root.join("tmp/added"), b"added").expect("a file");
    fs::remove_file(root.join("var/ünï")).expect("it was there");
    fs::hard_link(root.join("tmp/added"), root.join("tmp/same")).expect("a link");
    let Some(mut umoci) = find("umoci") else { return };
    run(umoci.args(["repack", "--image", &format!("{}:2", path.display())]).arg(&bundle));

    let source = opened(&path);
    let listed =
        source.images().iter().find(|image| image.name.as_deref() == Some("2")).expect("it is listed");
    let image = load(&source, &listed.descriptor, &Platform::linux_amd64()).expect("an image");
    assert_eq!(image.manifest.layers.len(), 3);
    verified(&source);
    let stored = blob(&source, &image.manifest.layers[2]).expect("a layer");
    let mut reader = LayerReader::new(stored, Algorithm::Sha256, Limits::default()).expect("a layer");
    let mut entries = Vec::new();
    while let Some(mut entry) = reader.next().expect("a layer") {
        entry.mtime = 0;
        // Whatever the owner of this test is, and the time of writing.
        (entry.uid, entry.gid) = (0, 0);
        entry.xattrs.clear();
        entries.push(entry);
    }
    assert_eq!(reader.finish().expect("a layer"), image.config.rootfs.diff_ids[2]);
    entries.retain(|entry| entry.kind != Kind::Directory);
    entries.sort_by_key(|entry| entry.path.clone());
    insta::assert_snapshot!(dump(&entries));
}
