//! Memory in use, counted by the code of a node's report (`memory_used_bytes`), so that the figures mean the same.

use std::fs;

use corten_init::facts;

use crate::fault::Fault;

/// Has the kernel let go of what it keeps in case that it is needed again.
const DROP: &str = "/proc/sys/vm/drop_caches";

/// Bytes in use, after what is only kept in case was let go.
pub(crate) fn in_use() -> Result<u64, Fault> {
    fs::write(DROP, "3").map_err(Fault::io(DROP))?;
    Ok(facts::memory_used())
}
