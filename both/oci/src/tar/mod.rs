//! Tar archives as images hold them: POSIX.1-1988 and -2001 (ustar, pax) and GNU's long names and large numbers.
//!
//! Archives are read forward and never held in memory, since a layer may have gigabytes. A member names whatever its
//! author liked; what its name is worth is for the reader of layers and the reader of archives to say. Sparse files
//! are refused: nobody writes them, and each form of them is read differently by somebody.

mod error;
mod header;
mod input;
mod member;
mod members;
mod pax;
mod writer;

pub use error::TarError;
pub use input::{Input, Piece, ReadAt};
pub(crate) use member::shown;
pub use member::{Form, Member};
pub use members::Members;
pub use writer::TarWriter;

/// Size of a header, and what content is padded to.
const BLOCK: usize = 512;

/// Bytes up to the first NUL.
fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    &bytes[..end]
}
