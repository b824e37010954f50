//! The scenarios, and the facts that several of them check.

pub mod api;
pub mod artifacts;
pub mod command;
pub mod configuration;
pub mod direct;
pub mod hang;
pub mod keys;
pub mod maintenance;
pub mod managed;
pub mod metal;
pub mod pairing;
pub mod power;
pub mod request;
pub mod reset;
pub mod roles;
pub mod second_disk;
pub mod secure_boot;
pub mod services;
pub mod state;
pub mod uefi;
pub mod update;
pub mod verification;
pub mod ways_in;
pub mod web_server;
pub mod workloads;
pub mod wrong;

use anyhow::{Context, Result, ensure};
use corten_report::{Failed, Step};
use corten_vm::End;

use crate::workshop::{Booted, Workshop};

/// The recipe that the scenarios boot.
pub const RECIPE: &str = "container-host";

fn becomes_ready(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(seen.outcome.ready.is_some(), "the node did not become ready: {}", seen.outcome.end);
    Ok(())
}

fn runs_what_was_built(workshop: &Workshop, seen: &Booted) -> Result<()> {
    runs_what_was_built_from(RECIPE, workshop, seen)
}

fn runs_what_was_built_from(recipe: &str, workshop: &Workshop, seen: &Booted) -> Result<()> {
    let image = workshop.image(recipe)?;
    let ready = seen.outcome.ready.as_ref().context("not ready")?;
    ensure!(ready.version == image.version, "version {}, built {}", ready.version, image.version);
    ensure!(ready.root_hash == image.root_hash, "root hash {}, built {}", ready.root_hash, image.root_hash);
    Ok(())
}

fn containerd_serves(_: &Workshop, seen: &Booted) -> Result<()> {
    let ready = seen.outcome.ready.as_ref().context("not ready")?;
    let found = ready.services.get("containerd").context("containerd is not among the services")?;
    ensure!(!found.is_empty(), "its check found nothing");
    Ok(())
}

fn stops_in_order_on_the_power_button(_: &Workshop, seen: &Booted) -> Result<()> {
    let stopping = seen.outcome.stopping.as_deref();
    ensure!(stopping == Some("power-button"), "it stopped for {stopping:?}");
    ensure!(seen.outcome.end == End::PoweredOff, "it ended with: {}", seen.outcome.end);
    Ok(())
}

/// What failed, why, and what a person can do.
fn stands_on_the_console(seen: &Booted, told: &Failed) -> Result<()> {
    let console = seen.console()?;
    for text in [&told.what, &told.why, &told.hint] {
        ensure!(!text.is_empty(), "it leaves something out: {told:?}");
        ensure!(console.contains(text), "{text:?} is not on the console");
    }
    Ok(())
}

fn tells_how_long_each_part_took(_: &Workshop, seen: &Booted) -> Result<()> {
    let seconds = seen.outcome.timeline.seconds();
    for part in ["firmware", "kernel", "stage1", "stage2", "service.containerd", "kernel_to_ready", "total"] {
        let took = seconds.get(part).with_context(|| format!("nothing about {part}"))?;
        ensure!((0.0..300.0).contains(took), "{part} took {took} s");
    }
    let (told, whole) = (told_ms(seen.outcome.timeline.steps()), seconds["kernel_to_ready"] * 1000.0);
    ensure!(
        (0.8 * whole..=whole + 1.0).contains(&(told as f64)),
        "the steps tell of {told} ms of the {whole} ms from kernel start to ready"
    );
    Ok(())
}

/// Milliseconds that are part of at least one step.
fn told_ms(steps: &[Step]) -> u64 {
    let mut spans: Vec<_> = steps.iter().map(|step| (step.start_ms, step.end_ms)).collect();
    spans.sort_unstable();
    let (mut told, mut until) = (0, 0);
    for (start, end) in spans {
        told += end.saturating_sub(start.max(until));
        until = until.max(end);
    }
    told
}

fn tells_what_it_uses(_: &Workshop, seen: &Booted) -> Result<()> {
    let ready = seen.outcome.ready.as_ref().context("not ready")?;
    // Less than the kernel itself needs, or more than the machine has, is no measurement.
    ensure!((10 << 20..1 << 30).contains(&ready.memory_used_bytes), "{} bytes", ready.memory_used_bytes);
    ensure!((2..100).contains(&ready.processes), "{} processes", ready.processes);
    Ok(())
}
