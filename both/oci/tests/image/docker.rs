//! Docker's archives: those that it wrote and writes are read, and what is written is read as it was meant.

use corten_oci::compression::Compression;
use corten_oci::digest::Digest;
use corten_oci::layer::{Kind, Place};
use corten_oci::manifest::Platform;
use corten_oci::media;
use corten_oci::reference::Reference;
use corten_oci::source::{Shape, Source as _, blob, load};
use corten_oci::write::{DockerWriter, WriteError};

use crate::fixture::{files, layer, members, open, plain};

fn config(ids: &[Digest]) -> Vec<u8> {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    format!(
        "{{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{{\"Cmd\":null,\"Healthcheck\":{{\"Test\":[]}}}},\
         \"rootfs\":{{\"type\":\"layers\",\"diff_ids\":{ids:?}}}}}"
    )
    .into_bytes()
}

#[test]
fn what_is_written_is_read() {
    let made = plain();
    let source = open(made.archive(&[Some("a:1")])).expect("an archive");
    let image = load(&source, &source.images()[0].descriptor, &Platform::linux_amd64()).expect("an image");
    let write = || {
        let mut archive = DockerWriter::new(Vec::new());
        for name in ["r.example/a:1", "r.example/a:2"] {
            let name: Reference = name.parse().expect("a name");
            archive.image(&source, &image, Some(&name)).expect("an image");
        }
        archive.finish().expect("memory")
    };
    assert_eq!(write(), write());
    let docker = open(write()).expect("an archive");
    assert_eq!(docker.shape(), Shape::DockerArchive);
    let names: Vec<_> = docker.images().iter().map(|image| image.name.as_deref()).collect();
    assert_eq!(names, [Some("r.example/a:1"), Some("r.example/a:2")]);
    let back = load(&docker, &docker.images()[0].descriptor, &Platform::linux_amd64()).expect("an image");
    assert_eq!(back.config_bytes, image.config_bytes);
    for (layer, id) in back.manifest.layers.iter().zip(&image.config.rootfs.diff_ids) {
        assert_eq!((layer.media_type.as_str(), &layer.digest), (media::LAYER, id));
        blob(&docker, layer).expect("a blob").finish().expect("it is what it says");
    }
    let tagless = "a".parse().expect("a name");
    let error =
        DockerWriter::new(Vec::new()).image(&source, &image, Some(&tagless)).expect_err("it needs one");
    assert!(matches!(error, WriteError::NoTag(_)), "{error}");
}

#[test]
fn layers_may_be_links_and_compressed() {
    let (plain, bytes) = layer("content", Compression::None);
    let (_, packed) = layer("content", Compression::Gzip);
    let id = plain.diff_id;
    let config = config(&[id, id, id]);
    let list =
        br#"[{"Config":"c.json","RepoTags":null,"Layers":["a/layer.tar","b/layer.tar","d/layer.tar"]}]"#;
    let archive = members([
        ("./c.json", Kind::File(config.len() as u64), &config[..]),
        ("a", Kind::Directory, b""),
        ("a/layer.tar", Kind::File(bytes.len() as u64), &bytes[..]),
        ("b/layer.tar", Kind::Symlink(b"../a/layer.tar".to_vec()), b""),
        ("c/layer.tar", Kind::File(packed.len() as u64), &packed[..]),
        ("d/layer.tar", Kind::Symlink(b"../e/layer.tar".to_vec()), b""),
        ("e/layer.tar", Kind::HardLink(b"c/layer.tar".to_vec(), Place::Lower), b""),
        ("manifest.json", Kind::File(list.len() as u64), &list[..]),
    ]);
    let source = open(archive).expect("an archive");
    assert_eq!(source.images().len(), 1);
    let image = load(&source, &source.images()[0].descriptor, &Platform::linux_amd64()).expect("an image");
    let types: Vec<_> = image.manifest.layers.iter().map(|layer| layer.media_type.as_str()).collect();
    assert_eq!(types, [media::LAYER, media::LAYER, media::LAYER_GZIP]);
    assert_eq!(image.manifest.layers[2].digest, Digest::of(&packed));
    for layer in &image.manifest.layers {
        blob(&source, layer).expect("a blob").finish().expect("it is what it says");
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let (one, bytes) = layer("content", Compression::None);
    let config = config(&[one.diff_id]);
    let of =
        |list: &str| files(&[("c.json", &config), ("l.tar", &bytes), ("manifest.json", list.as_bytes())]);
    let entry = |config: &str, layers: &str| of(&format!(r#"[{{"Config":"{config}","Layers":[{layers}]}}]"#));
    let mut told = Vec::new();
    for archive in [
        entry("other.json", "\"l.tar\""),
        entry("c.json", ""),
        entry("c.json", "\"l.tar\",\"l.tar\""),
        entry("c.json", "\"../../etc/passwd\""),
        entry("/etc/passwd", "\"l.tar\""),
        entry("l.tar", "\"l.tar\""),
        of("{}"),
        of(r#"[{"Config":"c.json","RepoTags":["a\u001b[31m"],"Layers":["l.tar"]}]"#),
        of(r#"[{"Config":"c.json","Config":"d.json","Layers":["l.tar"]}]"#),
    ] {
        told.push(open(archive).expect_err("it does not fit").to_string());
    }
    insta::assert_snapshot!(told.join("\n"));

    // The configuration says what its layer is; another one is noticed when it is read.
    let (_, other) = layer("CONTENT", Compression::None);
    let list = br#"[{"Config":"c.json","Layers":["l.tar"]}]"#;
    let source =
        open(files(&[("c.json", &config), ("l.tar", &other), ("manifest.json", list)])).expect("an archive");
    let image =
        load(&source, &source.images()[0].descriptor, &Platform::linux_amd64()).expect("documents are good");
    assert!(blob(&source, &image.manifest.layers[0]).expect("a blob").finish().is_err());
}

#[test]
fn an_archive_of_both_kinds_has_the_whole_names() {
    let made = plain();
    let index = format!(
        "{{\"schemaVersion\":2,\"manifests\":[{{\"mediaType\":\"{}\",\"digest\":\"{}\",\"size\":{},\"annotations\":{{\
         \"io.containerd.image.name\":\"r.example/a:1\",\"org.opencontainers.image.ref.name\":\"1\"}}}}]}}",
        media::MANIFEST,
        made.image.descriptor.digest,
        made.image.descriptor.size
    );
    let archive = files(&[
        ("manifest.json", b"[]"),
        ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#),
        ("index.json", index.as_bytes()),
    ]);
    let source = open(archive).expect("an archive");
    assert_eq!(source.shape(), Shape::OciArchive);
    assert_eq!(source.images()[0].name.as_deref(), Some("r.example/a:1"));
}
