//! The whole chain: firmware, loader, boot image, verified root, services, and the power button.

use corten_vm::{Machine, Until};
use libtest_mimic::Trial;

use super::RECIPE;
use crate::scenario::{Place, Scenario, When};

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "uefi",
        when: When::Always,
        run: |workshop| workshop.boot("uefi", &workshop.image(RECIPE)?.uefi(), Until::Ready),
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("runs_what_was_built", super::runs_what_was_built),
            ("containerd_serves", super::containerd_serves),
            ("tells_how_long_each_part_took", super::tells_how_long_each_part_took),
            ("tells_what_it_uses", super::tells_what_it_uses),
            ("stops_in_order_on_the_power_button", super::stops_in_order_on_the_power_button),
        ],
    }
    .add(place, trials);
    Scenario {
        name: "uefi_with_one_processor_and_little_memory",
        when: When::Long,
        run: |workshop| {
            let name = "uefi_with_one_processor_and_little_memory";
            let machine = workshop.image(RECIPE)?.uefi();
            workshop.boot(name, &Machine { cpus: 1, memory_mib: 512, ..machine }, Until::Ready)
        },
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("stops_in_order_on_the_power_button", super::stops_in_order_on_the_power_button),
        ],
    }
    .add(place, trials);
    Scenario {
        name: "uefi_base_recipe",
        when: When::Long,
        run: |workshop| workshop.boot("uefi_base_recipe", &workshop.image("base")?.uefi(), Until::Ready),
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("stops_in_order_on_the_power_button", super::stops_in_order_on_the_power_button),
        ],
    }
    .add(place, trials);
}
