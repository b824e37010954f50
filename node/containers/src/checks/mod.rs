//! Checks of containers: whether they have started, whether they live, whether they are ready; and how long one that
//! ended waits for its next start.
//!
//! ```text
//! clock, answers -> Machine (pure) -> which check is due, what became of the container
//!                      ^                 |
//!                      '---- watch <-----'--> ask: TCP, HTTP, gRPC, a command
//! ```
//!
//! **Where they ask.** A container on a bridge is asked at the address of its workload, from the node, as Kubernetes does
//! it and as all others reach it: a program that listens on 127.0.0.1 alone is not there for anybody else, so its check
//! fails. With the node's own network the address is 127.0.0.1. With network `none` nobody can reach it from outside: it
//! is asked at 127.0.0.1 from within its network namespace, by a socket that is made there.

mod ask;
mod backoff;
mod connect;
mod grpc;
mod http;
mod machine;
mod watch;

pub use ask::{Commands, NotPassed, ask};
pub use backoff::BackOff;
pub use connect::Place;
pub use machine::{Machine, News, Pace, Paces, Which};
pub use watch::{Checks, watch};
