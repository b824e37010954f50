//! Documents of a machine configuration, as they come in.

pub use corten_document::Format;
use corten_document::Source;

/// Largest document, bytes: far above what a person writes, certificates included.
pub const MAX_DOCUMENT: usize = 256 << 10;

/// A document of a machine configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// What complaints call it: the path of a file, `operator`.
    pub name: String,
    /// The language of its text.
    pub format: Format,
    /// Its text. It may hold secrets.
    pub text: String,
}

impl Document {
    pub(crate) fn source(&self) -> Source {
        Source::new(self.name.as_str(), self.format, self.text.as_str())
    }
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("name", &self.name)
            .field("format", &self.format)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}
