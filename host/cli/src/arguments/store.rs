//! `corten store`.

/// Looks after the store: packages, indexes, tools and what builds keep for the next one.
#[derive(clap::Subcommand, Debug)]
pub enum StoreCommand {
    /// Prints where the store is.
    Path,
    /// Checks the hash of everything in the store; what is damaged is removed and fetched again when needed.
    Verify,
    /// Removes what no lock of this user needs, and everything that builds keep for the next one.
    Gc {
        /// Locks to keep packages for, besides those in the user's data directory.
        #[arg(long, value_name = "FILE")]
        lock: Vec<std::path::PathBuf>,
    },
}
