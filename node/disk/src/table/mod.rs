//! The partition table of a node: what it must be, and how it gets there with power that may go at any moment.
//!
//! ```text
//! as built      esp | root-a | root-a-verity
//! first boot    esp | root-a | root-a-verity | root-b | root-b-verity | state ........ |
//! grown disk    esp | root-a | root-a-verity | root-b | root-b-verity | state ..................... |
//! ```
//!
//! [`plan`] decides and does nothing; [`rewrite`] writes what was decided; [`bring_up`] does both, and [`apply`] does
//! it on a disk in use. Partitions that are not ours stay as and where they are, and nothing is ever moved or made
//! smaller.

mod apply;
mod plan;
mod room;
mod write;

pub(crate) use apply::open;
pub use apply::{Brought, StatePartition, apply, bring_up, complete};
pub(crate) use plan::labelled_number;
pub use plan::{
    Change, Fresh, MIN_STATE, NoRoom, Plan, Refusal, STATE_LABEL, being_made, other_label, plan, state_of,
    without_being_made,
};
pub use write::{Foreign, WriteError, find, rewrite};
