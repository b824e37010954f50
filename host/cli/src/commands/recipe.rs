//! `corten recipe`.

use std::collections::BTreeMap;

use anyhow::Result;
use corten_archive::archive::LockPolicy;
use corten_image::{LockedPackages, Unaccounted, check as check_packages};
use corten_recipe::plan::PRODUCTS;

use crate::arguments::{ArchiveOptions, RecipeCommand};
use crate::exit::Exit;
use crate::progress::Progress;
use crate::session::{Session, merged, plan};

/// Lines of a script that are shown.
const SHOWN: usize = 4;

/// Runs the command.
pub fn recipe(command: &RecipeCommand) -> Result<Exit> {
    match command {
        RecipeCommand::Show { recipe } => show(recipe)?,
        RecipeCommand::Check { recipe, alone: true, .. } => {
            println!("{}: nothing is wrong with it, the archive aside", plan(recipe)?.name);
        }
        RecipeCommand::Check { recipe, archive, .. } => return check(recipe, archive),
        RecipeCommand::Schema => print!("{}", corten_recipe::schema_text()),
        RecipeCommand::List => {
            for builtin in corten_recipe::builtin_names() {
                println!("{:<16} {}", builtin.name, builtin.description);
            }
        }
    }
    Ok(Exit::Done)
}

fn show(recipe: &str) -> Result<()> {
    let merged = merged(recipe)?;
    print!("{}", merged.to_toml());
    let products: BTreeMap<_, _> = PRODUCTS.into_iter().collect();
    println!("\n# Made by the builder in place of maintainer scripts:");
    for product in plan(recipe)?.products {
        println!("# - {}", products.get(&product).copied().unwrap_or_default());
    }
    Ok(())
}

fn check(recipe: &str, archive: &ArchiveOptions) -> Result<Exit> {
    let progress = Progress::new();
    let session = Session::open(recipe, archive)?;
    let lock = session.lock_with(&LockPolicy::Use, &progress)?;
    let listener = |event| progress.archive(event);
    let packages = LockedPackages::new(&session.archive, &lock, &listener);
    let open = check_packages(&session.plan, &packages).map_err(|error| session.explain(error))?;
    progress.finish();
    for Unaccounted { package, lines } in &open {
        println!("warning: the maintainer scripts of {package} are not accounted for:");
        for (script, lines) in lines {
            for line in lines.iter().take(SHOWN) {
                println!("  {script}: {}", line.trim());
            }
            if lines.len() > SHOWN {
                println!("  {script}: and {} more lines", lines.len() - SHOWN);
            }
        }
        println!("  say why they need not run in the recipe: [scripts] {package} = \"why\"");
    }
    println!("{}: nothing is wrong with it; {} packages with open scripts", session.plan.name, open.len());
    Ok(Exit::Done)
}
