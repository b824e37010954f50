//! Container images: names, documents, layers, archives. The checksums of mutated headers are made right again, or
//! nothing behind them would be reached.

use std::io::Read as _;

use corten_oci::compression::Compression;
use corten_oci::digest::Algorithm;
use corten_oci::layer::{Entry, Kind, LayerReader, Limits, Place};
use corten_oci::manifest::{Descriptor, Execution, ImageConfig, Index, Manifest, Platform};
use corten_oci::reference::Reference;
use corten_oci::source::{Opened, Source as _, blob, load_all, open_archive};
use corten_oci::write::{ArchiveWriter, DockerWriter, LayerWriter, Sink as _, WriteError, assemble};
use corten_oci::{json, media};

/// Enough for what mutations make.
const LIMITS: Limits = Limits { entries: 10_000, bytes: 64 << 20 };

const NAMES: [&str; 4] = [
    "nginx",
    "localhost/a:1",
    "[fd00::1]:5000/a/b_c__d--e.f:tag",
    "r.example:5000/a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
];

/// A name that is read is written as it was.
pub fn reference(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(name) = text.parse::<Reference>() {
        assert_eq!(name.to_string(), text, "it is written as it was");
    }
}

pub fn reference_seeds() -> Vec<Vec<u8>> {
    NAMES.map(|name| name.as_bytes().to_vec()).into()
}

/// What is read of a document is written and read again.
pub fn documents(data: &[u8]) {
    if let Ok(manifest) = Manifest::parse_artifact(data) {
        let again = Manifest::parse_artifact(&json::write(&manifest));
        assert_eq!(again.ok().as_ref(), Some(&manifest), "it is written as it was read");
        let _ = ImageConfig::parse_for(&manifest, data);
    }
    if let Ok(index) = Index::parse(data) {
        let again = Index::parse(&json::write(&index));
        assert_eq!(again.ok().as_ref(), Some(&index), "it is written as it was read");
        let _ = index.select(&Platform::linux_amd64());
    }
    if let Ok(config) = ImageConfig::parse(data) {
        let again = ImageConfig::parse(&json::write(&config));
        assert_eq!(again.ok().as_ref(), Some(&config), "it is written as it was read");
    }
}

pub fn documents_seeds() -> Vec<Vec<u8>> {
    let Some(image) = image().ok() else { return Vec::new() };
    let mut index = Index::empty();
    index.manifests.push(image.descriptor.clone());
    vec![image.manifest, image.config, json::write(&index)]
}

/// The same archive with right checksums, wherever a header of tar is.
fn repaired(archive: &[u8]) -> Vec<u8> {
    let mut archive = archive.to_vec();
    for block in archive.chunks_exact_mut(512).filter(|block| block[257..262] == *b"ustar") {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        block[154] = 0;
    }
    archive
}

/// Whatever a layer holds, its paths stay below its root.
pub fn layer(data: &[u8]) {
    for bytes in [data.to_vec(), repaired(data)] {
        below_its_root(&bytes);
    }
}

fn below_its_root(data: &[u8]) {
    let Ok(mut reader) = LayerReader::new(data, Algorithm::Sha256, LIMITS) else { return };
    let below = |path: &[u8]| {
        !path.starts_with(b"/") && path.split(|byte| *byte == b'/').all(|part| !matches!(part, b".." | b"."))
    };
    while let Ok(Some(entry)) = reader.next() {
        assert!(below(&entry.path), "{:?}", entry.path);
        if let Kind::HardLink(target, _) = &entry.kind {
            assert!(below(target) && !target.is_empty(), "{target:?}");
        }
        let mut some = [0; 100];
        let _ = reader.read(&mut some);
    }
    let _ = reader.finish();
}

pub fn layer_seeds() -> Vec<Vec<u8>> {
    let all = [Compression::None, Compression::Gzip, Compression::Zstd];
    all.into_iter().filter_map(|compression| made(compression).ok()).map(|(_, bytes)| bytes).collect()
}

/// A layer with an entry of each kind.
fn made(compression: Compression) -> Result<(corten_oci::write::Layer, Vec<u8>), WriteError> {
    let mut writer = LayerWriter::new(Vec::new(), compression)?;
    let mut marked = Entry::new("a/b", Kind::File(7), 0o4755);
    marked.xattrs.insert(b"user.a".to_vec(), b"b".to_vec());
    marked.mtime = -1;
    for (entry, content) in [
        (Entry::new("", Kind::Directory, 0o755), ""),
        (Entry::new("gone", Kind::Whiteout, 0o644), ""),
        (Entry::new("a", Kind::Directory, 0o755), ""),
        (Entry::new("a", Kind::Opaque, 0o644), ""),
        (marked, "content"),
        (Entry::new("a/c", Kind::HardLink(b"a/b".to_vec(), Place::Layer), 0o755), ""),
        (Entry::new("d", Kind::Symlink(b"../etc".to_vec()), 0o777), ""),
        (Entry::new("e".repeat(120), Kind::Fifo, 0o644), ""),
        (Entry::new("f", Kind::CharDevice(1, 3), 0o666), ""),
    ] {
        writer.add(&entry, &mut content.as_bytes())?;
    }
    writer.finish()
}

fn image() -> Result<corten_oci::write::Assembled, WriteError> {
    let mut config = ImageConfig::new(Platform::linux_amd64());
    config.config = Execution {
        user: "33".into(),
        exposed_ports: ["80/tcp".to_owned()].into(),
        env: vec!["A=b".into()],
        cmd: vec!["/a/b".into()],
        labels: [("a".to_owned(), "b".to_owned())].into(),
        ..Execution::default()
    };
    Ok(assemble(config, &[made(Compression::Gzip)?.0]))
}

/// Whatever an archive holds, what is read of it is what its digest says.
pub fn archive(data: &[u8]) {
    for bytes in [data.to_vec(), repaired(data)] {
        if let Ok(source) = open_archive(bytes) {
            read(&source);
        }
    }
}

fn read(source: &Opened) {
    for listed in source.images().iter().take(20) {
        let Ok(images) = load_all(source, &listed.descriptor) else { continue };
        for layer in images.iter().flat_map(|image| &image.manifest.layers).take(20) {
            if let Ok(stored) = blob(source, layer)
                && let Ok(reader) = LayerReader::new(stored, Algorithm::Sha256, LIMITS)
            {
                let _ = reader.finish();
            }
        }
    }
}

pub fn archive_seeds() -> Vec<Vec<u8>> {
    archives().unwrap_or_default()
}

/// An archive of OCI, and the same image in one of Docker.
fn archives() -> Result<Vec<Vec<u8>>, WriteError> {
    let (layer, bytes) = made(Compression::Gzip)?;
    let image = image()?;
    let mut index = Index::empty();
    index.manifests.push(image.descriptor.clone());
    let index = json::write(&index);
    let nested = Descriptor::of(media::INDEX, &index);
    let mut archive = ArchiveWriter::new(Vec::new())?;
    archive.blob(&layer.descriptor, &mut &bytes[..])?;
    image.write(&mut archive)?;
    archive.blob(&nested, &mut &index[..])?;
    archive.image(Some("r.example/a:1"), &image.descriptor)?;
    archive.image(None, &nested)?;
    let oci = archive.finish()?;
    let source = open_archive(oci.clone())?;
    let mut docker = DockerWriter::new(Vec::new());
    for loaded in load_all(&source, &image.descriptor)? {
        docker.image(&source, &loaded, NAMES[1].parse().ok().as_ref())?;
    }
    Ok(vec![oci, docker.finish()?])
}
