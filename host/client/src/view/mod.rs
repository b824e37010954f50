//! What is shown of what nodes answer: for each kind of answer a type with stable field names, which programs read as
//! JSON or YAML, and a table of it for people. All of it is computed from the answers alone.

mod info;
mod output;
mod table;
mod units;

pub use info::{Info, Mode};
pub use output::{Answer, Failure, NoOutput, Output, Printed, Reach, View, complaint, entry, print, reach};
pub use table::{Tone, Width};
