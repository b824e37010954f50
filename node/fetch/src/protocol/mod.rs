//! What parent and child say to each other: lines of JSON, and raw bytes behind those that announce them.
//!
//! ```text
//! parent -> child   {"reference":…}                                    the order, first and once
//! parent <- child   {"event":"resolved","digest":…,"size":…,…}         what the name leads to
//! parent <- child   {"event":"document","kind":"index",…,"length":n}   and n bytes; then manifest and config
//! parent <- child   {"event":"choose"}                                 the child waits
//! parent -> child   {"layers":["sha256:…"]}                            the choice: what the store does not have
//! parent <- child   {"event":"data","digest":…,"offset":…,"length":n}  and n bytes, layers in any order
//! parent <- child   {"event":"restart","digest":…}                     what came of this layer is void
//! parent <- child   {"event":"complete","digest":…}                    all of it came, and it is what its digest says
//! parent <- child   {"event":"trouble","place":…,…}                    at any time: what failed and is tried again
//! parent <- child   {"event":"done"}  or  {"event":"failed",…}         the last line
//! ```
//!
//! The child says nothing for at most [`LONGEST_SILENCE`] unless the parent does not read.

mod frames;
mod order;

pub use frames::{Decoder, DocumentKind, Frame, FrameError, Header, Proof, Then, Trouble, encode};
pub use order::{Choice, Order};

use std::time::Duration;

/// A child that says nothing for so long hangs, and is ended by its parent. The longest pause, a name server, a
/// connection, a token and a document that comes as slowly as it may all fit into it, redirects included.
pub const LONGEST_SILENCE: Duration = Duration::from_mins(10);
