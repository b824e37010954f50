//! Where the configuration of a machine comes from.
#![forbid(unsafe_code)]
