//! `corten recipe`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use corten_archive::archive::LockPolicy;
use corten_image::{LockedPackages, Unaccounted, check as check_packages};
use corten_recipe::plan::PRODUCTS;

use crate::arguments::{ArchiveOptions, RecipeCommand};
use crate::exit::Exit;
use crate::output::put;
use crate::progress::Progress;
use crate::session::{Session, merged, plan};

/// Lines of a script that are shown.
const SHOWN: usize = 4;

/// Runs the command.
pub fn recipe(command: &RecipeCommand) -> Result<Exit> {
    let text = match command {
        RecipeCommand::Show { recipe } => show(recipe)?,
        RecipeCommand::Check { recipe, alone: true, .. } => {
            format!("{}: nothing is wrong with it, the archive aside\n", plan(recipe)?.name)
        }
        RecipeCommand::Check { recipe, archive, .. } => check(recipe, archive)?,
        RecipeCommand::Schema => corten_recipe::schema_text(),
        RecipeCommand::List => {
            let mut text = String::new();
            for builtin in corten_recipe::builtin_names() {
                let _ = writeln!(text, "{:<16} {}", builtin.name, builtin.description);
            }
            text
        }
    };
    put(&text)?;
    Ok(Exit::Done)
}

fn show(recipe: &str) -> Result<String> {
    let merged = merged(recipe)?;
    let mut text = merged.to_toml();
    let products: BTreeMap<_, _> = PRODUCTS.into_iter().collect();
    text.push_str("\n# Made by the builder in place of maintainer scripts:\n");
    for product in plan(recipe)?.products {
        let _ = writeln!(text, "# - {}", products.get(&product).copied().unwrap_or_default());
    }
    Ok(text)
}

fn check(recipe: &str, archive: &ArchiveOptions) -> Result<String> {
    let progress = Progress::new();
    let session = Session::open(recipe, archive)?;
    let lock = session.lock_with(&LockPolicy::Use, &progress)?;
    let listener = |event| progress.archive(event);
    let packages = LockedPackages::new(&session.archive, &lock, &listener);
    let open = check_packages(&session.plan, &packages).map_err(|error| session.explain(error))?;
    progress.finish();
    let mut text = String::new();
    for Unaccounted { package, lines } in &open {
        let _ = writeln!(text, "warning: the maintainer scripts of {package} are not accounted for:");
        for (script, lines) in lines {
            for line in lines.iter().take(SHOWN) {
                let _ = writeln!(text, "  {script}: {}", line.trim());
            }
            if lines.len() > SHOWN {
                let _ = writeln!(text, "  {script}: and {} more lines", lines.len() - SHOWN);
            }
        }
        let _ = writeln!(text, "  say why they need not run in the recipe: [scripts] {package} = \"why\"");
    }
    let _ = writeln!(
        text,
        "{}: nothing is wrong with it; {} packages with open scripts",
        session.plan.name,
        open.len()
    );
    Ok(text)
}
