//! Versions against systemd's own comparison, and everything that happens to boot images against the model of the
//! loader.
#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod changes;
mod power;
#[path = "../../../formats/tests/tool/mod.rs"]
mod tool;
mod versions;
