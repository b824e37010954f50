//! The record of the last build in an output folder: with it, a build that would change nothing takes
//! milliseconds.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::build::Built;
use crate::error::Error;
use crate::name::Naming;
use crate::output::write_atomically;

#[derive(Serialize, Deserialize)]
struct Record {
    /// Key over everything that the artifacts were made from.
    state: String,
    built: Built,
    /// Time of change of each artifact in nanoseconds, so that a file that was touched is made again.
    changed: Vec<u128>,
}

fn path(folder: &Path, naming: &Naming) -> PathBuf {
    folder.join(format!(".{}.build.json", naming.artifact()))
}

/// The last build, if it was made from the same things and its artifacts are as it left them.
pub fn read(folder: &Path, naming: &Naming, state: &str) -> Option<Built> {
    let record: Record = serde_json::from_slice(&std::fs::read(path(folder, naming)).ok()?).ok()?;
    let untouched = || {
        record.built.artifacts.iter().zip(&record.changed).all(|(artifact, changed)| {
            let size = std::fs::metadata(&artifact.path).map(|metadata| metadata.len()).ok();
            size == Some(artifact.bytes) && changed_at(&artifact.path) == Some(*changed)
        })
    };
    (record.state == state && record.changed.len() == record.built.artifacts.len() && untouched())
        .then(|| Built { unchanged: true, ..record.built.clone() })
}

/// Records a build.
pub fn write(folder: &Path, naming: &Naming, state: &str, built: &Built) -> Result<(), Error> {
    let changed =
        built.artifacts.iter().map(|artifact| changed_at(&artifact.path).unwrap_or_default()).collect();
    let record = Record { state: state.into(), built: built.clone(), changed };
    let text = serde_json::to_vec(&record).map_err(|why| Error::part("record of the build")(why.into()))?;
    write_atomically(&path(folder, naming), |file| std::io::Write::write_all(file, &text))
}

fn changed_at(path: &Path) -> Option<u128> {
    let time = std::fs::metadata(path).ok()?.modified().ok()?;
    Some(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos())
}
