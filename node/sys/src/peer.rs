//! Who is on the other end of a socket.

use std::os::fd::AsFd;

use rustix::net::sockopt::socket_peercred;

use crate::Result;
use crate::error::failed;

/// User that the process had which connected.
pub fn uid(stream: impl AsFd) -> Result<u32> {
    let credentials = socket_peercred(stream).map_err(failed("getsockopt SO_PEERCRED", "a socket"))?;
    Ok(credentials.uid.as_raw())
}
