//! An image keeps its digest and its bytes, wherever it is copied to; and the same input gives the same bytes.

use std::path::Path;

use corten_oci::manifest::{ImageConfig, Platform};
use corten_oci::source::{Opened, Shape, Source as _, load, named, open as open_path};
use corten_oci::write::{
    ArchiveWriter, DockerWriter, LayoutWriter, Sink as _, Which, WriteError, assemble, transfer,
};

use crate::fixture::{Made, image, open, plain};

fn amd64() -> Which {
    Which::Platform(Platform::linux_amd64())
}

fn open_directory(path: &Path) -> Opened {
    open_path(path, || unreachable!("a directory is not compressed"), 0).expect("a layout")
}

fn into_layout(source: &Opened, path: &Path, name: Option<&str>) {
    let mut layout = LayoutWriter::open(path).expect("a place");
    let descriptor =
        transfer(source, &source.images()[0].descriptor, &mut layout, &amd64()).expect("an image");
    layout.image(name, &descriptor).expect("a name");
    layout.finish().expect("a layout");
}

fn into_archive(source: &Opened, name: Option<&str>) -> Vec<u8> {
    let mut archive = ArchiveWriter::new(Vec::new()).expect("memory");
    let descriptor =
        transfer(source, &source.images()[0].descriptor, &mut archive, &amd64()).expect("an image");
    archive.image(name, &descriptor).expect("a name");
    archive.finish().expect("memory")
}

/// Paths below a folder with their content.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(&path).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is below").display().to_string();
                all.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn an_image_goes_around_and_comes_back_the_same() {
    let made = plain();
    let first = made.archive(&[Some("r.example/a:1")]);
    assert_eq!(first, plain().archive(&[Some("r.example/a:1")]), "the same input, the same bytes");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    let source = open(first.clone()).expect("an archive");
    assert_eq!(source.shape(), Shape::OciArchive);
    into_layout(&source, &path, Some("r.example/a:1"));

    let layout = open_directory(&path);
    assert_eq!(layout.shape(), Shape::Layout);
    let listed = &layout.images()[0];
    assert_eq!(listed.name.as_deref(), Some("r.example/a:1"));
    assert_eq!(listed.descriptor.digest, made.image.descriptor.digest);
    let image = load(&layout, &listed.descriptor, &Platform::linux_amd64()).expect("an image");
    assert_eq!(
        (image.manifest_bytes, image.config_bytes),
        (made.image.manifest.clone(), made.image.config.clone())
    );

    let back = into_archive(&layout, Some("r.example/a:1"));
    assert_eq!(back, into_archive(&source, Some("r.example/a:1")));
    assert_eq!(names(folder.path()), ["layout"], "nothing else is left");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_layout_that_exists_is_added_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    let one = open(plain().archive(&[Some("a:1")])).expect("an archive");
    let other = open(image(&["one", "four"], Platform::linux_amd64()).archive(&[None])).expect("an archive");
    into_layout(&one, &path, Some("a:1"));
    into_layout(&other, &path, Some("a:2"));
    into_layout(&other, &path, None);
    into_layout(&other, &path, None);
    let known = |path: &Path| -> Vec<_> {
        open_directory(path).images().iter().map(|image| image.name.clone()).collect()
    };
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(known(&path), [name("a:1"), name("a:2"), None]);
    // A name that is given away belongs to the new one.
    into_layout(&other, &path, Some("a:1"));
    assert_eq!(known(&path), [name("a:2"), None, name("a:1")]);
    let layout = open_directory(&path);
    let digests = |name: &str| named(layout.images(), name).len();
    assert_eq!((digests("a:1"), digests("a:3")), (1, 0));
    assert_eq!(digests(&other.images()[0].descriptor.digest.to_string()), 3);
    for listed in layout.images() {
        load(&layout, &listed.descriptor, &Platform::linux_amd64()).expect("an image");
    }
}

#[test]
fn what_is_not_finished_is_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    let mut layout = LayoutWriter::open(&path).expect("a place");
    plain().write(&mut layout);
    drop(layout);
    assert!(names(folder.path()).is_empty());

    let source = open(plain().archive(&[None])).expect("an archive");
    into_layout(&source, &path, None);
    let before = content(&path);
    let mut layout = LayoutWriter::open(&path).expect("a layout");
    layout.image(Some("a:1"), &source.images()[0].descriptor).expect("a name");
    drop(layout);
    assert_eq!(content(&path), before);
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mine"), b"x").expect("a file");
    let error = LayoutWriter::open(folder.path()).expect_err("it is somebody's");
    assert!(matches!(error, WriteError::Occupied(_)), "{error}");
    let error = LayoutWriter::open(&folder.path().join("mine")).expect_err("it is a file");
    assert!(matches!(error, WriteError::NoFolder(_)), "{error}");
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    into_layout(&open(plain().archive(&[None])).expect("an archive"), &empty, None);
    assert_eq!(open_directory(&empty).images().len(), 1);
}

#[test]
fn a_changed_blob_goes_nowhere() {
    let Made { image, blobs } = plain();
    let archive = Made { image, blobs }.archive(&[None]);
    // Within the content of the first layer, which is compressed.
    let at = archive.windows(2).position(|bytes| bytes == [0x1f, 0x8b]).expect("a layer") + 20;
    let mut changed = archive.clone();
    changed[at] ^= 1;
    let source = open(changed).expect("an archive");
    let mut out = ArchiveWriter::new(Vec::new()).expect("memory");
    let error =
        transfer(&source, &source.images()[0].descriptor, &mut out, &amd64()).expect_err("it was changed");
    assert!(matches!(error, WriteError::Mismatch(_)), "{error}");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    let mut out = LayoutWriter::open(&path).expect("a place");
    let error =
        transfer(&source, &source.images()[0].descriptor, &mut out, &amd64()).expect_err("it was changed");
    assert!(matches!(error, WriteError::Mismatch(_)), "{error}");
    drop(out);
    assert!(!path.exists());

    let image = load(&source, &source.images()[0].descriptor, &Platform::linux_amd64())
        .expect("its documents are good");
    let error = DockerWriter::new(Vec::new()).image(&source, &image, None).expect_err("it was changed");
    assert!(matches!(error, WriteError::Source(_) | WriteError::Mismatch(_)), "{error}");
}

#[test]
fn compressed_archives_are_read_like_others() {
    let archive = plain().archive(&[Some("a:1")]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("archive");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &archive).expect("memory");
    let compressed = [gzip.finish().expect("memory"), zstd::encode_all(&archive[..], 1).expect("memory")];
    for bytes in compressed {
        std::fs::write(&path, bytes).expect("a file");
        let spool = || tempfile::tempfile_in(folder.path());
        let source = open_path(&path, spool, archive.len() as u64).expect("an archive");
        assert_eq!(
            into_archive(&source, None),
            into_archive(&open(archive.clone()).expect("an archive"), None)
        );
        let error = open_path(&path, spool, archive.len() as u64 - 1).expect_err("it is too large");
        assert!(error.to_string().contains("bytes without its compression"), "{error}");
    }
}

#[test]
fn an_image_keeps_its_name_only_where_it_can() {
    let mut archive = ArchiveWriter::new(Vec::new()).expect("memory");
    let descriptor = plain().image.descriptor;
    for name in ["", "a\nb", &"a".repeat(600)] {
        assert!(matches!(archive.image(Some(name), &descriptor), Err(WriteError::Name(_))), "{name:?}");
    }
}

#[test]
fn what_is_not_understood_of_a_base_is_kept_and_sorted() {
    let text = r#"{"architecture":"amd64","os":"linux",
        "config":{"User":"5","Shell":["/bin/bash"],"Healthcheck":{"Test":["CMD","x"],"Interval":3}},
        "rootfs":{"type":"layers","diff_ids":[]},"history":[{"comment":"c","moby":true}],
        "os.features":["x"],"docker_version":"1"}"#;
    let config = ImageConfig::parse(text.as_bytes()).expect("a configuration");
    let made = assemble(config, &[]);
    assert_eq!(
        String::from_utf8(made.config).expect("text"),
        r#"{"architecture":"amd64","os":"linux","config":{"User":"5","Healthcheck":{"Interval":3,"Test":["CMD","x"]},"Shell":["/bin/bash"]},"rootfs":{"type":"layers","diff_ids":[]},"history":[{"comment":"c","moby":true}],"docker_version":"1","os.features":["x"]}"#
    );
}

#[test]
fn what_is_not_understood_of_a_layout_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    let made = plain();
    let source = open(made.archive(&[Some("a")])).expect("an archive");
    into_layout(&source, &path, Some("a"));
    let index = path.join("index.json");
    let text = std::fs::read_to_string(&index).expect("an index");
    let more = r#""urls":["https://x.test/"],"data":"e30=","platform":{"os.features":["x"],"#;
    let text = text.replacen(r#""platform":{"#, more, 1).replacen('{', r#"{"subject":{"size":1},"#, 1);
    std::fs::write(&index, &text).expect("an index");
    into_layout(&source, &path, Some("b"));
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("it is JSON");
    let (before, after) = (value(&text), value(&std::fs::read_to_string(&index).expect("an index")));
    assert_eq!(after["manifests"][0], before["manifests"][0]);
    assert_eq!(after["subject"], before["subject"]);
    assert_eq!(after["manifests"].as_array().map(Vec::len), Some(2));
}
