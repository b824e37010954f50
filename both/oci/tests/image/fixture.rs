//! Small images, and archives of anything.

use corten_oci::compression::Compression;
use corten_oci::digest::Digest;
use corten_oci::layer::{Entry, Kind};
use corten_oci::manifest::{Descriptor, ImageConfig, Platform};
use corten_oci::source::{Opened, SourceError, open_archive};
use corten_oci::tar::TarWriter;
use corten_oci::write::{ArchiveWriter, Assembled, Layer, LayerWriter, Sink, assemble};

/// A layer with one file.
pub fn layer(content: &str, compression: Compression) -> (Layer, Vec<u8>) {
    let mut layer = LayerWriter::new(Vec::new(), compression).expect("memory");
    let file = Entry::new("file", Kind::File(content.len() as u64), 0o644);
    layer.add(&file, &mut content.as_bytes()).expect("a file");
    layer.finish().expect("memory")
}

/// An image with its blobs.
pub struct Made {
    pub image: Assembled,
    pub blobs: Vec<(Descriptor, Vec<u8>)>,
}

/// An image of layers with these contents, one gzip, one zstd, one plain and so on.
pub fn image(contents: &[&str], platform: Platform) -> Made {
    let methods = [Compression::Gzip, Compression::Zstd, Compression::None];
    let made: Vec<_> = contents
        .iter()
        .zip(methods.into_iter().cycle())
        .map(|(content, method)| layer(content, method))
        .collect();
    let layers: Vec<Layer> = made.iter().map(|(layer, _)| layer.clone()).collect();
    let mut config = ImageConfig::new(platform);
    config.config.cmd = vec!["/file".into()];
    config.config.labels = [("z".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())].into();
    let blobs = made.into_iter().map(|(layer, bytes)| (layer.descriptor, bytes)).collect();
    Made { image: assemble(config, &layers), blobs }
}

/// An ordinary one.
pub fn plain() -> Made {
    image(&["one", "two", "three"], Platform::linux_amd64())
}

impl Made {
    pub fn write(&self, sink: &mut dyn Sink) {
        for (descriptor, bytes) in &self.blobs {
            sink.blob(descriptor, &mut &bytes[..]).expect("a layer");
        }
        self.image.write(sink).expect("documents");
    }

    /// An archive that lists it under these names.
    pub fn archive(&self, names: &[Option<&str>]) -> Vec<u8> {
        let mut archive = ArchiveWriter::new(Vec::new()).expect("memory");
        self.write(&mut archive);
        for name in names {
            archive.image(*name, &self.image.descriptor).expect("a name");
        }
        archive.finish().expect("memory")
    }
}

/// An archive of these files.
pub fn files(files: &[(&str, &[u8])]) -> Vec<u8> {
    members(files.iter().map(|(path, bytes)| (*path, Kind::File(bytes.len() as u64), *bytes)))
}

/// An archive of anything.
pub fn members<'a>(members: impl IntoIterator<Item = (&'a str, Kind, &'a [u8])>) -> Vec<u8> {
    let mut tar = TarWriter::new(Vec::new());
    for (path, kind, mut content) in members {
        let mut member = Entry::new("x", kind, 0o644).member();
        member.path = path.into();
        tar.add(&member, &mut content).expect("memory");
    }
    tar.finish().expect("memory")
}

pub fn open(archive: Vec<u8>) -> Result<Opened, SourceError> {
    open_archive(archive)
}

/// Where an archive keeps a blob.
pub fn path(digest: &Digest) -> String {
    digest.blob_path()
}
