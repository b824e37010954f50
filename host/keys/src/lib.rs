//! A folder with the keys of an owner: authority, administrator, and what signs images.
//!
//! ```text
//! authority.key  authority.pem    says who is a node and who may do what; belongs in a safe
//! admin.key      admin.pem        what the owner calls nodes with
//! secure-boot/                    what signs images, see corten-sign
//! ```
//!
//! Keys are for their owner alone, have no passphrase, and nothing is ever overwritten. A folder is there whole or
//! not at all. Times come from the caller.
#![forbid(unsafe_code)]

mod draft;
mod error;
mod files;
mod folder;
mod machine;
mod pair;
mod run;

pub use error::KeysError;
pub use files::read_certificates;
pub use folder::{ADMIN_DAYS, AUTHORITY_DAYS, KeyFolder};
pub use machine::machine_configuration;
pub use pair::{Pair, file_name};
pub use run::RunKeys;
