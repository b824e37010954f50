//! containerd's API, as far as workloads need it: one file a concern, each a thin layer over the generated client.
//!
//! Everything is in one namespace, so that `ctr` and `nerdctl` see what the node runs and nothing is in the way of what
//! people make with them in others.

mod channel;
mod content;
mod execs;
mod images;
mod records;
mod snapshots;
mod tasks;

use std::path::Path;
use std::time::Duration;

use tonic::transport::Channel;
use tonic::{Code, Request};

use crate::Error;

pub(crate) use channel::{connect, refused, within};
pub use content::{Descriptor, Lease, Rests, Writing};
pub use images::StoredImage;
pub use records::Record;
pub use snapshots::Layers;
pub use tasks::{Exit, Io, Task, TaskState};

/// The namespace that holds the node's workloads.
pub const NAMESPACE: &str = "corten";
/// The snapshotter that unpacks images: the kernel's overlayfs.
const SNAPSHOTTER: &str = "overlayfs";

/// A client of containerd. Clones share a connection.
#[derive(Clone, Debug)]
pub struct Containerd {
    channel: Channel,
}

impl Containerd {
    /// Connects, once somebody listens.
    pub async fn connect(socket: &Path, timeout: Duration) -> Result<Self, Error> {
        Ok(Self { channel: connect(socket, timeout).await? })
    }
}

fn request<T>(message: T) -> Request<T> {
    within(NAMESPACE, message)
}

/// Takes "there is none" for an answer.
fn if_there<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Error::Refused { code: Code::NotFound, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes "it is there already" for done.
fn or_there(answer: Result<(), Error>) -> Result<(), Error> {
    match answer {
        Err(Error::Refused { code: Code::AlreadyExists, .. }) => Ok(()),
        other => other,
    }
}
