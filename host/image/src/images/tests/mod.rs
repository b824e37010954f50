//! Images from a recipe to the trees of a root: made by hand, read by the crate.

mod fixture;
mod layers;
mod sources;
