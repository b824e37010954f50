//! What the image tells its init: the table of services.
//!
//! The builder writes it from the recipe, init reads it from the verified root. It is data with one meaning on
//! both sides, so both sides use these types.
#![forbid(unsafe_code)]

mod services;

pub use services::{Kill, SERVICES_PATH, Service, Services, ServicesError};
