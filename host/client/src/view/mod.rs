//! What is shown of what nodes answer: for each kind of answer a type with stable field names, which programs read as
//! JSON or YAML, and a table of it for people. All of it is computed from the answers alone.

mod config;
mod contexts;
mod done;
mod facts;
mod health;
mod images;
mod info;
mod lines;
mod metrics;
mod network;
mod output;
mod services;
mod storage;
mod table;
mod timeline;
mod units;
mod usage;
mod workloads;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use config::{Checked, Configuration, History, Origins, Problem, Trusted};
pub use contexts::contexts;
pub use done::Done;
pub use health::{Health, Verdict};
pub use images::{Got, GotImages, Images, Volumes};
pub use info::{Info, Mode};
pub use lines::{Audit, Event, Line, LogLine, Moments, line};
pub use metrics::Metrics;
pub use network::{Addresses, Links, Routes, Sockets};
pub use output::{Answer, Failure, NoOutput, Output, Printed, Reach, View, complaint, entry, print, reach};
pub use services::{Processes, Service, ServiceDetail, Services};
pub use storage::{Disks, Mounts};
pub use table::{Tone, Width};
pub use timeline::Timeline;
pub use usage::Usage;
pub use workloads::{Container, Containers, Workload, WorkloadDetail, Workloads};

pub(crate) use lines::log_tone;
pub(crate) use network::Link;
pub(crate) use table::{cut, printable};
pub(crate) use units::{duration, milliseconds, short_size, size};
