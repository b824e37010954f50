//! Random bytes of the kernel.

use std::io;

/// Fills a buffer.
pub fn fill(buffer: &mut [u8]) -> io::Result<()> {
    let got = rustix::rand::getrandom(&mut *buffer, rustix::rand::GetRandomFlags::empty())?;
    if got == buffer.len() { Ok(()) } else { Err(io::Error::other("fewer random bytes than asked for")) }
}
