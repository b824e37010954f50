//! The state: the one file system of a node that lasts. It is made on first boot, checked when the kernel found
//! something wrong with it, and grows with its partition.
//!
//! Nothing is ever formatted but a partition that this node made itself and whose file system never was complete:
//! its entry in the partition table carries a mark until then. What was complete once and is damaged beyond what
//! `e2fsck` mends by itself is left as it is, for a person to decide.

mod prepare;
mod rule;
mod tool;

pub use prepare::{Age, Around, GROW, Growth, Mounted, make_options, prepare};
pub use rule::{Begin, Mark, begin, grows};
pub use tool::ToolError;
pub(crate) use tool::run;

/// Where the state is mounted.
pub const MOUNT_POINT: &str = "/var";
