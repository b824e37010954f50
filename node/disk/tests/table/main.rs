//! The partition table of a node: what is planned on all kinds of disks, and power cuts while it is written.
#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod disks;
mod failing;
mod plans;
mod power;
