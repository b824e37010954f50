//! Who is on the other end of a socket.

use std::os::fd::AsFd;

use rustix::net::sockopt::socket_peercred;

use crate::Result;
use crate::error::failed;

/// The process that connected, as it was then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its user.
    pub uid: u32,
    /// Its number.
    pub pid: u32,
}

/// Who is on the other end.
pub fn of(stream: impl AsFd) -> Result<Peer> {
    let credentials = socket_peercred(stream).map_err(failed("getsockopt SO_PEERCRED", "a socket"))?;
    Ok(Peer { uid: credentials.uid.as_raw(), pid: credentials.pid.as_raw_pid().cast_unsigned() })
}
