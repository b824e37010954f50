//! What is to be done.

use super::{Fingerprint, Id};

/// Something to be done. Each but [`Self::Stop`] is answered by one event; a stop is answered by the end of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// See to it that the image of a container is here.
    Fetch(Id),
    /// Give a workload its network.
    Join(String),
    /// Take it away.
    Leave(String),
    /// Make a container and let it go.
    Start(Id, Fingerprint),
    /// Tell a container to end, and end it when its time is over.
    Stop(Id),
    /// Remove what is left of one that ended.
    Clean(Id),
}
