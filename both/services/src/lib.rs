//! What the image tells its init and services: the table of services, kernel settings, container images.
//!
//! The builder writes it from the recipe, they read it from the verified root. It is data with one meaning on
//! both sides, so both sides use these types.
#![forbid(unsafe_code)]

pub mod images;
mod services;
pub mod sysctl;

/// Where the kernel settings lie in the root image: one JSON object of names, as sysctl(8) writes them, and values.
pub const SYSCTL_PATH: &str = "/usr/lib/corten/sysctl.json";

pub use services::{
    Account, Capabilities, Kill, Limit, LimitName, Limits, Maintenance, NewPrivileges, OwnDirectory, ReadyBy,
    Requests, Resources, Restart, SERVICES_PATH, Service, Services, ServicesError, Start, StartupWeight,
    UnknownCapability,
};
