//! A page about one node that stays up to date.
//!
//! ```text
//! keys ----\
//!           actions -> update(state, action) -> draw(frame, state)
//! feed ----/
//! ```
//!
//! What a person does and what the node says become actions in one queue. `update` and `draw` are pure: all that
//! happens is in the actions, and all that is shown is in the state.

mod action;
mod draw;
mod feed;
mod keys;
mod run;
mod state;
mod update;

#[cfg(test)]
mod tests;

pub use run::{DashboardError, run};
