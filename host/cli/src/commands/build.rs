//! `corten build`.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use corten_image::{Built, LockedPackages, NodePrograms, Request, Use, sha256_of};
use serde_json::json;

use crate::arguments::BuildArguments;
use crate::exit::Exit;
use crate::output::put;
use crate::places;
use crate::progress::{Progress, counted, size};
use crate::session::{Session, open_images};
use crate::signing::Keys;

/// Runs the command.
pub fn build(arguments: &BuildArguments, programs: NodePrograms) -> Result<Exit> {
    let progress = Progress::new();
    let built = image(arguments, programs, &progress)?;
    progress.finish();
    put(&if arguments.json { format!("{:#}\n", json(&built)?) } else { summary(&built) })?;
    Ok(Exit::Done)
}

/// Builds the image; `corten run` does the same first.
pub fn image(arguments: &BuildArguments, programs: NodePrograms, progress: &Progress) -> Result<Built> {
    if programs.init.is_empty() {
        bail!("this corten was built without the node's programs: build it with `cargo xtask build`");
    }
    let session = Session::open(&arguments.recipe, &arguments.archive)?;
    open_images(&session.plan)?;
    let lock = session.lock(&arguments.lock, progress)?;
    let listener = |event| progress.image(event);
    let archive_listener = |event| progress.archive(event);
    let packages = LockedPackages::new(&session.archive, &lock, &archive_listener);
    let formats = match arguments.format.as_slice() {
        [] => session.plan.image.formats.clone(),
        named => named.to_vec(),
    };
    let keys = Keys::open(&session.plan, &arguments.signing, progress)?;
    let request = Request {
        plan: &session.plan,
        packages: &packages,
        build_number: arguments.build_number,
        programs,
        builder: builder()?,
        signing: keys.as_ref().map(Keys::signing),
        formats,
        output: std::path::absolute(&arguments.output).context("the output folder")?,
        cache: &places::cache()?.join("derived"),
        reuse: if arguments.fresh { Use::Fresh } else { Use::Reuse },
    };
    corten_image::build(&request, &listener).map_err(|error| session.explain(error))
}

/// What tells this `corten` from another in the keys of its caches.
fn builder() -> Result<String> {
    use std::os::unix::fs::MetadataExt as _;
    let program = std::fs::metadata(std::env::current_exe()?)?;
    Ok(format!("{} {} {} {}", program.ino(), program.len(), program.mtime(), program.mtime_nsec()))
}

/// What `--json` prints.
pub fn json(built: &Built) -> Result<serde_json::Value> {
    let mut artifacts = Vec::new();
    for artifact in &built.artifacts {
        artifacts.push(json!({
            "path": artifact.path,
            "format": artifact.format,
            "bytes": artifact.bytes,
            "sha256": sha256_of(&artifact.path)?,
        }));
    }
    Ok(json!({
        "name": built.name,
        "version": built.version,
        "root_hash": built.root_hash,
        "artifacts": artifacts,
        "sizes": built.sizes,
        "packages": built.packages,
        "files": built.files,
        "images": built.images,
        "seconds": built.seconds,
        "unchanged": built.unchanged,
    }))
}

fn summary(built: &Built) -> String {
    let mut text = String::new();
    let total = built.seconds.get("total").copied().unwrap_or_default();
    if built.unchanged {
        let _ =
            writeln!(text, "{} {}: nothing has changed ({:.0} ms)", built.name, built.version, total * 1e3);
    } else {
        let _ = writeln!(text, "{} {} built in {total:.2} s", built.name, built.version);
    }
    let _ = writeln!(text, "root hash  {}", built.root_hash);
    let sizes = &built.sizes;
    let sum = sizes.root + sizes.verity + sizes.boot;
    let _ = writeln!(
        text,
        "sizes      root {}, hash tree {}, boot image {}: {} together",
        size(sizes.root),
        size(sizes.verity),
        size(sizes.boot),
        size(sum)
    );
    let _ = writeln!(
        text,
        "content    {} from {}",
        counted(built.files, "file"),
        counted(built.packages, "package")
    );
    for image in &built.images {
        let (name, layers, bytes) = (&image.name, counted(image.layers, "layer"), size(image.bytes));
        let _ = writeln!(text, "image      {name}: {layers}, {bytes} of files");
    }
    for artifact in &built.artifacts {
        let _ = writeln!(text, "{:<10} {}", artifact.format, artifact.path.display());
    }
    text
}
