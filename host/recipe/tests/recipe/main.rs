//! Recipes from outside: what is accepted, what is refused and how, what a plan holds.
#![allow(missing_docs, reason = "a test binary has no users")]

mod builtin;
mod common;
mod containers;
mod errors;
mod host_loader;
mod merging;
mod properties;
mod types;
