//! When jobs start. Pure: the time is passed in.
//!
//! - A job starts at the planned time, or up to [`GRACE_S`] later where this program was busy.
//! - **What was missed is not made up for**: not what was planned while the node was off, nor what a clock that was set
//!   forward left out, which a node does a few seconds after each start. A backup that has to run whatever happens is
//!   better planned often and made to see for itself whether there is something to do; a node that came back at noon
//!   would otherwise start all jobs of the night at once. That a run was missed is told.
//! - **A job that still runs is not started a second time.** That run is left out, and told.
//! - **A clock that is set back** by more than the grace was wrong before: the next run is planned anew by the right time,
//!   so that a minute may come a second time. By less, no minute comes twice.
//!
//! Times are in UTC, so that no hour is left out or comes twice in spring and autumn.

mod jobs;

pub use jobs::{Due, GRACE_S, Jobs};
