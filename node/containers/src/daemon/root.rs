//! The root of a container: the layers of its image, and what it writes on top of them.
//!
//! What is written belongs to one run and is gone with it; what is to last goes into volumes. So the overlay is
//! `volatile`: the kernel does not wait for a disk on behalf of files that a power cut takes away anyhow. A root that can't
//! be written to has its upper folder in memory, where nothing but the places of mounts is ever made.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use corten_config::settings::Container;

use crate::api::containerd::types::Mount;

/// The overlay of a container, whose folders are made anew in `folder`.
pub(crate) fn overlay(layers: &[PathBuf], folder: &Path) -> io::Result<Mount> {
    remove(folder)?;
    let (upper, work) = (folder.join("upper"), folder.join("work"));
    for made in [&upper, &work] {
        fs::create_dir_all(made)?;
    }
    let lower: Vec<String> = layers.iter().map(|layer| layer.display().to_string()).collect();
    Ok(Mount {
        r#type: "overlay".into(),
        source: "overlay".into(),
        target: String::new(),
        options: vec![
            "nodev".into(),
            "volatile".into(),
            format!("lowerdir={}", lower.join(":")),
            format!("upperdir={}", upper.display()),
            format!("workdir={}", work.display()),
        ],
    })
}

/// Where the upper folder of a container lies.
pub(crate) fn folder(container: &Container, in_memory: PathBuf, on_state: PathBuf) -> PathBuf {
    if container.read_only { in_memory } else { on_state }
}

/// Removes a folder with all that is in it, if it is there.
pub(crate) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
