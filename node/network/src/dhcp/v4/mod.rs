//! DHCPv4: RFC 2131, options of RFC 2132, classless routes of RFC 3442, search domains of RFC 3397.
//!
//! ```text
//!            offer            ack              T1            T2
//! selecting -----> requesting -----> bound -----> renewing -----> rebinding
//!     ^                |               ^              | ack           | ack
//!     +--- nak, silence+               +--------------+---------------+
//!     +-------------------------- nak, end of the lease --------------+
//! ```
//!
//! A link that comes back, and a lease that is older than this process, is asked for again as when rebinding: whoever
//! serves the network may confirm or refuse it, and until then it is used.

mod client;
pub mod frame;
mod lease;
mod message;

pub use client::{Client, Event, Identity, Output, To};
pub use lease::{Lease, LeaseRoute};
pub use message::{Kind, LARGEST, Malformed, Parameters, Reply, parse};
