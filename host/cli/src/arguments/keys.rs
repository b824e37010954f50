//! `corten keys`.

use std::path::PathBuf;

use corten_api::identity::{Address, Name};
use corten_api::role::Role;

/// Makes an owner's keys: who is a node, who may call it, and what signs images.
#[derive(clap::Subcommand, Debug)]
pub enum KeysCommand {
    /// Makes a folder with an authority, an administrator's certificate and keys that sign images.
    ///
    /// The authority (authority.key) says who is a node and who may do what: it is needed to issue certificates and
    /// belongs in a safe. The administrator's certificate (admin.key, admin.pem) is valid for a year at most; with
    /// the authority another one is issued in a second. secure-boot/ is what `corten secure-boot keys` makes. Keys
    /// are for their owner alone, have no passphrase, and are never overwritten.
    New {
        /// Whose keys they are: the name in the certificates.
        name: Name,
        /// Days that the authority is valid.
        #[arg(long, default_value_t = corten_keys::AUTHORITY_DAYS)]
        days: u32,
        /// Where they go; a folder of the owner's name if it is not given.
        #[arg(long, value_name = "FOLDER")]
        directory: Option<PathBuf>,
    },
    /// Issues a certificate for a person or program that calls nodes: NAME.key and NAME.pem.
    ///
    /// Hand both over together with authority.pem. To take the certificate back, put its fingerprint into
    /// api.revoked of the machine configuration.
    Issue {
        /// What they may do: reader, operator or admin. Each role includes those before it.
        #[arg(long)]
        role: Role,
        /// Who they are, as the audit log shall name them.
        #[arg(long = "for", value_name = "NAME")]
        name: Name,
        /// Days that the certificate is valid.
        #[arg(long, default_value_t = corten_keys::ADMIN_DAYS)]
        days: u32,
        /// Folder with the authority.
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        keys: PathBuf,
        /// Where the files go.
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        output: PathBuf,
    },
    /// Issues a certificate for a node and prints the table of its machine configuration, TOML, with its key.
    ///
    /// The configuration says whose clients the node lets in (api.trusted) and what it shows (api.certificate, api.key). Keep
    /// it like a key.
    Node {
        /// What the node is called.
        #[arg(long = "for", value_name = "NAME")]
        name: Name,
        /// An address or DNS name that it is reached by, for tools that compare them; may be given several times.
        /// `corten` itself takes any node of the authority.
        #[arg(long = "san", value_name = "ADDRESS")]
        addresses: Vec<Address>,
        /// Days that the certificate is valid; as long as the authority if not given.
        #[arg(long)]
        days: Option<u32>,
        /// Folder with the authority.
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        keys: PathBuf,
    },
    /// Prints whose the certificates in a file are, what for, their fingerprints, and from when to when they are valid.
    ///
    /// The fingerprint is what api.revoked of a machine configuration names.
    Show {
        /// File with certificates, PEM.
        file: PathBuf,
    },
}
