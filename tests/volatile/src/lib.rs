//! A disk with a volatile cache, and what is left of it when the power goes.
//!
//! Killing an emulator loses nothing: the host keeps what the guest wrote. So the disk of a machine is a server of
//! ours that records every write and every flush in order, and afterwards makes, for any moment of the run, an
//! image that a real disk could have been left with.
//!
//! ```text
//! guest ─virtio─> QEMU ─NBD─> Server ──> working copy, which the guest reads back
//!                               └──────> Record ── Cut ──> image after the power cut
//! ```
//!
//! What a disk promises is little: a write whose answer was sent before a flush came in is there once that flush is
//! answered, and so is a write with "force unit access" once it is answered itself. Everything else may be there, or
//! not, or in part: a disk writes single sectors of 512 bytes whole and nothing larger.
#![forbid(unsafe_code)]

mod choice;
mod cut;
mod disk;
mod handshake;
mod image;
mod protocol;
mod random;
mod record;
mod server;

pub use choice::choose;
pub use cut::{Cut, Loss, Promise, Remnant, remains};
pub use image::{write_image, write_zeros};
pub use random::Random;
pub use record::{Action, Content, Operation, Record, SECTOR, Tick, Write};
pub use server::{Server, ServerError};
