//! `build`: the node's programs, static, and beside them the libraries of the corten command; then the command with
//! the programs in it.

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};

use crate::command::{cargo, root, step, target};
use crate::inventory;

/// The only target that Corten is built for so far.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The packages of the node's programs.
pub const NODE_PACKAGES: [&str; 3] = ["corten-init", "corten-programs", "corten-shim"];
const NODE_PROGRAMS: [&str; 3] = ["corten-init", "corten-node", "corten-shim"];

/// Builds everything and returns the path of the corten command.
pub fn build() -> Result<PathBuf> {
    let target = target()?;
    let programs = thread::scope(|scope| {
        // Linking a program of the node occupies one processor for a minute and more; this has work for the others.
        // Only what is above it needs those programs.
        let libraries =
            scope.spawn(|| step("building libraries beside them", host("corten-cli").arg("--quiet")));
        let programs = static_programs("building the node's programs", &NODE_PACKAGES);
        libraries.join().expect("running a command does not panic")?;
        programs
    })?;
    let embedded = target.join("node-programs");
    std::fs::create_dir_all(&embedded)?;
    for program in NODE_PROGRAMS {
        let built = programs.join(program);
        replace(
            &embedded.join(program),
            &std::fs::read(&built).with_context(|| built.display().to_string())?,
        )?;
    }
    replace(&embedded.join("inventory.json"), inventory::inventory()?.as_bytes())?;

    step("building corten", host("corten").env("CORTEN_NODE_PROGRAMS", &embedded))?;
    Ok(target.join("release/corten"))
}

/// A command that builds a package of the host.
fn host(package: &str) -> Command {
    let mut build = cargo();
    build.args(["build", "--locked", "--release", "--package", package]);
    build
}

/// Builds packages as those of the node, and returns the folder of their programs.
pub fn static_programs(title: &str, packages: &[&str]) -> Result<PathBuf> {
    // Paths of this machine must not get into programs that become part of an image.
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"));
    let flags = format!(
        "-C target-feature=+crt-static --remap-path-prefix={}=/corten --remap-path-prefix={}=/cargo",
        root().display(),
        home.unwrap_or_else(|_| "/nonexistent".into()),
    );
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", "node", "--target", TARGET]).env("RUSTFLAGS", flags);
    for package in packages {
        build.args(["--package", package]);
    }
    step(title, &mut build)?;
    Ok(target()?.join(TARGET).join("node"))
}

/// Writes a file only when its content differs, so that cargo does not build again what embeds it.
fn replace(path: &std::path::Path, content: &[u8]) -> Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, content)?;
    std::fs::rename(&temporary, path)?;
    Ok(())
}
