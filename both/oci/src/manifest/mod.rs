//! The documents of an image: index -> manifest -> configuration, and the descriptors that lead from one to the next
//! and to the layers.
//!
//! Those of OCI and those of Docker's schema 2 differ in media types alone and are read into the same types. Unknown
//! fields are passed over, so what is copied is copied as bytes and never written anew.

mod config;
mod descriptor;
mod image;
mod index;
mod shape;

pub use config::{Execution, History, ImageConfig, RootFs};
pub use descriptor::{Annotations, Descriptor, NoPlatform, Other, Platform};
pub use image::Manifest;
pub use index::{Index, REF_NAME};
