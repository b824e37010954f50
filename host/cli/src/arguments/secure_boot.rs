//! `corten secure-boot`.

use std::path::PathBuf;

use super::ArchiveOptions;

/// Makes keys for Secure Boot and tells firmware about them.
#[derive(clap::Subcommand, Debug)]
pub enum SecureBootCommand {
    /// Makes a platform key (PK), a key exchange key (KEK) and a key that signs images (db).
    ///
    /// Each has a certificate (.pem, .der), a signature list (.esl) and a signed update for firmware in setup mode
    /// (.auth). Keys are for their owner alone, have no passphrase, and are never overwritten. A build needs db.key
    /// and db.pem; the other two keys belong in a safe.
    Keys {
        /// Where they go.
        folder: PathBuf,
        /// Whose keys they are: part of the names in the certificates.
        #[arg(long, default_value = "Corten")]
        name: String,
    },
    /// Makes a store of firmware variables for OVMF, with the keys in it and Secure Boot on.
    Enrol {
        /// Folder with the keys; PK.esl, KEK.esl and db.esl are read.
        folder: PathBuf,
        /// The store. One that exists has to be without keys and keeps its other variables; otherwise it is made
        /// from the firmware of the archive.
        #[arg(long, value_name = "FILE")]
        vars: PathBuf,
        /// Where the firmware comes from.
        #[command(flatten)]
        archive: ArchiveOptions,
    },
}
