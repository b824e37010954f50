//! What is run, where, as whom, with which rights, and how it ends.

use std::ops::RangeInclusive;

use anyhow::{Context as _, Result, ensure};

use super::super::{becomes, complains, exec, prints};
use crate::live::Node;

pub(super) fn say_what_is_run(node: &mut Node<'_>) -> Result<()> {
    // Of a variable that stands in both places the table's own value counts.
    prints(node, "dressed", "it got one two words, in /usr/share, green and large")
}

pub(super) fn say_who_runs_it(node: &mut Node<'_>) -> Result<()> {
    for (container, who) in [("number", "1234:0"), ("name", "1000:1000"), ("group", "1000:65534")] {
        prints(node, &format!("people/{container}"), who)?;
    }
    complains(node, "people/nobody", &["the image has no user \"eve\""])?;
    Ok(())
}

/// Capabilities hold for a user that is not root; a setuid program gives rights where it may.
pub(super) fn give_rights(node: &mut Node<'_>) -> Result<()> {
    let status = exec(node, "dressed", "cat /proc/1/status")?;
    for expected in
        ["CapEff:\t0000000000002000", "CapBnd:\t0000000000002000", "NoNewPrivs:\t0", "Seccomp:\t2"]
    {
        ensure!(status.contains(expected), "no {expected:?} in {status}");
    }
    let makes = "cp /usr/bin/cat /cat && chmod 4755 /cat";
    for (container, effective) in [("dressed", "Uid:\t1000\t0\t"), ("people/name", "Uid:\t1000\t1000\t")] {
        node.prints(&["exec", "--user", "0", container, "--", "/usr/bin/sh", "-c", makes])?;
        let status = exec(node, container, "/cat /proc/self/status")?;
        ensure!(status.contains(effective), "no {effective:?} in {status}");
    }
    Ok(())
}

pub(super) fn give_all_rights(node: &mut Node<'_>) -> Result<()> {
    let status = exec(node, "mighty", "cat /proc/1/status")?;
    for expected in ["CapEff:\t000001ffffffffff", "Seccomp:\t0"] {
        ensure!(status.contains(expected), "no {expected:?} in {status}");
    }
    // Devices of the node, and what is hidden from others.
    exec(
        node,
        "mighty",
        "test -b /dev/vda && test ! -c /proc/timer_list && echo 1 > /proc/sys/vm/stat_interval",
    )?;
    Ok(())
}

/// The signal is the one that is named.
pub(super) fn say_how_it_ends(node: &mut Node<'_>) -> Result<()> {
    node.run(&["workload", "stop", "dressed"])?.exits_with(0)?;
    let dressed = becomes(node, "dressed/main", "stopped")?;
    ensure!(dressed["exit_code"] == 0, "{dressed}");
    prints(node, "dressed", "hears USR1")?;
    node.run(&["workload", "stop", "plain"])?.exits_with(0)?;
    let plain = becomes(node, "plain/main", "stopped")?;
    ensure!(plain["exit_code"] == 137, "{plain}");
    node.run(&["workload", "start", "plain"])?.exits_with(0)?;
    becomes(node, "plain/main", "ready")?;
    Ok(())
}

/// Containers that do not listen, and how many seconds they may live then. All of them are far from the 10 seconds that
/// one has for which nothing is written.
const DEAF: [(&str, RangeInclusive<f64>); 2] = [("hasty", 0.0..=7.0), ("patient", 16.0..=60.0)];

/// Another step sees how long they lived: it is done meanwhile.
pub(super) fn tell_them_to_end(node: &mut Node<'_>) -> Result<()> {
    for (workload, _) in DEAF {
        node.run(&["workload", "stop", workload])?.exits_with(0)?;
    }
    Ok(())
}

/// By the clock of the node, between the signal that they heard and the last moment that they told of.
pub(super) fn give_the_time_that_is_named(node: &mut Node<'_>) -> Result<()> {
    for (workload, expected) in DEAF {
        let stopped = becomes(node, &format!("{workload}/main"), "stopped")?;
        ensure!(stopped["exit_code"] == 137, "{stopped}");
        let lines = node.prints(&["logs", workload])?;
        let moment = |word: &str| -> Result<f64> {
            let found = lines.lines().rev().find_map(|line| line.rsplit_once(word));
            let (_, number) = found.with_context(|| format!("no {word:?} in {lines}"))?;
            Ok(number.trim().parse()?)
        };
        let lived = moment("lives ")? - moment("told ")?;
        ensure!(expected.contains(&lived), "{workload} lived for {lived} s, expected {expected:?}");
    }
    Ok(())
}
