//! The formats that a machine boots from, read back by somebody else's tools: cpio, dm-verity, GPT, UKI, qcow2.

#[path = "../tool/mod.rs"]
mod tool;

mod cpio;
mod ext4;
mod gpt;
mod qcow2;
mod uki;
mod verity;
