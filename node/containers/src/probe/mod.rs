//! What init asks about containerd through `health`: whether it serves, and whether a container can be run.

pub mod command;
pub mod container;
pub mod health;
pub mod program;
mod spec;
