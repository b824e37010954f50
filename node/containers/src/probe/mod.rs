//! What init asks about containerd through `corten-health`: whether it serves, and whether a container can be run.

pub mod command;
pub mod container;
pub mod health;
mod spec;
