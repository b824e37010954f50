//! Side-by-side measurements of Corten and its peers, on this machine, in one run.
//!
//! Every figure in the documents of the project that compares Corten with something is printed here.
#![forbid(unsafe_code)]

mod api;
mod boot;
mod build;
mod containers;
mod content;
mod peer;
mod statistics;

use clap::{Parser, Subcommand};

/// Measures Corten and its peers side by side and prints the ratios.
#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// Building an image: full from cached packages, and after one changed file; against mkosi.
    Build(build::Build),
    /// Booting until containerd serves: first boot and later ones; against Debian 13 and mkosi's image of it.
    Boot(boot::Boot),
    /// The agent: what it takes for itself, and how it bears clients that are many, slow or malformed.
    Api(api::Api),
    /// Starting containers: one by one, many at once, and what idle ones take; against podman and ctr on Debian 13.
    Containers(containers::Containers),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().measurement {
        Measurement::Build(build) => build.run(),
        Measurement::Boot(boot) => boot.run(),
        Measurement::Api(api) => api.run(),
        Measurement::Containers(containers) => containers.run(),
    }
}
