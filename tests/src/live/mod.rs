//! Machines that run while they are talked to: one boot, its owner's keys, and steps that are done one after another.

mod crowd;
mod followed;
mod node;
mod owner;
mod story;
mod wire;

pub use crowd::Crowd;
pub use followed::Followed;
pub use node::{Node, PATIENCE, find, free_port};
pub use owner::{Owner, now};
pub use story::{Setting, Story, with_node};
pub use wire::{Answer, Wire};
