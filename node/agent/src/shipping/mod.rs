//! Sends log lines to the configured targets.
//!
//! Each target has a task with readers of the journals and no queue: what is not sent yet waits in the journals, of which
//! containers have one of their own. So a
//! target that is down or slow loses the oldest lines, is told in the first line after how many, and makes nobody else
//! wait. Lines in the buffers of a connection that breaks are lost as well, since TCP tells nobody of those; what was
//! not taken as a whole is sent again as a whole. An agent that starts again sends what the kernel still has, so a
//! target may get lines twice: machine, `uptime_ms` and text are the same then.

mod authorities;
mod backoff;
mod connection;
mod export;
mod format;
mod otlp;
mod runner;
mod sources;
mod target;

pub use format::{Origin, line};
pub use runner::{Shipping, Status};
