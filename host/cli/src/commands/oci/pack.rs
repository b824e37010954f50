//! `corten oci pack` of a recipe.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use corten_image::LockedPackages;
use serde_json::json;

use crate::arguments::PackArguments;
use crate::exit::Exit;
use crate::output::put;
use crate::progress::{Progress, counted, size};
use crate::session::Session;

/// Runs the command.
pub fn pack(recipe: &str, arguments: &PackArguments) -> Result<Exit> {
    let progress = Progress::new();
    let session = Session::open_container(recipe, &arguments.archive)?;
    let lock = session.lock(&arguments.lock, &progress)?;
    let archive_listener = |event| progress.archive(event);
    let packages = LockedPackages::new(&session.archive, &lock, &archive_listener);
    let output = output(recipe, arguments.output.as_deref())?;
    let packed = corten_image::pack(&session.plan, &packages, &output, &|event| progress.image(event));
    let packed = packed.map_err(|error| session.explain(error))?;
    progress.finish();
    let text = if arguments.json {
        let mut value = json!(packed);
        value["path"] = json!(output);
        format!("{value:#}\n")
    } else {
        format!(
            "{} packed\ndigest   {}\nlayer    {}, {} of files\ncontent  {} from {}\narchive  {}\n",
            packed.name,
            packed.digest,
            size(packed.layer),
            size(packed.content),
            counted(packed.files, "file"),
            counted(packed.packages, "package"),
            output.display()
        )
    };
    put(&text)?;
    Ok(Exit::Done)
}

/// Where the archive goes: the name of the recipe's file in this folder, where nothing else is said.
fn output(recipe: &str, output: Option<&Path>) -> Result<PathBuf> {
    let stem = Path::new(recipe).file_stem();
    let path = match output {
        Some(path) => path.to_owned(),
        None => Path::new(stem.context("the recipe has no name")?).with_extension("tar"),
    };
    std::path::absolute(path).context("the archive")
}
