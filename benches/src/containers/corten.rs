//! Corten for `bench containers`: `container-host` with two images in its recipe, the one that is started and the one
//! that measures; and the configurations with its workloads.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use corten_vm::Document;

use crate::peer::probe::program;

const BUSYBOX: &str = include_str!("../../../recipes/containers/busybox.toml");

const STOPWATCH: &str = r#"
name = "stopwatch"
tag = "1"

[archive]
suite = "trixie"
components = ["main"]
architecture = "amd64"

[files."/usr/bin/stopwatch"]
source = "stopwatch"
mode = "0755"

[container]
entrypoint = ["/usr/bin/stopwatch"]
"#;

const RECIPE: &str = r#"
name = "bench-containers"
version = "1"
extends = "container-host"

[[image]]
name = "busybox:1"
source = "busybox.tar"

[[image]]
name = "stopwatch:1"
source = "stopwatch.tar"
"#;

/// Begins a machine configuration.
const VERSION: &str = "version = 1\n";

/// What measures: it may start workloads, and is privileged for the machine's console and memory.
const MEASURES: &str = r#"
[workloads.stopwatch]
system = "admin"
network = "none"

[workloads.stopwatch.containers.main]
image = "stopwatch:1"
privileged = true
restart = "never"
"#;

/// The container of the first boot has everything that is usual; what tells of it is started when it runs.
const FIRST: &str = r#"arguments = ["relay"]

[workloads.first]
network = "NETWORK"

[workloads.first.containers.main]
image = "stopwatch:1"
arguments = ["first"]
"#;

/// What was built.
pub struct Images {
    /// The image that is started, as an archive.
    pub busybox: PathBuf,
    /// Corten's disk.
    pub disk: PathBuf,
}

/// Packs the images, and builds Corten with them.
pub fn build(folder: &Path) -> Result<Images> {
    std::fs::create_dir_all(folder)?;
    let at = |name: &str| folder.join(name);
    std::fs::copy(program("corten-bench-stopwatch")?, at("stopwatch"))?;
    for (name, recipe) in [("busybox", BUSYBOX), ("stopwatch", STOPWATCH)] {
        let path = at(&format!("{name}.toml"));
        std::fs::write(&path, recipe)?;
        corten(&["oci", "pack"], &[&path, Path::new("-o"), &at(&format!("{name}.tar"))])?;
    }
    std::fs::write(at("bench.toml"), RECIPE)?;
    let command = ["build", "--format", "raw", "--json"];
    let answer = corten(&command, &[&at("bench.toml"), Path::new("-o"), &at("image")])?;
    let made: serde_json::Value = serde_json::from_slice(&answer).context("reading corten's answer")?;
    let raw = made["artifacts"].as_array().into_iter().flatten().find(|artifact| artifact["format"] == "raw");
    let disk = raw.and_then(|artifact| artifact["path"].as_str()).context("the build made no raw image")?;
    Ok(Images { busybox: at("busybox.tar"), disk: disk.into() })
}

fn corten(words: &[&str], paths: &[&Path]) -> Result<Vec<u8>> {
    let program =
        std::env::var_os("CORTEN_BIN").context("CORTEN_BIN: run this as `cargo xtask bench containers`")?;
    let output = Command::new(program).args(words).args(paths).stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("corten {}: {}\n{}", words.join(" "), output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

/// The configuration of a first boot, with its container on a network.
pub fn first(folder: &Path, network: &str) -> Result<Document> {
    let after = MEASURES.replace("network = \"none\"\n", "network = \"none\"\nafter = [\"first\"]\n");
    let first = FIRST.replace("NETWORK", network);
    document(folder, &format!("first-{network}.toml"), &format!("{VERSION}{after}{first}"))
}

/// The configuration of what is started one by one, at once, and idles: jobs, which run when they are started.
pub fn many(folder: &Path, starts: u32, crowd: u32) -> Result<Document> {
    let mut text = format!("{VERSION}{MEASURES}arguments = [\"corten\", \"{starts}\", \"{crowd}\"]\n");
    job(&mut text, "alone", "none", &BYTE)?;
    job(&mut text, "bridged", "default", &BYTE)?;
    for number in 0..crowd {
        job(&mut text, &format!("crowd-{number}"), "none", &BYTE)?;
        job(&mut text, &format!("idle-{number}"), "none", &IDLE)?;
    }
    document(folder, "many.toml", &text)
}

/// Prints one byte.
const BYTE: [&str; 1] = ["/usr/bin/echo"];
/// Prints one byte and does nothing more.
const IDLE: [&str; 3] = ["/usr/bin/sh", "-c", "echo; exec sleep 1000000"];

fn job(text: &mut String, name: &str, network: &str, command: &[&str]) -> Result<()> {
    writeln!(
        text,
        "\n[workloads.{name}]\nschedule = \"@yearly\"\nnetwork = \"{network}\"\nstop-seconds = 1"
    )?;
    writeln!(text, "\n[workloads.{name}.containers.main]\nimage = \"busybox:1\"\nrestart = \"never\"")?;
    Ok(writeln!(text, "command = {command:?}")?)
}

fn document(folder: &Path, name: &str, text: &str) -> Result<Document> {
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(Document { name: "10-bench.toml".into(), path })
}
