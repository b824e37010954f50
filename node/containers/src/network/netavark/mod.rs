//! netavark: what it is told, what it answers, and running it.
//!
//! `netavark setup|teardown NAMESPACE` takes JSON and answers with JSON (`src/network/types.rs` of its source, version
//! 1.14). It puts links, addresses and routes in place, writes rules for nftables by running `nft`, and tells
//! aardvark-dns, which it starts when nobody does names yet.

mod answer;
mod request;
mod run;

pub(in crate::network) use answer::plain;
pub use answer::{Answer, AnswerError, parse};
pub use request::request;
pub(in crate::network) use run::{Verb, run};
