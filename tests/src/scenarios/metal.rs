//! The recipe for real machines, on machines with the disks and the network card of real ones.

use anyhow::{Result, ensure};
use corten_vm::{DiskBus, Machine, Until};
use libtest_mimic::Trial;

use crate::scenario::{Case, Place, Scenario, When};
use crate::workshop::{Booted, Workshop};

const RECIPE: &str = "metal";

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    const BOOTS: &[Case<Booted>] = &[
        ("becomes_ready", super::becomes_ready),
        ("runs_what_was_built", runs_what_was_built),
        ("containerd_serves", super::containerd_serves),
        ("stops_in_order_on_the_power_button", super::stops_in_order_on_the_power_button),
    ];
    Scenario {
        name: "metal_nvme",
        when: When::Long,
        run: |workshop| boot(workshop, "metal_nvme", DiskBus::Nvme),
        cases: BOOTS,
    }
    .add(place, trials);
    Scenario {
        name: "metal_sata",
        when: When::Long,
        run: |workshop| boot(workshop, "metal_sata", DiskBus::Sata),
        cases: BOOTS,
    }
    .add(place, trials);
    Scenario {
        name: "metal_virtio",
        when: When::Long,
        run: |workshop| {
            let image = workshop.image(RECIPE)?;
            let command_line = format!("{} loglevel=7", image.command_line);
            let machine = with_card(image.direct(command_line, image.disk.clone()));
            workshop.boot("metal_virtio", &machine, Until::Ready)
        },
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("drives_the_network_card", drives_the_network_card),
            ("writes_on_screen_and_serial_line", writes_on_screen_and_serial_line),
        ],
    }
    .add(place, trials);
}

fn boot(workshop: &Workshop, name: &str, disk_bus: DiskBus) -> Result<Booted> {
    let machine = with_card(Machine { disk_bus, ..workshop.image(RECIPE)?.uefi() });
    workshop.boot(name, &machine, Until::Ready)
}

/// The machine with a network card of real ones beside its own.
fn with_card(machine: Machine) -> Machine {
    let extra = ["-netdev", "user,id=card", "-device", "e1000e,netdev=card,romfile="];
    Machine { extra: extra.map(String::from).to_vec(), ..machine }
}

fn runs_what_was_built(workshop: &Workshop, seen: &Booted) -> Result<()> {
    super::runs_what_was_built_from(RECIPE, workshop, seen)
}

/// The driver says so in the kernel's log.
fn drives_the_network_card(_: &Workshop, seen: &Booted) -> Result<()> {
    let console = seen.console()?;
    let found = console.lines().any(|line| line.contains("e1000e") && line.contains("Intel(R) PRO/1000"));
    ensure!(found, "nothing of the card in {} lines", console.lines().count());
    Ok(())
}

fn writes_on_screen_and_serial_line(_: &Workshop, seen: &Booted) -> Result<()> {
    let console = seen.console()?;
    for device in ["ttyS0", "tty0"] {
        ensure!(console.contains(&format!("console [{device}] enabled")), "{device} is no console");
    }
    Ok(())
}
