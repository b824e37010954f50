//! Programs that the builder runs on the host, taken from the archive like the packages of an image.

/// Why tools can't be laid out or run.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {}
