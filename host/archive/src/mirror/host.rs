//! What the host's apt configuration says: sources of packages and proxies.

use std::path::{Path, PathBuf};

use super::apt_conf;
use super::sources::{Source, parse_lines, parse_paragraphs};
use crate::transport::proxy::Proxies;

/// Where apt keeps its configuration.
pub const APT_FOLDER: &str = "/etc/apt";

/// Reads all sources: `sources.list` first, then the files of `sources.list.d` by name.
pub fn sources(apt: &Path) -> Vec<Source> {
    let mut sources = parse_lines(&read(&apt.join("sources.list")));
    for path in files(&apt.join("sources.list.d")) {
        match path.extension().and_then(|end| end.to_str()) {
            Some("list") => sources.extend(parse_lines(&read(&path))),
            Some("sources") => sources.extend(parse_paragraphs(&read(&path))),
            _ => {}
        }
    }
    sources
}

/// Reads the proxies from apt's configuration and, where it has none, from the environment.
pub fn proxies(apt: &Path, environment: &dyn Fn(&str) -> Option<String>) -> Proxies {
    let parts = files(&apt.join("apt.conf.d")).into_iter().filter(|path| match path.extension() {
        Some(end) => end == "conf",
        None => true,
    });
    let settings =
        parts.chain([apt.join("apt.conf")]).flat_map(|path| apt_conf::parse(&read(&path))).collect();
    Proxies::from_settings(settings, environment)
}

/// A file that is missing or can't be read says nothing, as for apt without root rights.
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
