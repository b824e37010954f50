//! `corten oci pack`.

use std::path::PathBuf;

use super::{FileOptions, RunOptions};
use crate::arguments::{ArchiveOptions, LockOptions};

/// Packs a container image from Debian packages, or from files of this machine.
///
/// A container recipe names programs and files of packages like one of an operating system, and says how containers
/// run. The image has one layer with these and the shared libraries that they need; no script of a package runs. The
/// exact versions stand in a lock beside the recipe, NAME.lock for NAME.toml, which the first run writes. The same lock
/// and the same corten give the same bytes.
///
/// Without a recipe the image has the files that --add names, above those of the image that --base names. The same
/// files and options give the same bytes.
#[derive(clap::Args, Debug)]
pub struct PackArguments {
    /// The path of a container recipe.
    #[arg(conflicts_with_all = ["FileOptions", "RunOptions"])]
    pub recipe: Option<String>,
    /// Where the archive with the image goes, in the form of an OCI layout; NAME.tar in this folder unless given. An
    /// image of files has no such name.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print one JSON object about the image and nothing else.
    #[arg(long)]
    pub json: bool,
    // Before what has a heading, which would stand above this too.
    /// Which versions of packages.
    #[command(flatten)]
    pub lock: LockOptions,
    /// An image of files.
    #[command(flatten)]
    pub files: FileOptions,
    /// How containers of it run.
    #[command(flatten)]
    pub run: RunOptions,
    /// Where packages come from.
    #[command(flatten)]
    pub archive: ArchiveOptions,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::arguments::{Arguments, Command, OciCommand};

    fn parse(words: &str) -> Result<super::PackArguments, String> {
        let words = ["corten", "oci", "pack"].into_iter().chain(words.split_whitespace());
        match Arguments::try_parse_from(words).map_err(|error| error.to_string())?.command {
            Command::Oci(OciCommand::Pack(arguments)) => Ok(*arguments),
            _ => Err("another command".into()),
        }
    }

    #[test]
    fn it_takes_a_recipe_or_files() {
        let recipe = parse("web.toml").expect("it is right");
        assert_eq!((recipe.recipe.as_deref(), recipe.output), (Some("web.toml"), None));
        let files = parse("--add x:/x --entrypoint /x --entrypoint -v -o x.tar").expect("it is right");
        assert_eq!((files.files.add.len(), files.run.entrypoint), (1, vec!["/x".into(), "-v".into()]));
        for wrong in
            ["web.toml --add x:/x", "web.toml --env A=b", "--add x:/x --locked", "--base x --offline"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_have_the_form_that_recipes_ask_for() {
        for (option, wrong, right) in [
            ("--user", "www:", "www:33"),
            ("--user", "a/b", "33"),
            ("--workdir", "srv", "/srv"),
            ("--workdir", "/srv/../x", "/"),
            ("--stop-signal", "QUIT", "SIGQUIT"),
            ("--stop-signal", "9", "SIGRTMIN+3"),
            ("--env", "1A=b", "A=b"),
            ("--env", "A-B=c", "A="),
        ] {
            assert!(parse(&format!("--add x:/x {option} {wrong}")).is_err(), "{option} {wrong}");
            parse(&format!("--add x:/x {option} {right}")).unwrap_or_else(|told| panic!("{told}"));
        }
        let entry = ["corten", "oci", "pack", "--add", "x:/x", "--entrypoint", ""];
        assert!(Arguments::try_parse_from(entry).is_err());
        let told = parse("--add x:/x --stop-signal SIGQIT").expect_err("no signal");
        assert!(told.contains("did you mean `SIGQUIT`?"), "{told}");
    }
}
