//! Files of this machine become a layer.

use std::os::unix::fs::{PermissionsExt, symlink};

use corten_oci::compression::Compression;
use corten_oci::digest::Algorithm;
use corten_oci::gather::{Common, GatherError, Gathered};
use corten_oci::layer::{LayerReader, Limits, dump};

fn listing(files: &Gathered) -> String {
    let (layer, bytes) = files.write(Vec::new(), Compression::Gzip).expect("files that are there");
    let mut reader = LayerReader::new(&bytes[..], Algorithm::Sha256, Limits::default()).expect("a layer");
    let mut entries = Vec::new();
    while let Some(entry) = reader.next().expect("a layer") {
        entries.push(entry);
    }
    assert_eq!(reader.finish().expect("a layer"), layer.diff_id);
    dump(&entries)
}

#[test]
fn content_and_whether_it_runs_are_all_that_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, mode: u32| {
        std::fs::write(path(name), name).expect("a file");
        std::fs::set_permissions(path(name), PermissionsExt::from_mode(mode)).expect("a mode");
    };
    std::fs::create_dir_all(path("site/css")).expect("a folder");
    std::fs::set_permissions(path("site"), PermissionsExt::from_mode(0o700)).expect("a mode");
    write("program", 0o700);
    write("site/index.html", 0o600);
    write("site/css-all", 0o664);
    write("site/css/a", 0o666);
    symlink("/nowhere", path("site/link")).expect("a link");
    symlink("program", path("other")).expect("a link");

    let mut files = Gathered::new(Common { uid: 33, gid: 34, mtime: 1000 });
    let shown = folder.path().display();
    for addition in [
        format!("{shown}/program:/usr/bin/"),
        format!("{shown}/other:/usr/bin/special:4711"),
        format!("{shown}/site:/srv/www/"),
        format!("{shown}/site/css:/srv/www/css"),
    ] {
        let added = files.add(&addition.parse().expect("an addition"));
        if addition.ends_with("css") {
            let error = added.expect_err("a file is there already");
            assert!(matches!(error, GatherError::Twice { .. }), "{error}");
        } else {
            added.expect("files");
        }
    }
    insta::assert_snapshot!("above_others", listing(&files));
    files.add_parents();
    insta::assert_snapshot!("alone", listing(&files));
    assert_eq!(files.size().0, 5);
}

#[test]
fn what_no_image_holds_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let shown = folder.path().display();
    let add = |addition: String| Gathered::default().add(&addition.parse().expect("an addition"));
    assert!(matches!(add(format!("{shown}/nothing:/x")), Err(GatherError::Io { .. })));
    assert!(matches!(add("/dev/null:/x".into()), Err(GatherError::Kind(_))));
    std::fs::write(folder.path().join(".wh.x"), b"").expect("a file");
    assert!(matches!(add(format!("{shown}:/x")), Err(GatherError::Place { .. })));
    std::fs::remove_file(folder.path().join(".wh.x")).expect("it was there");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).expect("a socket");
    assert!(matches!(add(format!("{shown}:/x")), Err(GatherError::Kind(_))));
}

#[test]
fn a_file_that_changes_meanwhile_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    std::fs::write(&path, b"content").expect("a file");
    let mut files = Gathered::default();
    files.add(&format!("{}:/x", path.display()).parse().expect("an addition")).expect("a file");
    std::fs::write(&path, b"more content").expect("a file");
    assert!(files.write(Vec::new(), Compression::None).is_err());
}
