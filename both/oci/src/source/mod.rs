//! Where images come from: a layout directory, an archive of OCI, an archive of Docker. All of them list images and
//! give blobs by digest, and a blob that is read is verified.
//!
//! ```text
//! directory ──┐
//!             ├─ files by path ─┬─ layout  oci-layout, index.json, blobs/sha256/…
//! archive ────┘                 └─ docker  manifest.json, …/layer.tar
//! ```
//!
//! An archive is read at any place ([`crate::tar::ReadAt`]), which a stream can't be: whoever gets one writes it to a
//! file first. A compressed archive is written to another file without its compression ([`archive::unpacked`]).

pub mod archive;
mod directory;
mod docker;
mod error;
mod files;
mod image;
mod layout;
mod location;
mod open;

pub use directory::Directory;
pub use docker::DockerArchive;
pub(crate) use docker::LIST;
pub use error::SourceError;
pub use files::Files;
pub use image::{Image, load, load_all, named};
pub use layout::{CONTAINERD_NAME, Layout};
pub(crate) use layout::{INDEX, MARK, mark};
pub use location::Location;
pub use open::{Opened, Shape, open, open_archive, open_as};

use std::io::Read;

use crate::digest::Digest;
use crate::manifest::Descriptor;
use crate::verified::Verified;

/// Bytes, not verified, and how many there are.
pub type Content<'a> = (Box<dyn Read + 'a>, u64);

/// A reader of a blob.
pub type Blob<'a> = Verified<Box<dyn Read + 'a>>;

/// An image as a source lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name that it goes by there, as it is written: a tag, or a whole reference.
    pub name: Option<String>,
    /// Its manifest or index.
    pub descriptor: Descriptor,
}

/// Holds images.
pub trait Source {
    /// The images, in the order of the source. One with several names is there several times.
    fn images(&self) -> &[Listed];

    /// The bytes of a blob.
    fn open<'a>(&'a self, digest: &Digest) -> Result<Content<'a>, SourceError>;
}

/// A blob, verified while it is read.
pub fn blob<'a>(source: &'a dyn Source, descriptor: &Descriptor) -> Result<Blob<'a>, SourceError> {
    let (reader, _) = source.open(&descriptor.digest)?;
    Ok(Verified::new(reader, descriptor.digest, descriptor.size))
}

/// A whole blob of a size that documents may have.
pub fn document(source: &dyn Source, descriptor: &Descriptor) -> Result<Vec<u8>, SourceError> {
    if descriptor.size > crate::limits::DOCUMENT {
        let what = descriptor.digest.to_string();
        return Err(SourceError::Document { what, source: crate::json::DocumentError::Size });
    }
    let mut bytes = Vec::new();
    let mut reader = blob(source, descriptor)?;
    reader.read_to_end(&mut bytes).map_err(SourceError::reading(&descriptor.digest.to_string()))?;
    Ok(bytes)
}
