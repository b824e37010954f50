//! A layer as a tree: what overlayfs has to find in it.

use corten_formats::tree::Tree;
use corten_oci::layer::Place;

use super::fixture::{What, dump, entry, file, raw};
use crate::images::layer::{RawLayer, hides_everything};

fn settled(layer: &RawLayer, below: &[&Tree]) -> Tree {
    layer.settle(below).expect("it can be settled")
}

#[test]
fn what_is_gone_becomes_a_device_and_what_hides_becomes_opaque() {
    let layer = raw(&[
        entry("etc", What::Directory, 0o755),
        entry("etc/gone", What::Whiteout, 0),
        entry("var/cache", What::Opaque, 0),
        entry("var/cache", What::Directory, 0o700),
        file("var/cache/new", 0o600),
    ]);
    let tree = settled(&layer.expect("it is a layer"), &[]);
    assert_eq!(
        dump(&tree),
        [
            "/ 0755 0:0 directory",
            "/etc 0755 0:0 directory",
            "/etc/gone 0000 0:0 char 0:0",
            "/var 0755 0:0 directory",
            "/var/cache 0700 0:0 directory trusted.overlay.opaque=y",
            "/var/cache/new 0600 0:0 file \"var/cache/new\"",
        ]
    );
}

#[test]
fn owners_setuid_bits_capabilities_times_and_links_are_kept() {
    let mut su = file("usr/bin/su", 0o4755);
    (su.uid, su.gid, su.mtime) = (1000, 70_000, 12);
    su.xattrs.insert(b"security.capability".to_vec(), vec![1, 0, 0, 2]);
    su.xattrs.insert(b"com.apple.quarantine".to_vec(), vec![1]);
    let link = entry("usr/bin/again", What::HardLink(b"usr/bin/su".to_vec(), Place::Layer), 0);
    let tree = settled(&raw(&[su, link]).expect("it is a layer"), &[]);
    let [su, again] = [b"/usr/bin/su".as_slice(), b"/usr/bin/again"].map(|path| tree.lookup(path));
    assert_eq!(su, again);
    let meta = &tree.node(su.expect("it is there")).meta;
    assert_eq!((meta.mode, meta.uid, meta.gid, meta.mtime), (0o4755, 1000, 70_000, 12));
    let names: Vec<&[u8]> = meta.xattrs.keys().map(Vec::as_slice).collect();
    assert_eq!(names, [b"security.capability"]);
}

#[test]
fn directories_that_a_layer_leaves_out_stay_what_they_are_below() {
    let mut tmp = entry("tmp", What::Directory, 0o1777);
    tmp.gid = 5;
    let low = settled(&raw(&[tmp, entry("gone", What::Directory, 0o711)]).expect("it is a layer"), &[]);
    let middle = raw(&[entry("gone", What::Whiteout, 0), file("other", 0o644)]).expect("it is a layer");
    let middle = settled(&middle, &[&low]);
    let high = raw(&[file("tmp/a", 0o644), file("gone/b", 0o644)]).expect("it is a layer");
    let tree = settled(&high, &[&low, &middle]);
    let lines = dump(&tree);
    assert!(lines.contains(&"/tmp 1777 0:5 directory".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"/gone 0755 0:0 directory".to_owned()), "{lines:#?}");
}

#[test]
fn what_lies_behind_an_opaque_directory_says_nothing_about_those_above_it() {
    let low = raw(&[entry("a", What::Directory, 0o755), entry("a/b", What::Directory, 0o700)]);
    let low = settled(&low.expect("it is a layer"), &[]);
    let hiding = settled(&raw(&[entry("a", What::Opaque, 0)]).expect("it is a layer"), &[&low]);
    let high = raw(&[file("a/b/c", 0o644)]).expect("it is a layer");
    assert!(dump(&settled(&high, &[&low, &hiding])).contains(&"/a/b 0755 0:0 directory".to_owned()));
    assert!(dump(&settled(&high, &[&low])).contains(&"/a/b 0700 0:0 directory".to_owned()));
}

#[test]
fn another_name_for_a_file_of_a_lower_layer_brings_the_file_along() {
    let low = settled(&raw(&[file("bin/x", 0o755)]).expect("it is a layer"), &[]);
    let to =
        |path: &str, target: &str| entry(path, What::HardLink(target.as_bytes().to_vec(), Place::Lower), 0);
    let high = raw(&[to("bin/y", "bin/x"), to("bin/z", "bin/y")]).expect("it is a layer");
    let lines = dump(&settled(&high, &[&low]));
    assert!(lines.contains(&"/bin/y 0755 0:0 file \"bin/x\"".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"/bin/z 0755 0:0 file \"bin/x\"".to_owned()), "{lines:#?}");
    let error = high.settle(&[]).expect_err("there is no such file");
    assert_eq!(
        error.to_string(),
        "/bin/y is another name for /bin/x, which neither it nor a layer below has as a file"
    );
}

#[test]
fn files_below_a_link_of_a_lower_layer_are_refused() {
    let low = raw(&[entry("bin", What::Symlink(b"usr/bin".to_vec()), 0o777)]).expect("it is a layer");
    let low = settled(&low, &[]);
    let error = raw(&[file("bin/x", 0o755)]).expect("it is a layer").settle(&[&low]);
    assert_eq!(
        error.expect_err("/bin is a link").to_string(),
        "it has something below /bin, which is no directory in the layers below it"
    );
}

#[test]
fn a_root_that_hides_everything_is_noticed() {
    let tree = |entries: &[_]| settled(&raw(entries).expect("it is a layer"), &[]);
    assert!(hides_everything(&tree(&[entry("", What::Opaque, 0), file("a", 0o644)])));
    assert!(!hides_everything(&tree(&[entry("a", What::Opaque, 0)])));
}
