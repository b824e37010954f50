//! Options of every command that builds an image.

use std::path::PathBuf;

/// With what loader and boot image are signed.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct SigningOptions {
    /// Sign loader and boot image with this RSA key, PEM, instead of what the recipe says.
    #[arg(long, value_name = "FILE", requires = "secure_boot_cert", help_heading = "Secure Boot")]
    pub secure_boot_key: Option<PathBuf>,
    /// Certificate of the key, PEM or DER.
    #[arg(long, value_name = "FILE", requires = "secure_boot_key", help_heading = "Secure Boot")]
    pub secure_boot_cert: Option<PathBuf>,
    /// Put PK.auth, KEK.auth and db.auth of this folder on the disk, for firmware in setup mode.
    #[arg(long, value_name = "DIR", requires = "secure_boot_key", help_heading = "Secure Boot")]
    pub secure_boot_enrol: Option<PathBuf>,
}
