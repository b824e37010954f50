//! Kernel and initrd without a loader, with a container from the image as a test of itself.

use anyhow::{Context, Result, ensure};
use corten_vm::Until;
use libtest_mimic::Trial;

use super::RECIPE;
use crate::image::Image;
use crate::scenario::{Place, Scenario, When};
use crate::workshop::{Booted, Workshop};

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "direct",
        when: When::Always,
        run: |workshop| {
            let image = workshop.image(RECIPE)?;
            workshop.boot("direct", &image.direct(with_selftest(&image), image.disk.clone()), Until::Ready)
        },
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("runs_what_was_built", super::runs_what_was_built),
            ("a_container_runs_and_exits_with_0", a_container_runs_and_exits_with_0),
            ("stops_in_order_on_the_power_button", super::stops_in_order_on_the_power_button),
        ],
    }
    .add(place, trials);
}

/// The image's command line, with which a node runs a container before it is ready.
pub fn with_selftest(image: &Image) -> String {
    format!("{} corten.selftest=container", image.command_line)
}

/// The node counts as ready only after the container exited with 0, and says so among its services.
fn a_container_runs_and_exits_with_0(_: &Workshop, seen: &Booted) -> Result<()> {
    let ready = seen.outcome.ready.as_ref().context("not ready")?;
    let selftest = ready.services.keys().any(|name| name == "selftest" || name.starts_with("selftest."));
    ensure!(selftest, "no selftest among {:?}", ready.services);
    Ok(())
}
