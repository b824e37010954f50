//! The targets, one file a room.

mod agent;
mod api;
mod configuration;
mod containers;
mod debian;
mod fetch;
mod images;
mod network;
mod node;
mod oci;
mod recipes;
mod secure_boot;
mod shim;
mod table;
mod verity;
mod volume;

/// A parser of outside data.
pub struct Target {
    /// Name on the command line.
    pub name: &'static str,
    /// Feeds it.
    pub run: fn(&[u8]),
    /// Well-formed inputs, none of them empty. Where one can't be made there is none.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "ar", run: debian::ar, seeds: debian::ar_seeds },
    Target { name: "tar", run: debian::tar, seeds: debian::tar_seeds },
    Target { name: "control", run: debian::control, seeds: debian::control_seeds },
    Target { name: "inrelease", run: debian::inrelease, seeds: debian::inrelease_seeds },
    Target { name: "elf", run: images::elf, seeds: images::elf_seeds },
    Target { name: "erofs", run: images::erofs, seeds: images::erofs_seeds },
    Target { name: "verity", run: verity::verity, seeds: verity::seeds },
    Target { name: "scrub", run: verity::scrub, seeds: verity::seeds },
    Target { name: "gpt", run: table::gpt, seeds: table::seeds },
    Target { name: "table-plan", run: table::plan, seeds: table::seeds },
    Target { name: "ext4", run: images::ext4, seeds: images::ext4_seeds },
    Target { name: "fat", run: volume::fat, seeds: volume::seeds },
    Target { name: "boot-images", run: volume::boot_images, seeds: volume::seeds },
    Target { name: "cpio", run: images::cpio, seeds: images::cpio_seeds },
    Target { name: "uki", run: images::uki, seeds: images::uki_seeds },
    Target { name: "modules", run: node::modules, seeds: node::modules_seeds },
    Target { name: "cmdline", run: node::cmdline, seeds: node::cmdline_seeds },
    Target { name: "starts", run: node::starts, seeds: node::starts_seeds },
    Target { name: "request", run: node::request, seeds: node::request_seeds },
    Target { name: "boot-name", run: node::boot_name, seeds: node::boot_name_seeds },
    Target { name: "signed-program", run: secure_boot::signed_program, seeds: images::uki_seeds },
    Target { name: "certificate", run: secure_boot::certificate, seeds: secure_boot::certificate_seeds },
    Target {
        name: "signature-lists",
        run: secure_boot::signature_lists,
        seeds: secure_boot::signature_lists_seeds,
    },
    Target {
        name: "variable-update",
        run: secure_boot::variable_update,
        seeds: secure_boot::variable_update_seeds,
    },
    Target { name: "variables", run: secure_boot::variables, seeds: secure_boot::variables_seeds },
    Target { name: "recipe", run: recipes::recipe, seeds: recipes::recipe_seeds },
    Target { name: "document", run: configuration::tree, seeds: configuration::tree_seeds },
    Target { name: "config", run: configuration::config, seeds: configuration::config_seeds },
    Target { name: "secrets", run: configuration::secrets, seeds: configuration::config_seeds },
    Target { name: "contexts", run: configuration::contexts, seeds: configuration::contexts_seeds },
    Target { name: "smbios", run: configuration::smbios, seeds: configuration::smbios_seeds },
    Target { name: "dhcp4", run: network::dhcp4, seeds: network::dhcp4_seeds },
    Target { name: "dhcp4-client", run: network::dhcp4_client, seeds: network::dhcp4_client_seeds },
    Target { name: "dhcp6", run: network::dhcp6, seeds: network::dhcp6_seeds },
    Target { name: "dhcp6-client", run: network::dhcp6_client, seeds: network::dhcp6_client_seeds },
    Target { name: "advertised", run: network::advertised, seeds: network::advertised_seeds },
    Target { name: "network-files", run: network::order, seeds: network::order_seeds },
    Target { name: "log", run: agent::log, seeds: agent::log_seeds },
    Target { name: "kept", run: agent::kept, seeds: agent::kept_seeds },
    Target { name: "init-files", run: agent::init, seeds: agent::init_seeds },
    Target { name: "facts", run: agent::facts, seeds: agent::facts_seeds },
    Target { name: "netlink", run: agent::datagram, seeds: agent::datagram_seeds },
    Target { name: "status-line", run: agent::status_line, seeds: agent::status_line_seeds },
    Target { name: "redact", run: agent::redact, seeds: agent::redact_seeds },
    Target { name: "fetch-frames", run: fetch::frames, seeds: fetch::frames_seeds },
    Target { name: "fetch-challenge", run: fetch::challenge, seeds: fetch::challenge_seeds },
    Target { name: "fetch-signature", run: fetch::signature, seeds: fetch::signature_seeds },
    Target { name: "api-certificate", run: api::certificate, seeds: api::certificate_seeds },
    Target { name: "pem", run: api::pem, seeds: api::pem_seeds },
    Target { name: "words", run: api::words, seeds: api::words_seeds },
    Target { name: "refusal", run: api::refusal, seeds: api::refusal_seeds },
    Target { name: "printed", run: containers::printed, seeds: containers::printed_seeds },
    Target { name: "kept-lines", run: containers::kept, seeds: containers::kept_seeds },
    Target {
        name: "netavark-answer",
        run: containers::netavark_answer,
        seeds: containers::netavark_answer_seeds,
    },
    Target { name: "name-answer", run: containers::name_answer, seeds: containers::name_answer_seeds },
    Target { name: "link-counters", run: containers::counters, seeds: containers::counters_seeds },
    Target { name: "shim-frames", run: shim::frames, seeds: shim::frames_seeds },
    Target { name: "image-name", run: oci::reference, seeds: oci::reference_seeds },
    Target { name: "image-documents", run: oci::documents, seeds: oci::documents_seeds },
    Target { name: "image-layer", run: oci::layer, seeds: oci::layer_seeds },
    Target { name: "image-archive", run: oci::archive, seeds: oci::archive_seeds },
];

/// The target of a name, or what was probably meant.
pub fn named(name: &str) -> Result<&'static Target, String> {
    let names = || TARGETS.iter().map(|target| target.name);
    TARGETS.iter().find(|target| target.name == name).ok_or_else(|| {
        let expected = match corten_recipe::nearest(name, names()) {
            Some(nearest) => format!("{nearest:?}"),
            None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
        };
        format!("there is no target {name:?}: expected {expected}")
    })
}
