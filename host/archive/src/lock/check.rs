//! What a lock has to fulfil beyond its syntax, since paths and names of it end up in file names and requests.

use std::collections::BTreeSet;

use corten_formats::deb::packages::is_safe;
use corten_formats::deb::relation::{Relation, is_name};
use corten_formats::deb::version::Version;

use super::{FORMAT, Lock, LockedPackage};

/// A value that breaks a rule.
pub struct Wrong {
    /// Key of the value.
    pub key: &'static str,
    /// What is wrong.
    pub why: String,
    /// Text that stands in the line of the value.
    pub value: String,
}

impl Wrong {
    /// Line that the value stands in, as far as it can be found again, counted from 1.
    pub fn line_in(&self, text: &str) -> usize {
        let fits = |line: &str| line.trim_start().starts_with(self.key) && line.contains(&self.value);
        text.lines().position(fits).map_or(1, |line| line + 1)
    }
}

/// Checks a lock that was read.
pub fn check(lock: &Lock) -> Result<(), Wrong> {
    let wrong = |key, value: &str, why: String| Err(Wrong { key, why, value: value.to_owned() });
    if lock.format != FORMAT {
        let found = lock.format.to_string();
        return wrong("format", &found, format!("the format is {found}, this corten reads {FORMAT}"));
    }
    for (key, name) in [("suite", &lock.suite), ("architecture", &lock.architecture)] {
        if !is_safe(name) {
            return wrong(key, name, format!("{name:?} is not a name"));
        }
    }
    for text in &lock.requested {
        if let Err(error) = Relation::parse(text) {
            return wrong("requested", text, error.to_string());
        }
    }
    for suite in &lock.suites {
        if !is_safe(&suite.name) {
            return wrong("name", &suite.name, format!("{:?} is not the name of a suite", suite.name));
        }
    }
    let names: BTreeSet<&str> = lock.packages.iter().map(|package| package.name.as_str()).collect();
    for pair in lock.packages.windows(2) {
        if pair[0].name >= pair[1].name {
            return wrong(
                "name",
                &pair[1].name,
                format!("{:?} is not in order or stands twice", pair[1].name),
            );
        }
    }
    lock.packages.iter().try_for_each(|package| check_package(package, &names))
}

fn check_package(package: &LockedPackage, names: &BTreeSet<&str>) -> Result<(), Wrong> {
    let wrong = |key, value: &str, why: String| Err(Wrong { key, why, value: value.to_owned() });
    for (key, name) in
        [("name", &package.name), ("source", &package.source), ("architecture", &package.architecture)]
    {
        if !is_name(name) {
            return wrong(key, name, format!("{name:?} is not a name"));
        }
    }
    for (key, version) in [("version", &package.version), ("source-version", &package.source_version)] {
        if let Err(error) = Version::parse(version) {
            return wrong(key, version, error.to_string());
        }
    }
    if !is_safe(&package.path) {
        return wrong("path", &package.path, format!("{:?} is not a path below the archive", package.path));
    }
    match package.depends.iter().find(|name| !names.contains(name.as_str())) {
        Some(missing) => wrong(
            "depends",
            missing,
            format!("{:?} needs {missing:?}, which is not in the lock", package.name),
        ),
        None => Ok(()),
    }
}
