//! The child that collects what the machine brings along as its configuration and hands it to what manages the node.
//! It runs before that, and again when disks have appeared.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use corten_control::{BOOT_PATH, Boot};
use corten_platform::{FOLDER, Findings, keep, of_esp, of_fw_cfg, of_smbios, of_volumes};
use corten_services::{Requests, SERVICES_PATH, Services};

use crate::log::{Level, Log};
use crate::modules::Modules;

/// Time that volumes of other disks have.
const VOLUMES_MS: u64 = 5000;
/// QEMU's device, by its ACPI identity.
const FW_CFG: &str = "/sys/bus/acpi/devices/QEMU0002:00";

/// Collects the documents.
pub fn collect() -> ExitCode {
    let log = Log::open();
    let root = Path::new("/");
    let boot: Boot =
        fs::read(BOOT_PATH).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    if Path::new(FW_CFG).exists()
        && let Ok(modules) = Modules::open()
        && let Err(error) = modules.load("qemu_fw_cfg", &log)
    {
        log.write(Level::Warning, format_args!("module qemu_fw_cfg: {error}"));
    }
    let mut found = boot.esp.map(|esp| of_esp(&Path::new("/dev").join(esp))).unwrap_or_default();
    found.extend(within(VOLUMES_MS, move || of_volumes(&boot.disk)));
    found.extend(of_smbios(root));
    found.extend(of_fw_cfg(root));
    let Findings { documents, problems } = found;
    for problem in &problems {
        println!("configuration: {problem}");
    }
    for document in &documents {
        println!("configuration: {} ({} bytes)", document.name, document.bytes.len());
    }
    // The API does without what can't be had, so this never fails.
    if let Err(error) = keep(Path::new(FOLDER), &documents, group()) {
        println!("{FOLDER}: {error}");
    }
    ExitCode::SUCCESS
}

/// What disks say, if they say it in time: one that does not answer must not keep a node from its API.
fn within(time_ms: u64, work: impl FnOnce() -> Findings + Send + 'static) -> Findings {
    let (sender, receiver) = mpsc::channel();
    let working = thread::Builder::new().spawn(move || drop(sender.send(work())));
    let found = receiver.recv_timeout(Duration::from_millis(time_ms));
    if working.is_err() || found.is_err() {
        println!("configuration: disks did not say within {time_ms} ms whether they have one");
    }
    found.unwrap_or_default()
}

/// The group of what manages the node; root's where nothing does.
fn group() -> u32 {
    let table = fs::read(SERVICES_PATH).ok().and_then(|text| serde_json::from_slice::<Services>(&text).ok());
    let services = table.unwrap_or_default().services;
    let manages = services.into_iter().find(|service| service.requests == Requests::Everything);
    manages.map_or(0, |service| service.account.gid)
}
