//! What other people's tools write is read, and what is written is read by them: skopeo and umoci.
//!
//! A tool is looked up in the folder that `CORTEN_TOOLS_BIN` names, then in PATH. Where it is missing the case says that
//! it is skipped; with `CORTEN_REQUIRE_TOOLS=1` it fails.
#![allow(missing_docs)]

mod skopeo;
mod tool;
mod umoci;

use std::path::Path;

use corten_oci::compression::Compression;
use corten_oci::layer::{Entry, Kind, Place};
use corten_oci::manifest::{ImageConfig, Platform};
use corten_oci::source::{Opened, Source as _, open};
use corten_oci::write::{
    ArchiveWriter, Assembled, LayerWriter, LayoutWriter, Sink, Which, assemble, transfer,
};

/// An image of two layers; the second removes things of the first one.
pub fn write(sink: &mut dyn Sink, name: &str, compression: Compression) -> Assembled {
    let entry = |path: &str, kind, mode| Entry::new(path, kind, mode);
    let long = format!("usr/share/{}/{}", "long-".repeat(30), "name-".repeat(20));
    let mut capable = entry("usr/bin/x", Kind::File(7), 0o4755);
    capable.xattrs.insert(b"user.corten".to_vec(), b"1\x002".to_vec());
    let lower = [
        (entry("", Kind::Directory, 0o755), ""),
        (entry("tmp", Kind::Directory, 0o1777), ""),
        (entry("usr", Kind::Directory, 0o755), ""),
        (entry("usr/bin", Kind::Directory, 0o755), ""),
        (capable, "content"),
        (entry("usr/bin/y", Kind::HardLink(b"usr/bin/x".to_vec(), Place::Layer), 0o755), ""),
        (entry("usr/bin/z", Kind::Symlink(b"x".to_vec()), 0o777), ""),
        (entry(&long, Kind::File(4), 0o644), "long"),
        (Entry { uid: 70_000, gid: 3_000_000, ..entry("var", Kind::Directory, 0o700) }, ""),
        (entry("var/gone", Kind::File(4), 0o644), "gone"),
        (entry("var/ünï", Kind::File(3), 0o644), "uni"),
    ];
    let upper =
        [(entry("usr/bin/z", Kind::File(3), 0o755), "new"), (entry("var/gone", Kind::Whiteout, 0o644), "")];
    let mut layers = Vec::new();
    for entries in [&lower[..], &upper] {
        let mut writer = LayerWriter::new(Vec::new(), compression).expect("memory");
        for (entry, content) in entries {
            writer.add(entry, &mut content.as_bytes()).expect("sorted entries");
        }
        let (layer, bytes) = writer.finish().expect("memory");
        sink.blob(&layer.descriptor, &mut &bytes[..]).expect("a layer");
        layers.push(layer);
    }
    let mut config = ImageConfig::new(Platform::linux_amd64());
    config.created = Some("2026-11-28T00:00:00Z".into());
    config.config.entrypoint = vec!["/usr/bin/x".into()];
    config.config.env = vec!["A=b".into()];
    config.config.exposed_ports = ["80/tcp".to_owned()].into();
    let image = assemble(config, &layers);
    image.write(sink).expect("documents");
    sink.image(Some(name), &image.descriptor).expect("a name");
    image
}

pub fn layout(path: &Path, name: &str, compression: Compression) -> Assembled {
    let mut layout = LayoutWriter::open(path).expect("a place");
    let image = write(&mut layout, name, compression);
    layout.finish().expect("a layout");
    image
}

pub fn archive(path: &Path, name: &str, compression: Compression) -> Assembled {
    let file = std::fs::File::create(path).expect("a file");
    let mut archive = ArchiveWriter::new(file).expect("a file");
    let image = write(&mut archive, name, compression);
    archive.finish().expect("a file");
    image
}

pub fn opened(path: &Path) -> Opened {
    open(path, tempfile::tempfile, 1 << 30).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads all of the first image, so that all of it is verified, and gives the digest of its manifest.
pub fn verified(source: &Opened) -> String {
    let mut out = ArchiveWriter::new(std::io::sink()).expect("it takes anything");
    let listed = &source.images()[0].descriptor;
    let descriptor = transfer(source, listed, &mut out, &Which::Platform(Platform::linux_amd64()));
    descriptor.expect("a good image").digest.to_string()
}
