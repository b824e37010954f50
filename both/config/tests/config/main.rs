//! What a person who writes a machine configuration sees of it.

mod checks;
mod common;
mod containers;
mod errors;
mod merging;
mod names;
mod properties;
mod proxy;
mod secrets;
mod settings;
