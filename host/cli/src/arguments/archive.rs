//! Options of every command that may need the archive.

use std::path::PathBuf;

/// Where packages come from and where they are kept.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct ArchiveOptions {
    /// Address of the archive: http, https or file. Without it, the host's apt configuration says.
    #[arg(long, value_name = "URL", global = true, help_heading = "Archive")]
    pub mirror: Option<String>,
    /// Address of the archive's security updates.
    #[arg(long, value_name = "URL", global = true, requires = "mirror", help_heading = "Archive")]
    pub security_mirror: Option<String>,
    /// Keys that the archive's signatures are checked against, instead of the host's keyrings for Debian.
    #[arg(long, value_name = "FILE", global = true, help_heading = "Archive")]
    pub keyring: Option<PathBuf>,
    /// Take everything from the store; fail where something is not there.
    #[arg(long, global = true, help_heading = "Archive")]
    pub offline: bool,
}
