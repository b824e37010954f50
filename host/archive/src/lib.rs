//! The Debian archive: verify, resolve, lock, fetch, unpack.
//!
//! ```text
//! mirror -> verify -> index -> resolve -> lock -> fetch -> store -> unpack
//! ```
//!
//! [`archive::Archive`] ties these together for the builder. `verify`, `resolve`, `lock` and `scripts` hold the
//! decisions and do no I/O of their own apart from reading keys and locks; the clock is passed in.
#![forbid(unsafe_code)]

pub mod archive;
pub mod error;
pub mod event;
pub mod fetch;
pub mod hash;
pub mod index;
pub mod lock;
pub mod mirror;
pub mod resolve;
pub mod scripts;
pub mod store;
pub mod tools;
pub mod transport;
pub mod unpack;
pub mod verify;

pub use archive::{Archive, LockPolicy, Settings};
pub use error::{Class, Error};
pub use event::{Event, Events};
