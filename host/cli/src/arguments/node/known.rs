//! Subcommands of `corten node` about the nodes that are known.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use corten_api::identity::Fingerprint;
use corten_api::pairing::Code;
use corten_client::contexts::{Address, NodeName};

/// Adds, chooses and forgets nodes.
#[derive(Subcommand, Debug)]
pub enum KnownCommand {
    /// Gives a node in maintenance its first configuration, and adds it.
    ///
    /// The console of such a node shows a code and a fingerprint. The fingerprint that is seen from here is shown;
    /// name the one on the console with --fingerprint to have nothing sent to anybody else. The code never travels.
    Pair(PairArguments),
    /// Adds a node that has a configuration.
    #[command(group = ArgGroup::new("recognised").args(["fingerprint", "authority", "keys"])
        .required(true).multiple(true))]
    Add {
        /// What to call it here.
        name: NodeName,
        /// Where it listens: HOST or HOST:PORT.
        address: Address,
        /// It is recognised by its certificate, which has this SHA-256: 64 hexadecimal digits.
        #[arg(long, value_name = "HEX", conflicts_with = "authority")]
        fingerprint: Option<Fingerprint>,
        /// It is recognised by who signed for it; and who you are there.
        #[command(flatten)]
        owner: OwnerArguments,
        /// A note to yourself.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Shows the nodes that are known. Asks none of them.
    Contexts,
    /// Chooses the node that is meant when none is named.
    Use {
        /// The node.
        name: NodeName,
    },
    /// Forgets a node. The node itself learns nothing of it.
    Forget {
        /// The node.
        name: NodeName,
    },
}

/// Arguments of `corten node pair`.
#[derive(Args, Debug)]
pub struct PairArguments {
    /// Where it listens: HOST or HOST:PORT.
    pub address: Address,
    /// The code on its console: XXXX-XXXX-XXXX.
    #[arg(long)]
    pub code: Code,
    /// The machine configuration: .toml, .yaml or .yml. `corten keys node` prints the part that lets you in.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// What to call it here; as it is called itself if not given.
    #[arg(long)]
    pub name: Option<NodeName>,
    /// Talk to no node but the one with this certificate: 64 hexadecimal digits, from the console.
    #[arg(long, value_name = "HEX")]
    pub fingerprint: Option<Fingerprint>,
    /// Who signs for the node, if the configuration gives it a certificate; and who you are there.
    #[command(flatten)]
    pub owner: OwnerArguments,
}

/// The owner's side: who signs for nodes, and who one is there.
#[derive(Args, Debug)]
pub struct OwnerArguments {
    /// The certificate of the authority that signs for the node, PEM.
    #[arg(long, value_name = "FILE")]
    pub authority: Option<PathBuf>,
    /// Your certificate, PEM.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// Its key, PKCS #8 in PEM.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub key: Option<PathBuf>,
    /// A folder of `corten keys new`, in place of the three before: you are its administrator.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["authority", "certificate", "key"])]
    pub keys: Option<PathBuf>,
}
