//! `corten recipe`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use corten_archive::archive::LockPolicy;
use corten_image::{LockedPackages, Unaccounted, check as check_packages};
use corten_recipe::plan::PRODUCTS;
use corten_recipe::{HostLoader, RecipeKind, recipe_kind};
use corten_services::images::Image;

use crate::arguments::{ArchiveOptions, RecipeCommand};
use crate::exit::{BadFile, Exit};
use crate::output::put;
use crate::progress::{Progress, counted, size};
use crate::session::{Session, container_plan, merged, merged_container, open_images, plan};

/// Lines of a script that are shown.
const SHOWN: usize = 4;

/// Runs the command.
pub fn recipe(command: &RecipeCommand) -> Result<Exit> {
    let text = match command {
        RecipeCommand::Show { recipe } => match recipe_kind(recipe, &HostLoader) {
            RecipeKind::System => show(recipe)?,
            RecipeKind::Container => {
                let merged = merged_container(recipe)?;
                let text = merged.to_toml();
                merged.plan().map_err(BadFile::recipe)?;
                text
            }
        },
        RecipeCommand::Check { recipe, alone, archive } => match recipe_kind(recipe, &HostLoader) {
            RecipeKind::System if *alone => {
                let plan = plan(recipe)?;
                open_images(&plan)?;
                alone_text(plan.name.as_str())
            }
            RecipeKind::Container if *alone => alone_text(&container_plan(recipe)?.name.to_string()),
            RecipeKind::System => check(recipe, archive)?,
            RecipeKind::Container => check_container(recipe, archive)?,
        },
        RecipeCommand::Schema { container: false } => corten_recipe::schema_text(),
        RecipeCommand::Schema { container: true } => corten_recipe::container_schema_text(),
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

fn alone_text(name: &str) -> String {
    format!("{name}: nothing is wrong with it, the archive aside\n")
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
    open_images(&plan(recipe)?)?;
    let session = Session::open(recipe, archive)?;
    let (_, lock) = session.resolve(&LockPolicy::Use, &progress)?;
    let listener = |event| progress.archive(event);
    let packages = LockedPackages::new(&session.archive, &lock, &listener);
    let checked = check_packages(&session.plan, &packages).map_err(|error| session.explain(error))?;
    progress.finish();
    let mut text = String::new();
    for image in &checked.images {
        let Image { name, digest, layers, .. } = image;
        let _ = writeln!(
            text,
            "image {name}: {digest}, {}, {} of files",
            counted(layers.len(), "layer"),
            size(image.bytes())
        );
    }
    text.push_str(&verdict(session.plan.name.as_str(), &checked.unaccounted));
    Ok(text)
}

fn check_container(recipe: &str, archive: &ArchiveOptions) -> Result<String> {
    let progress = Progress::new();
    let session = Session::open_container(recipe, archive)?;
    let (_, lock) = session.resolve(&LockPolicy::Use, &progress)?;
    let listener = |event| progress.archive(event);
    let packages = LockedPackages::new(&session.archive, &lock, &listener);
    let open = corten_image::check_container(&session.plan, &packages);
    let open = open.map_err(|error| session.explain(error))?;
    progress.finish();
    Ok(verdict(&session.plan.name.to_string(), &open))
}

/// Scripts that nothing answers for, and the last line.
fn verdict(name: &str, open: &[Unaccounted]) -> String {
    let mut text = String::new();
    for Unaccounted { package, lines } in open {
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
        "{name}: nothing is wrong with it; {} with open scripts",
        counted(open.len(), "package")
    );
    text
}
