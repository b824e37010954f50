//! From a plan to an image: tree, root image, boot image, disk, artifacts, SBOM; and from the plan of a container
//! recipe to a container image.
//!
//! Nothing here needs rights, a loop device, or a program of the host. The same plan, lock and `corten` give the
//! same bytes: no clock, no random source, no path and no order of a folder gets into an artifact.
#![forbid(unsafe_code)]

mod assembly;
mod boot;
mod build;
mod cache;
mod check;
mod container;
mod disk;
mod error;
mod event;
mod firmware;
mod hex;
mod images;
mod kernel;
mod locked;
mod name;
mod output;
mod previous;
mod products;
mod root;
mod sbom;
mod select;
mod signing;
mod tree;

pub use build::{Built, BuiltImage, NodePrograms, Request, Sizes, build};
pub use cache::{Cache, Use};
pub use check::{Checked, check, check_container, check_images};
pub use container::{Packed, pack};
pub use error::Error;
pub use event::{Event, Listener, Phase};
pub use locked::LockedPackages;
pub use name::Naming;
pub use output::{Artifact, sha256_of, write_atomically};
pub use select::{Unaccounted, requests, userland_requests};
pub use signing::{Enrolment, EnrolmentError, Signing};
