//! `fuzz`: coverage-guided fuzzing of every parser of outside data, on the stable toolchain.
//!
//! The targets link libFuzzer and are compiled with the sanitizer-coverage pass, which needs no nightly compiler;
//! what needs one, AddressSanitizer, has little to find in code without `unsafe`.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, root, step, target};

/// Runs that each target gets in the smoke test.
const SMOKE_RUNS: &str = "2000";

/// Builds the fuzz targets and runs one of them, or each for a moment.
#[derive(clap::Args)]
pub struct Fuzz {
    /// The target to run; without it, each target gets a smoke run.
    target: Option<String>,
    /// How long the target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

impl Fuzz {
    /// Runs the task.
    pub fn run(&self) -> Result<()> {
        let Some(name) = &self.target else { return step("fuzz targets", &mut smoke()?) };
        build()?;
        let program = target()?.join("fuzz/release").join(name);
        if !program.exists() {
            bail!("no fuzz target is named {name:?}; they are: {}", names()?.join(", "));
        }
        let corpus = target()?.join("fuzz/corpus").join(name);
        std::fs::create_dir_all(&corpus)?;
        let mut command = Command::new(program);
        command.arg(&corpus).arg(format!("-max_total_time={}", self.seconds)).current_dir(&corpus);
        step(&format!("fuzzing {name}"), &mut command)
    }
}

/// The names of the targets: one file each.
fn names() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join("fuzz/targets")).context("fuzz/targets")? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn build() -> Result<()> {
    let mut command = cargo();
    command.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--bins"]);
    command.env("CARGO_TARGET_DIR", target()?.join("fuzz"));
    command.env(
        "RUSTFLAGS",
        "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
         -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
         -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks",
    );
    step("building the fuzz targets", &mut command)
}

/// A command that runs every target for a moment on random input and fails with the first that fails.
pub fn smoke() -> Result<Command> {
    build()?;
    let folder = target()?.join("fuzz");
    let script = "set -e; dir=$1; runs=$2; shift 2; for name; do echo \"fuzz $name\"; \
                  \"$dir/release/$name\" -seed=1 -runs=$runs -artifact_prefix=\"$dir/$name-\" >\"$dir/$name.log\" 2>&1 \
                  || { tail -n 40 \"$dir/$name.log\"; exit 1; }; done";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(folder).arg(SMOKE_RUNS).args(names()?);
    Ok(command)
}
