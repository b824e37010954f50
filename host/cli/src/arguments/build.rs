//! `corten build`.

use std::path::PathBuf;

use corten_recipe::Format;

use super::{ArchiveOptions, DEFAULT_RECIPE, SigningOptions};

/// Which versions of packages a build takes.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct LockOptions {
    /// Fail unless there is a lock that answers the recipe.
    #[arg(long, conflicts_with = "update")]
    pub locked: bool,
    /// Take the newest versions and write them to the lock.
    #[arg(long)]
    pub update: bool,
}

/// Builds an image from a recipe.
///
/// Packages are fetched from the archive, checked against its signatures, and never installed: no script of theirs
/// runs. The exact versions stand in corten.lock beside the recipe, which the first build writes; built-in recipes
/// have theirs in the user's data directory. The same lock and the same corten give the same bytes.
#[derive(clap::Args, Debug)]
pub struct BuildArguments {
    /// A built-in recipe or the path of one.
    #[arg(default_value = DEFAULT_RECIPE)]
    pub recipe: String,
    /// Where artifacts go.
    #[arg(short, long, value_name = "DIR", default_value = "out")]
    pub output: PathBuf,
    /// What to make, instead of what the recipe says: raw, raw.zst, qcow2, uki, root, tar. Can be given more than
    /// once.
    #[arg(long, value_name = "FORMAT")]
    pub format: Vec<Format>,
    /// The last part of the version. It has to grow from build to build of a channel.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub build_number: u64,
    /// Use nothing of earlier builds but packages and indexes.
    #[arg(long)]
    pub fresh: bool,
    /// Print one JSON object about the build, with the SHA-256 of each artifact, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// With what it is signed.
    #[command(flatten)]
    pub signing: SigningOptions,
    /// Which versions of packages.
    #[command(flatten)]
    pub lock: LockOptions,
    /// Where packages come from.
    #[command(flatten)]
    pub archive: ArchiveOptions,
}
