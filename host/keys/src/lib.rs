//! A folder with the keys of an owner: authority, administrator, and what signs images.
#![forbid(unsafe_code)]
