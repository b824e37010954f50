//! `fuzz`: every parser of outside data.
//!
//! The smoke run mutates seeds and needs nothing but Rust; CI does it on each change. A named target is fuzzed with
//! libFuzzer, guided by coverage: the sanitizer-coverage pass works on the stable compiler, and what does not,
//! AddressSanitizer, has little to find in code without `unsafe`. libFuzzer needs a C++ compiler.

use std::process::Command;

use anyhow::Result;

use crate::build::TARGET;
use crate::command::{cargo, step, target};

/// Builds the fuzz targets and runs one of them, or each for a moment.
#[derive(clap::Args)]
pub struct Fuzz {
    /// The target to fuzz, guided by coverage; without it, each target gets a smoke run.
    target: Option<String>,
    /// How long the target is fuzzed.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

impl Fuzz {
    /// Runs the task.
    pub fn run(&self) -> Result<()> {
        let Some(name) = &self.target else { return step("fuzz targets", &mut smoke()) };
        let folder = target()?.join("fuzz");
        let corpus = folder.join("corpus").join(name);
        // Before the long build, since it also knows whether there is such a target.
        step(&format!("seeds of {name}"), smoke().args(["--", "seeds", name]).arg(&corpus))?;
        let mut build = cargo();
        build.args(["build", "--locked", "--release", "--package", "corten-fuzz", "--features", "libfuzzer"]);
        // With a target named, build scripts and macros are built without these flags: nothing counts for them.
        build.args(["--bin", "guided", "--target", TARGET]).env("CARGO_TARGET_DIR", &folder).env(
            "RUSTFLAGS",
            "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
             -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
             -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks",
        );
        step("building the fuzz targets", &mut build)?;
        let mut command = Command::new(folder.join(TARGET).join("release/guided"));
        command.env("CORTEN_FUZZ_TARGET", name).arg(&corpus);
        command.arg(format!("-max_total_time={}", self.seconds)).current_dir(&corpus);
        step(&format!("fuzzing {name}"), &mut command)
    }
}

/// A command that runs every target for a moment and fails with the first that has a fault.
pub fn smoke() -> Command {
    let mut command = cargo();
    command.args(["run", "--locked", "--quiet", "--package", "corten-fuzz", "--bin", "smoke"]);
    command
}
