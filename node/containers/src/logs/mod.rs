//! What containers print: kept on the state with limits, and read by whoever asks.
//!
//! ```text
//! container -> shim -> FIFO -> pump: split -> records -> current, 1, 2   /var/lib/corten/containers/logs/W/C/
//!                                                             |
//!            stream of lines <- merge <- cursor: join <- records
//! ```
//!
//! Readers read files, those who follow too: they are told that there is more, not what. So a reader costs nothing that
//! grows while it does not read, and the newest lines are in the kernel's cache. One that is so slow that a file goes
//! before it was read is told how many lines that were.
//!
//! Files are in the format of Kubernetes' container runtimes. See [`rotation`](Limits) for the limits, and the
//! documentation of the files' module for what a power cut may lose.

mod cursor;
mod error;
mod exec;
mod fifo;
mod files;
mod gone;
mod join;
mod kept;
mod line;
mod merge;
mod name;
mod pump;
mod read;
mod rotation;
mod split;
mod store;
mod tail;
#[cfg(test)]
mod tests;

pub use error::LogError;
pub use exec::{Errors, Exec, ExecInput, ExecOutput, ExecOver, ExecPaths};
pub use join::{Joiner, MAX_JOINED, Whole};
pub use kept::{Attached, IoPaths, Logs};
pub use line::{Line, MAX_RECORD, MAX_TEXT, Part, Stamp, Stream, parse_line};
pub use name::{ContainerName, Wanted};
pub use rotation::Limits;
pub use split::Splitter;
pub use tail::{Tail, tail};
