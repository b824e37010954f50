//! What blobs are written to.

use std::io::Read;

use super::WriteError;
use crate::digest::Digest;
use crate::limits;
use crate::manifest::{Descriptor, Index, REF_NAME};

/// A layout in the making.
pub trait Sink {
    /// Whether it has a blob, which then need not be written.
    fn has(&self, digest: &Digest) -> bool;

    /// Writes a blob. Fails unless `content` is what the descriptor says.
    fn blob(&mut self, descriptor: &Descriptor, content: &mut dyn Read) -> Result<(), WriteError>;

    /// Lists an image under a name, in place of one that has the name.
    fn image(&mut self, name: Option<&str>, descriptor: &Descriptor) -> Result<(), WriteError>;
}

/// Lists an image in an index. One without a name takes the place of the same one without a name.
pub(super) fn list(index: &mut Index, name: Option<&str>, image: &Descriptor) -> Result<(), WriteError> {
    let mut descriptor = image.clone();
    descriptor.annotations.clear();
    if let Some(name) = name {
        if name.is_empty() || name.len() > limits::NAME || name.chars().any(char::is_control) {
            return Err(WriteError::Name(name.chars().take(160).collect()));
        }
        descriptor.annotations.insert(REF_NAME.to_owned(), name.to_owned());
    }
    index.manifests.retain(|other| match (name, other.annotations.get(REF_NAME)) {
        (Some(name), Some(other)) => name != other,
        (None, None) => descriptor.digest != other.digest,
        _ => true,
    });
    index.manifests.push(descriptor);
    Ok(())
}
