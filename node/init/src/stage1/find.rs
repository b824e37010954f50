//! Finds the slot to boot: loads drivers for what is there and for what is announced meanwhile, and looks again, until
//! the slot is there or nothing more comes.
//!
//! A controller may take minutes until its driver has spoken to it, and only then announces its disks. So the watchdog
//! is fed while drivers load, and what was announced meanwhile is taken in before the time is said to be over.

use std::collections::BTreeSet;
use std::os::fd::AsFd as _;

use corten_disk::{Search, Slot, choose, look};
use corten_formats::verity::RootHash;
use corten_sys::clock::monotonic_ms;
use corten_sys::uevent::{Received, Uevents};
use corten_sys::{aside, poll};

use crate::devices;
use crate::log::{Failure, Level, Log};
use crate::modules::Modules;
use crate::uevent::Uevent;
use crate::watchdog::Watchdog;

/// How long a disk may take to appear once nothing else does any more.
const QUIET_MS: u64 = 10_000;
/// How long disks may take in all: controllers that start up, many disks that spin up one after the other. What takes
/// longer is a hang, and the watchdog is not fed any more.
const ALL_MS: u64 = 300_000;
/// The disks are looked at again after this time even if nothing is announced.
const LOOK_AGAIN_MS: u64 = 250;

/// What finding the slot needs.
pub(super) struct Finder<'a> {
    pub(super) search: &'a Search,
    pub(super) root_hash: &'a RootHash,
    pub(super) modules: &'a Modules,
    pub(super) uevents: &'a Uevents,
    pub(super) log: &'a Log,
}

/// There is no slot for this root hash.
pub(super) struct NotFound {
    /// Disks that were searched: those that could have had it.
    pub(super) disks: Vec<String>,
    pub(super) failure: Failure,
}

impl Finder<'_> {
    /// Waits for the slot.
    pub(super) fn wait(&self, watchdog: &Watchdog) -> Result<Slot, NotFound> {
        let mut feed = watchdog.feeder(self.log, ALL_MS);
        let last_deadline = monotonic_ms().saturating_add(ALL_MS);
        // A machine with virtio has its disk there, nearly always: drivers for the rest are loaded only if it has not.
        let (mut now, mut later): (BTreeSet<_>, BTreeSet<_>) =
            devices::aliases().into_iter().partition(|alias| alias.starts_with("virtio:"));
        let mut deadline = None;
        loop {
            let aliases = std::mem::take(&mut now);
            if !aliases.is_empty() {
                let load = || self.modules.load_for_devices(aliases.iter().map(String::as_str), self.log);
                aside::work(load, &mut feed);
                deadline = None;
            }
            // A disk that can't be read may take minutes to say so.
            let found = aside::work(|| look(self.search, self.root_hash), &mut feed);
            for slot in found.slots.iter().skip(1) {
                let text = format_args!("{} of {} has the same content", slot.label, slot.disk);
                self.log.write(Level::Warning, text);
            }
            let chosen = choose(&found.slots).map_err(|error| {
                let hint = "detach the disk that is not this machine's own: it is a copy of the other, state included";
                NotFound { disks: Vec::new(), failure: Failure::new("telling the machine's own disk", error, hint) }
            })?;
            if let Some(slot) = chosen {
                return Ok(slot);
            }
            now = self.announced();
            if now.is_empty() && !later.is_empty() {
                now = std::mem::take(&mut later);
            }
            if !now.is_empty() {
                continue;
            }
            let time = monotonic_ms();
            let until = *deadline.get_or_insert(last_deadline.min(time.saturating_add(QUIET_MS)));
            if time >= until {
                return Err(self.not_found(found.disks, &found.remarks));
            }
            let left = until.saturating_sub(time);
            // What made it readable is taken in above.
            let _ = poll::readable(self.uevents.as_fd(), left.min(LOOK_AGAIN_MS));
            now = self.announced();
        }
    }

    fn not_found(&self, disks: Vec<String>, remarks: &[String]) -> NotFound {
        let seen = if remarks.is_empty() { "no disk".into() } else { remarks.join("; ") };
        let why = format!("no partition belongs to root hash {}: {seen}", self.root_hash);
        let hint = "attach the disk that this boot image was built with, or start the other version";
        NotFound { disks, failure: Failure::new("finding the root", why, hint) }
    }

    /// Aliases of the devices that were announced since the last look.
    fn announced(&self) -> BTreeSet<String> {
        let mut aliases = BTreeSet::new();
        loop {
            match self.uevents.next() {
                Ok(Received::Message(message)) => {
                    aliases.extend(Uevent::parse(&message).and_then(|event| event.modalias));
                }
                Ok(Received::Lost) => aliases.extend(devices::aliases()),
                Ok(Received::Nothing) | Err(_) => return aliases,
            }
        }
    }
}
