//! The configuration of the node: which one is in force, how another one takes its place, and what happens when the
//! power goes meanwhile.
//!
//! ```text
//! image's default  <  what the machine brought along, by file name  <  the operator's, by the API
//! ```
//!
//! What becomes of an operator's document is decided by a state machine without clock and files (`core`), and what is
//! in force with the layers that there are by a pure function (`choose`). `store` has the files, [`Engine`] joins them.

mod choose;
mod clock;
mod core;
mod engine;
mod error;
mod in_force;
mod inner;
mod layers;
mod places;
mod read;
mod record;
mod shared;
mod start;
mod store;

pub use clock::{Clock, SystemClock};
pub use core::{LONGEST_TRIAL, SHORTEST_TRIAL, When};
pub use engine::{Applied, Engine};
pub use error::{ApplyError, ConfirmError, StoreError};
pub use in_force::{InForce, Mode, Trial};
pub use places::Places;
pub use record::{Entry, EntryState};
pub use store::parse_record;
