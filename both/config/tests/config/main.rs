//! What a person who writes a machine configuration sees of it.

mod checks;
mod common;
mod errors;
mod merging;
mod properties;
mod secrets;
mod settings;
