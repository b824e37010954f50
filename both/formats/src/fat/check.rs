//! The consistency check: who owns which cluster, and whether that adds up. The simulation of power cuts runs it
//! after every cut, and [`super::Writer::open`] runs it before it changes anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
};

use super::{
    boot::MIN_CLUSTERS, directory::Located, error::FatError, name::fold, reader::Volume, slot::Slot,
    table::Link,
};
use crate::device::BlockDevice;

/// Deepest directory that is looked at. A boot partition has three levels; the limit bounds a hostile one.
const MAX_DEPTH: usize = 32;
/// Most findings that are kept.
const MAX_FINDINGS: usize = 256;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Harmless, and no sign of a cut: other systems leave such things.
    Note,
    /// What a power cut may leave behind. [`super::Writer::open`] repairs it.
    Repairable,
    /// Content is lost or two files share it. Not written to, not repaired.
    Damage,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Clusters in use that belong to nothing.
    LostClusters(u32),
    /// Sectors in which the tables are not the same.
    TablesDiffer(u32),
    /// Two entries of one directory with one chain: an interrupted rename. The first is the old name.
    Twins(String, String),
    /// A cluster belongs to two things; the path is the second.
    CrossLink(String, u32),
    /// A chain runs into a free, bad or impossible cluster, or in a circle.
    BrokenChain(String, u32),
    /// A file has fewer clusters than its size needs.
    ShortChain(String),
    /// A file has more clusters than its size needs.
    LongChain(String),
    /// Two entries of one name.
    DuplicateName(String),
    /// Directories deeper than 32 levels were not looked at.
    TooDeep(String),
    /// The hint of free clusters says the first number, the table the second.
    FreeCount(u32, u32),
    /// Pieces of long names that belong to no entry.
    OrphanSlots(String, u32),
    /// `.` or `..` point elsewhere.
    Dots(String),
    /// Fewer clusters than FAT32 has by its specification: firmware reads it as FAT16.
    TooFewClusters(u32),
}

impl Finding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::LostClusters(_) | Self::TablesDiffer(_) | Self::Twins(..) => Severity::Repairable,
            Self::CrossLink(..)
            | Self::BrokenChain(..)
            | Self::ShortChain(_)
            | Self::DuplicateName(_)
            | Self::TooDeep(_) => Severity::Damage,
            Self::LongChain(_)
            | Self::FreeCount(..)
            | Self::OrphanSlots(..)
            | Self::Dots(_)
            | Self::TooFewClusters(_) => Severity::Note,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LostClusters(n) => write!(f, "{n} clusters are in use but belong to no file"),
            Self::TablesDiffer(n) => write!(f, "the tables differ in {n} sectors"),
            Self::Twins(old, new) => write!(f, "{old:?} and {new:?} are one file: an interrupted rename"),
            Self::CrossLink(path, at) => {
                write!(f, "cluster {at} of {path:?} belongs to something else as well")
            }
            Self::BrokenChain(path, at) => {
                write!(f, "the cluster chain of {path:?} is broken at cluster {at}")
            }
            Self::ShortChain(path) => write!(f, "{path:?} has fewer clusters than its size needs"),
            Self::LongChain(path) => write!(f, "{path:?} has more clusters than its size needs"),
            Self::DuplicateName(path) => write!(f, "{path:?} exists twice"),
            Self::TooDeep(path) => write!(f, "{path:?} lies deeper than {MAX_DEPTH} directories"),
            Self::FreeCount(hint, real) => write!(f, "the hint says {hint} free clusters, the table {real}"),
            Self::OrphanSlots(path, n) => {
                write!(f, "{n} pieces of long names in \"{path}/\" belong to no entry")
            }
            Self::Dots(path) => write!(f, "\".\" or \"..\" of {path:?} points elsewhere"),
            Self::TooFewClusters(n) => {
                write!(f, "{n} clusters are too few for FAT32, which has {MIN_CLUSTERS}")
            }
        }
    }
}

/// Result of [`Volume::check`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong, 256 findings at most.
    pub findings: Vec<Finding>,
    /// Files found.
    pub files: u32,
    /// Directories found, the root not counted.
    pub directories: u32,
}

impl Report {
    /// The worst finding, and the first of its kind.
    pub fn worst(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .reduce(|worst, next| if next.severity() > worst.severity() { next } else { worst })
    }
}

/// A walk over the whole volume, with what a repair needs to know.
pub(super) struct Scan {
    pub report: Report,
    /// First cluster of the directory and slots of the older of two twins.
    pub twins: Vec<(u32, Range<usize>)>,
    /// Clusters in use that belong to nothing.
    pub lost: Vec<u32>,
    /// Sectors in which the tables differ.
    pub differing: BTreeSet<u32>,
    owned: Vec<bool>,
}

impl Scan {
    pub fn run<D: BlockDevice>(volume: &Volume<D>) -> Result<Self, FatError> {
        let clusters = volume.geometry.clusters;
        let mut scan = Self {
            report: Report::default(),
            twins: Vec::new(),
            lost: Vec::new(),
            differing: volume.table.differences(&volume.device, &volume.geometry)?,
            owned: vec![false; clusters as usize + 2],
        };
        if clusters < MIN_CLUSTERS {
            scan.find(Finding::TooFewClusters(clusters));
        }
        scan.walk(volume)?;
        let used = |c: &u32| matches!(volume.table.link(*c), Link::End | Link::Next(_) | Link::Wrong(_));
        scan.lost = (2..clusters + 2).filter(|c| !scan.owned[*c as usize]).filter(used).collect();
        if !scan.lost.is_empty() {
            scan.find(Finding::LostClusters(scan.lost.len() as u32));
        }
        if !scan.differing.is_empty() {
            scan.find(Finding::TablesDiffer(scan.differing.len() as u32));
        }
        let real = volume.table.free();
        if let Some(hint) = volume.info.and_then(|info| info.free).filter(|hint| *hint != real) {
            scan.find(Finding::FreeCount(hint, real));
        }
        Ok(scan)
    }

    fn find(&mut self, finding: Finding) {
        if self.report.findings.len() < MAX_FINDINGS {
            self.report.findings.push(finding);
        }
    }

    /// Visits every directory once: one whose first cluster has an owner already is not entered.
    fn walk<D: BlockDevice>(&mut self, volume: &Volume<D>) -> Result<(), FatError> {
        let root = volume.geometry.root;
        if !self.own(volume, root, "/").1 {
            return Ok(());
        }
        let mut todo = vec![Visit { first: root, parent: root, depth: 0, path: String::new() }];
        while let Some(visit) = todo.pop() {
            let directory = match volume.load(visit.first, visit.path.clone()) {
                Ok(directory) => directory,
                Err(FatError::BrokenChain { at, .. }) => {
                    self.find(Finding::BrokenChain(visit.path, at));
                    continue;
                }
                Err(other) => return Err(other),
            };
            let listing = directory.listing();
            if listing.orphans > 0 {
                self.find(Finding::OrphanSlots(visit.path.clone(), listing.orphans));
            }
            let up = if visit.parent == root { 0 } else { visit.parent };
            let dots: Vec<u32> = listing.dots.iter().map(Slot::first_cluster).collect();
            if visit.depth > 0 && dots != [visit.first, up] {
                self.find(Finding::Dots(visit.path.clone()));
            }
            let mut names = BTreeMap::new();
            let mut chains = BTreeMap::new();
            for entry in &listing.entries {
                let path = directory.path_of(entry);
                let start = entry.short.first_cluster();
                let namesake: Option<&Located> = names.insert(fold(&entry.name), entry);
                // An empty file has no chain, so there the same name in another spelling is what tells twins.
                let old = if start == 0 { namesake } else { chains.insert(start, entry) };
                if let Some(old) = old.filter(|old| same_file(old, entry)) {
                    self.find(Finding::Twins(directory.path_of(old), path));
                    self.twins.push((visit.first, old.slots.clone()));
                    continue;
                }
                if namesake.is_some() {
                    self.find(Finding::DuplicateName(path.clone()));
                }
                if self.entry(volume, entry, &path) && entry.short.is_directory() {
                    if visit.depth == MAX_DEPTH {
                        self.find(Finding::TooDeep(path));
                    } else {
                        todo.push(Visit { first: start, parent: visit.first, depth: visit.depth + 1, path });
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes the clusters of an entry; tells whether its chain is whole and its own.
    fn entry<D: BlockDevice>(&mut self, volume: &Volume<D>, entry: &Located, path: &str) -> bool {
        let first = entry.short.first_cluster();
        let (needed, whole, clusters) = if entry.short.is_directory() {
            self.report.directories += 1;
            let (clusters, whole) = self.own(volume, first, path);
            (clusters, whole, clusters)
        } else {
            self.report.files += 1;
            let needed = volume.geometry.clusters_for(u64::from(entry.short.size()));
            let (clusters, whole) = if first == 0 { (0, true) } else { self.own(volume, first, path) };
            (needed, whole, clusters)
        };
        if whole && clusters < needed {
            self.find(Finding::ShortChain(path.into()));
        }
        if whole && clusters > needed {
            self.find(Finding::LongChain(path.into()));
        }
        whole
    }

    /// Marks the clusters of a chain as owned, up to where it goes wrong: their number, and whether it is whole.
    fn own<D: BlockDevice>(&mut self, volume: &Volume<D>, first: u32, path: &str) -> (u64, bool) {
        let mut count = 0;
        let mut at = first;
        loop {
            if !volume.geometry.holds(at) {
                self.find(Finding::BrokenChain(path.into(), at));
                return (count, false);
            }
            if self.owned[at as usize] {
                self.find(Finding::CrossLink(path.into(), at));
                return (count, false);
            }
            match volume.table.link(at) {
                Link::Free | Link::Bad | Link::Wrong(_) => {
                    self.find(Finding::BrokenChain(path.into(), at));
                    return (count, false);
                }
                link => {
                    self.owned[at as usize] = true;
                    count += 1;
                    match link {
                        Link::Next(next) => at = next,
                        _ => return (count, true),
                    }
                }
            }
        }
    }
}

/// A directory that is to be looked at.
struct Visit {
    first: u32,
    parent: u32,
    depth: usize,
    path: String,
}

/// Whether two entries of one directory are the two names of an interrupted rename.
fn same_file(old: &Located, new: &Located) -> bool {
    let what =
        |entry: &Located| (entry.short.first_cluster(), entry.short.size(), entry.short.is_directory());
    what(old) == what(new)
}
