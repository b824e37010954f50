//! `bench`: side-by-side measurements against peers.

use anyhow::Result;

use crate::build;
use crate::command::{cargo, step};

/// Measures Corten and its peers side by side and prints the ratios.
#[derive(clap::Args)]
pub struct Bench {
    /// What to measure.
    name: String,
    /// Arguments of the measurement.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Bench {
    /// Runs the measurement.
    pub fn run(&self) -> Result<()> {
        let mut bench = cargo();
        bench.args(["run", "--locked", "--release", "--quiet", "--package", "corten-benches", "--"]);
        bench.arg(&self.name).args(&self.arguments);
        if self.name == "api" {
            let programs = build::static_programs("building the agent", &["corten-agent"])?;
            bench.env("CORTEN_AGENT", programs.join("corten-agent"));
        } else {
            bench.env("CORTEN_BIN", build::build()?);
            let carried = ["corten-bench-probe", "corten-bench-stopwatch", "corten-containers"];
            let programs = build::static_programs("building what the peers carry", &carried)?;
            bench.env("CORTEN_PEER_PROGRAMS", programs);
        }
        step(&format!("bench {}", self.name), &mut bench)
    }
}
