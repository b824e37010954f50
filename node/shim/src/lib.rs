//! containerd's shim: the parent of a workload's containers, which has their input and output, hears of their ends, and
//! lives on while containerd restarts.
//!
//! It does what `containerd-shim-runc-v2` does, and stands in the image under that name: with any OCI runtime, for any
//! client of containerd. It is there since one runs for each workload and is started for each container, so it is to be
//! small. Pipes go to the process itself in place of through the shim. Left out are checkpoints, and output to programs (`binary://`).
#![forbid(unsafe_code)]

mod cgroup;
mod console;
mod events;
mod process;
pub mod program;
mod root;
mod runtime;
mod server;
mod start;
mod stdio;
mod tasks;
pub mod wire;

/// Messages of containerd's API.
#[allow(dead_code, missing_docs, clippy::pedantic, reason = "generated from the files in `proto`")]
mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}
