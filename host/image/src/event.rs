//! What a build tells while it works. Terminal, JSON and tests only listen.

use std::time::{Duration, Instant};

use crate::error::Error;

/// Parts of a build, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Fetching and unpacking packages, selecting files.
    Packages,
    /// Putting the tree together.
    Tree,
    /// Writing the root image.
    Root,
    /// Hashing it.
    Verity,
    /// Initrd and boot image.
    Boot,
    /// Disk image and other artifacts, written to the host's disk.
    Output,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 6] =
        [Self::Packages, Self::Tree, Self::Root, Self::Verity, Self::Boot, Self::Output];

    /// Its name in summaries and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Tree => "tree",
            Self::Root => "root",
            Self::Verity => "verity",
            Self::Boot => "boot",
            Self::Output => "output",
        }
    }
}

/// Something happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A phase began.
    Started(Phase),
    /// A phase ended after that time.
    Ended(Phase, Duration),
    /// News from the archive: downloads and so on.
    Archive(corten_archive::Event),
    /// The scripts of a package are not accounted for.
    Unaccounted(String),
}

/// Whoever listens. Called from several threads.
pub type Listener<'a> = &'a (dyn Fn(Event) + Sync);

/// Does a phase and tells when it begins and how long it took.
pub fn timed<T>(
    phase: Phase,
    listener: Listener<'_>,
    work: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    listener(Event::Started(phase));
    let started = Instant::now();
    let result = work()?;
    listener(Event::Ended(phase, started.elapsed()));
    Ok(result)
}
