//! What services and the kernel print, kept in memory and read by whoever asks.
//!
//! ```text
//! services -> pipes -> init -> /dev/kmsg -> follow -> ring <- readers, each with a cursor of its own
//! ```
//!
//! The kernel's buffer is the only store: init writes what services print there, and an agent that starts again reads
//! what the kernel still has. A reader that is too slow loses the oldest lines and is told how many; it makes nobody
//! wait and has no queue of its own.

mod follow;
mod journal;
mod record;
mod ring;
mod time;

pub use follow::{LogError, follow, kernel_start_ns};
pub use journal::{Journal, Reader};
pub use record::{Entry, INIT, KERNEL, parse};
pub use ring::DEFAULT_BYTES;
pub use time::rfc3339;
