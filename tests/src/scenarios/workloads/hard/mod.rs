//! Workloads where things go wrong or come in numbers: power cuts, a containerd that is killed, full disks, containers
//! that want everything, hundreds of containers.

mod bounds;
mod full;
mod killed;
mod many;
mod power;
mod rounds;
mod traces;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::container;
use crate::live::{Node, Setting};
use crate::scenario::Place;
use crate::workshop::Workshop;
pub(super) use traces::{Traces, nothing_is_left};

/// What all these nodes run: a container that reads what the service `traces` wrote.
const EYE: &str = r#"
[containers]
allow-exec = true
host-paths = ["/run/probe"]

[workloads.eye]
network = "none"

[workloads.eye.containers.main]
image = "busybox:1"
command = ["/usr/bin/sleep", "1000000"]
stop-signal = "SIGKILL"
mounts = { "/probe" = { host = "/run/probe", read-only = true } }
"#;

/// What comes and goes before it is written down how a node is without workloads: the first one on a bridge leaves what
/// all later ones use, netavark's chains and files and what is remembered of networks and images.
const FIRST: &str = r#"
[workloads.first.containers.main]
image = "busybox:1"
command = ["/usr/bin/sleep", "1000000"]
read-only = true
stop-signal = "SIGKILL"
mounts = { "/data" = { volume = "first" } }
"#;

/// The exit code of a configuration that is wrong.
const WRONG: i32 = 14;

/// How long many containers may take together.
const LONG: Duration = Duration::from_mins(15);

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    many::add(place, trials);
    power::add(place, trials);
    killed::add(place, trials);
    bounds::add(place, trials);
    full::add(place, trials);
    rounds::add(place, trials);
}

/// A machine with these tables in its configuration, beside [`EYE`].
fn setting(workshop: &Workshop, name: &str, tables: &str) -> Result<Setting> {
    super::setting(workshop, name, &format!("{EYE}\n{tables}"))
}

/// The states of all containers, by name.
fn containers(node: &mut Node<'_>) -> Result<BTreeMap<String, Value>> {
    let listed = node.ask(&["containers"])?;
    let listed = listed.as_array().context("no list")?;
    let named =
        listed.iter().map(|one| Ok((one["name"].as_str().context("no name")?.to_owned(), one.clone())));
    named.collect()
}

/// Waits until so many containers are there and all of them are ready.
fn all_are_ready(node: &mut Node<'_>, count: usize) -> Result<BTreeMap<String, Value>> {
    node.until(LONG, |node| {
        let all = containers(node)?;
        let others: Vec<&Value> = all.values().filter(|one| one["state"] != "ready").collect();
        ensure!(
            others.is_empty(),
            "{} of {} are not ready, the first: {}",
            others.len(),
            all.len(),
            others[0]
        );
        ensure!(all.len() == count, "there are {} containers: {:?}", all.len(), all.keys());
        Ok(all)
    })
}

/// Waits until a container is in a state, however busy the node is.
fn comes_to(node: &mut Node<'_>, name: &str, state: &str) -> Result<Value> {
    node.until(LONG, |node| {
        let container = container(node, name)?;
        ensure!(container["state"] == state, "{container}");
        Ok(container)
    })
}

/// Does something that may as well be done twice. A node that is busy may not answer at the first try.
fn does(node: &mut Node<'_>, arguments: &[&str]) -> Result<String> {
    node.until(LONG, |node| node.prints(arguments))
}

/// Does something in a container.
fn exec(node: &mut Node<'_>, container: &str, script: &str) -> Result<String> {
    does(node, &["exec", container, "--", "/usr/bin/sh", "-c", script])
}

/// Applies a configuration with these tables.
fn applies(node: &mut Node<'_>, tables: &str) -> Result<()> {
    let text = node.owner.configuration(tables)?;
    let ran = node.until(LONG, |node| {
        let ran = node.applies("tables.toml", &text, &[])?;
        // What is wrong with it does not change.
        ensure!(ran.exits_with(0).is_ok() || ran.exits_with(WRONG).is_ok(), "{ran}");
        Ok(ran)
    })?;
    ran.exits_with(0)
}

/// The lines of a container's log.
fn lines(node: &mut Node<'_>, name: &str) -> Result<Vec<String>> {
    Ok(does(node, &["logs", name])?.lines().map(str::to_owned).collect())
}
