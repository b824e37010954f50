//! `corten lock`.

use super::{ArchiveOptions, DEFAULT_RECIPE};

/// Writes or updates the lock of a recipe: exact versions and hashes of its packages.
///
/// Without --update, a lock that answers the recipe stays as it is. A build with a lock never resolves anew.
#[derive(clap::Args, Debug)]
pub struct LockArguments {
    /// A built-in recipe, or the path of one or of a container recipe.
    #[arg(default_value = DEFAULT_RECIPE)]
    pub recipe: String,
    /// Take the newest versions: of the packages named, or of all when none is.
    #[arg(long, value_name = "PACKAGE", num_args = 0.., value_parser = package)]
    pub update: Option<Vec<String>>,
    /// Where packages come from.
    #[command(flatten)]
    pub archive: ArchiveOptions,
}

/// The name of a package. A recipe behind `--update` would be taken for one.
fn package(text: &str) -> Result<String, String> {
    if text.contains('/') || text.rsplit_once('.').is_some_and(|(_, suffix)| suffix == "toml") {
        return Err("expected the name of a package; a recipe comes before --update".to_owned());
    }
    Ok(text.to_owned())
}
