//! A program of the node asks init to restart the machine; one that is not root's is not heard.

use anyhow::{Context, Result, ensure};
use corten_vm::{End, Until};
use libtest_mimic::Trial;

use crate::scenario::{Place, Scenario, When};
use crate::workshop::{Booted, Workshop};

const RECIPE: &str = r#"
name = "request"
version = "1.0"
extends = "container-host"

[packages.dash]
programs = ["dash"]

[users.probe]
uid = 950

[services.nobody]
exec = ["/usr/bin/dash", "-c", "! /usr/lib/corten/init request power-off"]
user = "probe"
restart = "never"

[services.root]
exec = ["/usr/lib/corten/init", "request", "restart"]
after = ["nobody", "containerd"]
restart = "never"
"#;

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "request",
        when: When::Always,
        run: |workshop| {
            let recipe = workshop.path("request.toml");
            std::fs::write(&recipe, RECIPE)?;
            let image = workshop.image(recipe.to_str().context("the folder of the tests is no text")?)?;
            let machine = image.direct(image.command_line.clone(), image.disk.clone());
            workshop.boot("request", &machine, Until::Off)
        },
        cases: &[("of_root_restarts_the_machine_in_order", of_root_restarts_the_machine_in_order)],
    }
    .add(place, trials);
}

/// The service that asks comes after the one that is refused, so that one was not heard.
fn of_root_restarts_the_machine_in_order(_: &Workshop, seen: &Booted) -> Result<()> {
    let stopping = seen.outcome.stopping.as_deref();
    ensure!(stopping == Some("request"), "it stopped for {stopping:?}");
    ensure!(seen.outcome.end == End::Restarted, "it ended with: {}", seen.outcome.end);
    Ok(())
}
