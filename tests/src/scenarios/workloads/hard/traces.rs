//! What containers could leave behind on a node, as a service of its recipe finds it: mounts, links, rules, control
//! groups, files, processes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::{EYE, FIRST, LONG, all_are_ready, applies, does};
use crate::live::{Node, PATIENCE};

/// Everything that was found, a thing a line, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces(BTreeMap<String, usize>);

impl Traces {
    /// Has the node look.
    pub fn look(node: &mut Node<'_>) -> Result<Self> {
        Ok(Self::read(&look(node)?))
    }

    /// What a node on which a workload was, and is no more, has: kept for later steps under a name.
    pub(super) fn keep_settled(node: &mut Node<'_>, name: &str) -> Result<()> {
        applies(node, &format!("{EYE}{FIRST}"))?;
        all_are_ready(node, 2)?;
        applies(node, EYE)?;
        all_are_ready(node, 1)?;
        // Its control group goes last.
        let settled = node.until(PATIENCE, |node| {
            let found = Self::look(node)?;
            let groups = found.in_folder("/sys/fs/cgroup/workloads");
            ensure!(groups == 1, "control groups of {groups} workloads");
            Ok(found)
        })?;
        node.keep(name, settled);
        Ok(())
    }

    fn read(text: &str) -> Self {
        let mut found = BTreeMap::new();
        for line in text.lines().map(without_counts) {
            *found.entry(line).or_default() += 1;
        }
        Self(found)
    }

    /// How many lines begin like this.
    pub(super) fn count(&self, beginning: &str) -> usize {
        self.0.iter().filter(|(line, _)| line.starts_with(beginning)).map(|(_, count)| count).sum()
    }

    /// How many files and folders are in this folder.
    pub(super) fn in_folder(&self, folder: &str) -> usize {
        let beginning = format!("path {folder}/");
        let is_whole = |line: &str| line.strip_prefix(&beginning).is_some_and(|rest| !rest.contains('/'));
        self.0.iter().filter(|(line, _)| is_whole(line)).map(|(_, count)| count).sum()
    }

    /// What has to do with something of this name.
    pub fn of(&self, name: &str) -> Vec<&str> {
        let traces = self.0.keys().filter(|line| is_a_trace(line));
        traces.filter(|line| line.contains(name)).map(String::as_str).collect()
    }

    /// Bytes of a line of `/proc/meminfo`.
    pub(super) fn memory(&self, name: &str) -> Result<u64> {
        let beginning = format!("memory {name}: ");
        let value = self.0.keys().find_map(|line| line.strip_prefix(&beginning));
        let value: u64 = value.with_context(|| format!("no {name}"))?.parse()?;
        Ok(value << 10)
    }

    /// What is here and not there.
    fn without(&self, other: &Self) -> Vec<&str> {
        let more = |line: &&String| self.0.get(*line) > other.0.get(*line);
        self.0.keys().filter(more).filter(|line| is_a_trace(line)).map(String::as_str).collect()
    }

    /// Checks that nothing is here that was not there before, and that nothing is gone.
    pub(super) fn are_as_before(&self, before: &Self) -> Result<()> {
        let (new, gone) = (self.without(before), before.without(self));
        ensure!(new.is_empty() && gone.is_empty(), "left behind: {new:#?}\ngone: {gone:#?}");
        Ok(())
    }
}

/// Waits until everything is as it was when that was kept: the node itself looks for rests every 10 seconds.
pub fn nothing_is_left(node: &mut Node<'_>, name: &str) -> Result<()> {
    let before = node.kept::<Traces>(name)?;
    node.until(PATIENCE, |node| Traces::look(node)?.are_as_before(&before))
}

fn look(node: &mut Node<'_>) -> Result<String> {
    let written = |node: &mut Node<'_>| -> Result<usize> {
        Ok(does(node, &["logs", "traces"])?.lines().filter(|line| line.ends_with("written")).count())
    };
    let before = written(node)?;
    does(node, &["restart", "traces"])?;
    node.until(LONG, |node| {
        ensure!(written(node)? > before, "it still looks");
        Ok(())
    })?;
    does(node, &["exec", "eye", "--", "/usr/bin/cat", "/probe/traces"])
}

/// Packets and bytes of a rule differ from moment to moment.
fn without_counts(line: &str) -> String {
    let mut words = Vec::new();
    let mut all = line.split(' ');
    while let Some(word) = all.next() {
        words.push(word);
        if line.starts_with("rule ") && matches!(word, "packets" | "bytes") {
            all.next();
        }
    }
    words.join(" ")
}

/// Threads of the kernel have no line here, and programs of the node itself come and go.
fn is_a_trace(line: &str) -> bool {
    let is_ours = |process: &str| {
        ["containerd-shim", "aardvark", "netavark", "crun", "sleep"].iter().any(|word| process.contains(word))
    };
    match line.split_once(' ') {
        Some(("process", process)) => is_ours(process),
        Some(("memory", _)) => false,
        // They are kept for those who ask later.
        Some(("path", path)) => !path.starts_with("/var/lib/corten/containers/logs"),
        _ => true,
    }
}
