//! The project's own tasks: what a person and CI run, under the same names.
//!
//! One file a task. Everything that a task needs beyond Rust, a C compiler and apt sources is fetched or built
//! by the task itself.
#![forbid(unsafe_code)]

mod bench;
mod build;
mod command;
mod fuzz;
mod inventory;
mod run;
mod test;

use clap::{Parser, Subcommand};

/// Builds, runs, tests and measures Corten.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the corten command with the node's programs embedded; prints where it is.
    Build,
    /// Builds the default recipe, boots it and shows the node ready. Arguments go to `corten run`.
    Run {
        /// Arguments for `corten run`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Formatting, lints, unit and property tests, other people's readers, boots in QEMU.
    Test(test::Test),
    /// Measures Corten and its peers side by side and prints the ratios.
    Bench(bench::Bench),
    /// Builds the fuzz targets and runs one of them, or each for a moment.
    Fuzz(fuzz::Fuzz),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Build => build::build().map(|corten| println!("{}", corten.display())),
        Task::Run { arguments } => run::run(&arguments),
        Task::Test(test) => test.run(),
        Task::Bench(bench) => bench.run(),
        Task::Fuzz(fuzz) => fuzz.run(),
    }
}
