//! skopeo copies from and to all forms.

use std::process::Command;

use corten_oci::compression::Compression;
use corten_oci::manifest::Platform;
use corten_oci::source::{Shape, Source as _, load};
use corten_oci::write::DockerWriter;
use serde_json::Value;

use crate::tool::{find, place, run};
use crate::{archive, layout, opened, verified};

const NAME: &str = "r.example/a:1";

/// Without the configuration of the host, and with a folder of its own for what it unpacks.
fn skopeo(folder: &tempfile::TempDir) -> Option<Command> {
    let mut command = find("skopeo")?;
    command.args(["--insecure-policy", "--tmpdir"]).arg(folder.path()).env("HOME", folder.path());
    Some(command)
}

#[test]
fn it_copies_what_is_written_and_keeps_the_digest() {
    for compression in [Compression::Gzip, Compression::Zstd, Compression::None] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let image = layout(&path("layout"), "1", compression);
        assert_eq!(archive(&path("archive"), "1", compression), image);
        for (number, from) in
            [place("oci", &path("layout"), "1"), place("oci-archive", &path("archive"), "1")]
                .into_iter()
                .enumerate()
        {
            for (kind, shape) in [("oci", Shape::Layout), ("oci-archive", Shape::OciArchive)] {
                let to = path(&format!("{kind}-{number}"));
                let Some(mut command) = skopeo(&folder) else { return };
                run(command.args(["copy", "-q", "--preserve-digests", &from, &place(kind, &to, NAME)]));
                let back = opened(&to);
                assert_eq!((back.shape(), back.images()[0].name.as_deref()), (shape, Some(NAME)));
                assert_eq!(verified(&back), image.descriptor.digest.to_string(), "{from} to {kind}");
            }
        }
    }
}

#[test]
fn it_shows_what_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layout");
    let image = layout(&path, NAME, Compression::Gzip);
    let Some(mut command) = skopeo(&folder) else { return };
    let shown: Value =
        serde_json::from_str(&run(command.args(["inspect", &place("oci", &path, NAME)]))).expect("JSON");
    assert_eq!(shown["Digest"], image.descriptor.digest.to_string());
    assert_eq!((&shown["Os"], &shown["Architecture"]), (&"linux".into(), &"amd64".into()));
    assert_eq!(shown["Layers"].as_array().map(Vec::len), Some(2));
    let Some(mut command) = skopeo(&folder) else { return };
    let config = run(command.args(["inspect", "--config", &place("oci", &path, NAME)]));
    let config: Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!(config["config"]["Entrypoint"][0], "/usr/bin/x");
}

#[test]
fn it_and_we_read_each_others_archives_of_docker() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    layout(&path("layout"), "1", Compression::Gzip);
    let ours = opened(&path("layout"));
    let image = load(&ours, &ours.images()[0].descriptor, &Platform::linux_amd64()).expect("an image");

    // Theirs.
    let Some(mut command) = skopeo(&folder) else { return };
    let to = place("docker-archive", &path("theirs"), NAME);
    run(command.args(["copy", "-q", &place("oci", &path("layout"), "1"), &to]));
    let theirs = opened(&path("theirs"));
    assert_eq!(theirs.shape(), Shape::DockerArchive);
    assert_eq!(theirs.images()[0].name.as_deref(), Some(NAME));
    verified(&theirs);
    let back = load(&theirs, &theirs.images()[0].descriptor, &Platform::linux_amd64()).expect("an image");
    assert_eq!(back.config.rootfs, image.config.rootfs);
    assert_eq!(back.config.config, image.config.config);

    // Ours.
    let file = std::fs::File::create(path("ours")).expect("a file");
    let mut writer = DockerWriter::new(file);
    writer.image(&ours, &image, Some(&NAME.parse().expect("a name"))).expect("an image");
    writer.finish().expect("a file");
    let Some(mut command) = skopeo(&folder) else { return };
    let from = place("docker-archive", &path("ours"), NAME);
    run(command.args(["copy", "-q", &from, &place("oci", &path("back"), "1")]));
    let back = opened(&path("back"));
    verified(&back);
    let back = load(&back, &back.images()[0].descriptor, &Platform::linux_amd64()).expect("an image");
    assert_eq!(back.config.rootfs, image.config.rootfs);
    assert_eq!(back.config.config, image.config.config);
}
