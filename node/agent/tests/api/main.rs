//! The agent as a program: started on a scratch root as init starts it on a node, and called by the network and by its
//! sockets. It gives up its rights there as anywhere, so this needs a kernel with Landlock.

mod containers;
mod crowd;
mod kept;
mod scrape;
mod who;

use std::path::Path;

use corten_load::{Agent, Scratch};

/// The program under test.
fn start(scratch: &Scratch) -> Agent {
    Agent::start(Path::new(env!("CARGO_BIN_EXE_corten-agent")), scratch).expect("it gets ready")
}
