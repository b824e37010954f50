//! PID 1 of a Corten node, in the initrd and in the root, and the kernel's `/sbin/modprobe`.
//!
//! One program with a few roles ([`role`]). Stage 1 ([`stage1`]) finds the root, has it verified and switches to
//! it; stage 2 ([`stage2`]) mounts, starts services, reports ready, supervises and stops in order. What is decided
//! (command line, slot, supervision, lines, uevents) stands in modules of its own that do no I/O.
//!
//! There is no async runtime, and nothing here panics on purpose.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

mod apply;
mod button;
mod cgroup;
pub mod cmdline;
mod devices;
mod durable;
mod entropy;
pub mod facts;
mod failure;
mod handover;
mod health;
mod lines;
mod log;
mod machine;
mod modprobe;
mod modules;
mod mounts;
mod node;
mod platform;
mod power;
mod privileges;
pub mod report;
mod reset;
pub mod role;
mod stage1;
mod stage2;
mod state;
pub mod supervisor;
mod sysctl;
mod timeline;
mod uevent;
mod watchdog;
