//! EROFS, the read-only file system of the root image.
//!
//! ```text
//! block 0                  1 ..               M                                          end
//! +------+-----+-----------------------------+-------------------+------------------------+
//! | 1024 | sb, | inodes, each with its       | large directories | file data, each piece  |
//! | zero | cfg | attributes, tail and index  |                   | from a block of its own|
//! +------+-----+-----------------------------+-------------------+------------------------+
//! ```
//!
//! The writer cuts file data into pieces of fixed size, compresses each apart from the others on all cores, and
//! pads it to whole blocks. `mkfs.erofs` instead looks for the amount of input that just fills its output, which
//! saves some padding and takes many times longer. Files with the same content are stored once.
//!
//! The reader takes images of other writers too. Specification: `fs/erofs/erofs_fs.h`, `zmap.c` and `zdata.c` of
//! Linux 6.12.

pub mod cache;
pub mod debug;
pub mod format;
pub mod options;
mod reader;
mod writer;

pub use cache::{NoCache, PieceCache, PieceKey};
pub use options::{Compression, Options, Packing, PieceSize, PieceSizeError};
pub use reader::{Limits, ReadError, read};
pub use writer::{Image, Statistics, WriteError, write};
