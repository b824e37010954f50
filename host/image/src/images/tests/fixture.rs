//! Layers, layouts and recipes in a folder of a test.

use std::path::Path;

use corten_formats::tree::{Kind, Node, Tree};
use corten_oci::digest::{Algorithm, Digest};
use corten_oci::layer::{Entry, LayerReader, Limits};
use corten_oci::manifest::{Descriptor, ImageConfig, Index, Manifest, Platform, REF_NAME};
use corten_oci::tar::{Form, TarWriter};
use corten_oci::{json, media};
use corten_recipe::{HostLoader, Merged, Plan};

use crate::images::layer::{LayerFault, RawLayer};

pub use corten_oci::layer::Kind as What;

/// An entry; whiteouts and the like as the specification writes them.
pub fn entry(path: &str, kind: What, mode: u16) -> Entry {
    Entry::new(path, kind, mode)
}

/// A regular file whose content is its own path.
pub fn file(path: &str, mode: u16) -> Entry {
    entry(path, What::File(path.len() as u64), mode)
}

/// The archive of a layer.
pub fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut writer = TarWriter::new(Vec::new());
    for entry in entries {
        let member = entry.member();
        let content: &[u8] = match member.form {
            Form::File(0) => &[],
            _ => &entry.path,
        };
        writer.add(&member, &mut { content }).expect("memory takes everything");
    }
    writer.finish().expect("memory takes everything")
}

/// A layer as it is read on its own.
pub fn raw(entries: &[Entry]) -> Result<RawLayer, LayerFault> {
    let bytes = archive(entries);
    let mut reader = LayerReader::new(bytes.as_slice(), Algorithm::Sha256, Limits::default())?;
    RawLayer::read(&mut reader)
}

/// A tree as text, a line a node.
pub fn dump(tree: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    tree.walk(|path, id| {
        let Node { meta, kind } = tree.node(id);
        let kind = match kind {
            Kind::Directory(_) => "directory".to_owned(),
            Kind::File(content) => format!("file {:?}", String::from_utf8_lossy(content)),
            Kind::Symlink(target) => format!("link {}", String::from_utf8_lossy(target)),
            Kind::CharDevice(major, minor) => format!("char {major}:{minor}"),
            other => format!("{other:?}"),
        };
        let xattrs: Vec<String> =
            meta.xattrs.iter().map(|(k, v)| format!(" {}={}", k.escape_ascii(), v.escape_ascii())).collect();
        let path = String::from_utf8_lossy(path);
        lines.push(format!("{path} {:04o} {}:{} {kind}{}", meta.mode, meta.uid, meta.gid, xattrs.concat()));
    });
    lines
}

/// Adds an image to the layout in a folder and returns the digest of its manifest.
pub fn add_image(folder: &Path, name: &str, layers: &[&[Entry]]) -> Digest {
    add_image_for(folder, name, layers, Platform::linux_amd64())
}

/// The same for a platform.
pub fn add_image_for(folder: &Path, name: &str, layers: &[&[Entry]], platform: Platform) -> Digest {
    let blob = |bytes: &[u8], media_type: &str| {
        let descriptor = Descriptor::of(media_type, bytes);
        let path = folder.join(descriptor.digest.blob_path());
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
        std::fs::write(path, bytes).expect("it can be written");
        descriptor
    };
    let layers: Vec<Descriptor> = layers.iter().map(|layer| blob(&archive(layer), media::LAYER)).collect();
    let mut config = ImageConfig::new(platform);
    config.rootfs.diff_ids = layers.iter().map(|layer| layer.digest).collect();
    config.config.user = "33".into();
    let config = blob(&json::write(&config), media::CONFIG);
    let mut manifest = blob(&json::write(&Manifest::new(config, layers)), media::MANIFEST);
    let digest = manifest.digest;
    manifest.annotations.insert(REF_NAME.into(), name.into());
    let path = folder.join("index.json");
    let mut index = match std::fs::read(&path) {
        Ok(bytes) => Index::parse(&bytes).expect("it was written here"),
        Err(_) => Index::empty(),
    };
    index.manifests.push(manifest);
    std::fs::write(path, json::write(&index)).expect("it can be written");
    std::fs::write(folder.join("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}")
        .expect("it can be written");
    digest
}

/// The plan of a recipe that extends `base` and has these lines, in a file of the folder.
pub fn plan(folder: &Path, body: &str) -> Plan {
    let path = folder.join("my.toml");
    std::fs::write(&path, format!("name = \"my\"\nversion = \"1\"\nextends = \"base\"\n{body}"))
        .expect("it can be written");
    let merged = Merged::load(path.to_str().expect("it is text"), &HostLoader);
    merged.and_then(Merged::plan).unwrap_or_else(|report| panic!("{report:?}"))
}
