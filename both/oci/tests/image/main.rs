//! Images: layouts and archives are read, copied and written, and what means harm is refused.
#![allow(missing_docs)]

mod copies;
mod docker;
mod fixture;
mod gather;
mod hostile;
mod indexes;
