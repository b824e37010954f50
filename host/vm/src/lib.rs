//! Boots a disk image, or a kernel with its initrd, in QEMU and watches it.
//!
//! ```text
//! Machine ──arguments──> QEMU ──┬─ report port ──┐
//! (what it is)                  ├─ QMP ──────────┼─> Watch (what it means) ──> Outcome
//!                               └─ console ──────┘      └─> power button, kill
//! ```
//!
//! A [`Machine`] says what is booted, [`Settings`] how long to wait and for what, [`run`] does it and tells a
//! stream of [`RunEvent`]s meanwhile. Whether a node is ready is learnt from the report port alone; the console is
//! captured for people and never interpreted.
#![forbid(unsafe_code)]

mod arguments;
mod channels;
mod console;
mod control;
mod disk;
mod emulator;
mod error;
mod kept;
mod layer;
mod lines;
mod machine;
mod probe;
mod process;
mod qcow2;
mod qmp;
mod run;
mod timeline;
mod watch;

pub use control::{Control, SignalGuard};
pub use disk::{keep_disk, sparse_copy};
pub use emulator::{Emulator, Firmware};
pub use error::Error;
pub use machine::{
    Accelerator, Boot, Disk, DiskBus, DiskFormat, Document, Forward, ForwardError, Machine, OnReset, ROOM,
    SecureBoot, Variables, Watchdog, Writes,
};
pub use probe::{Choice, choose};
pub use qmp::QmpEvent;
pub use run::{Outcome, RunEvent, Settings, run};
pub use timeline::Timeline;
pub use watch::{End, Limits, Until};
