//! `corten run`.

use std::path::PathBuf;

use corten_vm::Forward;

use super::{ArchiveOptions, DEFAULT_RECIPE, LockOptions};

/// Boots a recipe or an image in QEMU and says when the node is ready.
///
/// A node with an API is known to `corten node` under the name of its recipe, or one like it, for as long as it runs, with
/// keys of its own.
///
/// It is ephemeral unless --keep names a folder for its disk. Ctrl-C shuts it down in order, for which it has
/// 120 seconds; a second Ctrl-C ends it at once. Its console is kept in console.log in the folder of --keep, else in
/// consoles/IMAGE.log below ~/.cache/corten, until the next run of the image; one at the same time has a log of its
/// own. QEMU and the firmware come from the archive into the store; nothing is installed.
#[derive(clap::Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct RunArguments {
    /// A built-in recipe, the path of a recipe (.toml), or the path of an image (.raw or .qcow2).
    #[arg(default_value = DEFAULT_RECIPE)]
    pub what: String,
    /// Memory of the machine, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub memory: u32,
    /// Size of the node's disk, in GiB, if the image is not larger. A disk that is kept grows to it.
    #[arg(long, value_name = "GIB", default_value_t = 8)]
    pub disk: u32,
    /// Processors of the machine.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub cpus: u32,
    /// Forwards a TCP port of this machine to one of the node. Can be given more than once.
    #[arg(long, value_name = "HOST:GUEST")]
    pub forward: Vec<Forward>,
    /// Keep the disk, raw or qcow2 as the image is, and the firmware's variables in this folder, and use them again
    /// next time.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Sign the image with the db key of this folder, and boot it on firmware that knows the folder's keys and has
    /// Secure Boot on. An image that is named is taken as it is.
    #[arg(long, value_name = "DIR")]
    pub secure_boot: Option<PathBuf>,
    /// Give the node this machine configuration (.toml or .yaml), laid over one with keys of its own. Can be given more
    /// than once.
    #[arg(long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// Give the node no configuration: it waits in maintenance to be paired.
    #[arg(long, conflicts_with = "config")]
    pub maintenance: bool,
    /// Show the node's console on standard error.
    #[arg(long)]
    pub console: bool,
    /// Seconds that the node may take to become ready. A node whose services are not ready in 120 s says so itself,
    /// which ends a run with --until-ready, unless it gives way to another version then.
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub timeout: u64,
    /// Power the node off in order once it is ready, and exit 0.
    #[arg(long)]
    pub until_ready: bool,
    /// Print one JSON object at the end, and nothing else on standard output.
    #[arg(long)]
    pub json: bool,
    /// Which versions of packages.
    #[command(flatten)]
    pub lock: LockOptions,
    /// Where packages come from.
    #[command(flatten)]
    pub archive: ArchiveOptions,
}
