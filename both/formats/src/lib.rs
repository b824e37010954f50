//! The formats that an image is made of, as bytes.
//!
//! Every folder here is one format: what it looks like (`format`), how it is written (`writer`), how it is
//! read back (`reader`), and a text dump for people and snapshots (`debug`). What several share stands beside them:
//! what lies where on a disk (`extent`), a tree of files (`tree`), what is changed in place (`device`). There is no I/O
//! policy here: no paths, no clock, no random source. What a format needs of these is passed in.
#![forbid(unsafe_code)]

pub mod cpio;
pub mod deb;
pub mod device;
pub mod elf;
pub mod erofs;
pub mod ext4;
pub mod extent;
pub mod fat;
pub mod gpt;
pub mod modules;
pub mod qcow2;
pub mod tree;
pub mod uki;
pub mod verity;
