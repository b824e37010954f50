//! A program in a container of a node, with this machine's standard input and output, or its terminal.
//!
//! ```text
//! stdin, SIGWINCH ──> Input ──> session ──> the node ──> Output ──> stdout, stderr
//! ```

mod attached;
mod raw;
mod session;

pub use attached::{ExecError, Stdin, attached};
pub use session::{Ended, Input, Output, Program, run};
