//! Descriptors that tell the runtime when there is something to read.

use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;

/// Registers a descriptor that does not block. The caller is within a runtime.
#[expect(
    deprecated,
    reason = "what is unsound about it is types that change their descriptor; this one owns it"
)]
pub(crate) fn ready(descriptor: OwnedFd) -> std::io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}
