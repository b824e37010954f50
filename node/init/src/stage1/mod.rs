//! Stage 1, in the initrd: loads what the boot needs, finds the slot, has the kernel verify it, switches to it.
//!
//! Nothing else happens here, and nothing that the loader's stub put beside the boot image is looked at: only the
//! kernel command line, the modules of the initrd and the disk.

mod find;

use std::fmt::Display;
use std::fs;
use std::thread;

use corten_disk::{Search, Slot, loader};
use corten_formats::verity::table_params;
use corten_report::BeforeKernel;
use corten_sys::clock::monotonic_ms;
use corten_sys::dm::{DeviceMapper, Target};
use corten_sys::mount::{Mount, MountFlags, mount, move_mount, switch_root};
use corten_sys::uevent::Uevents;
use corten_sys::{SysError, cache};

use crate::cmdline::CommandLine;
use crate::handover::{Handover, Root};
use crate::log::{Failure, Level, Log};
use crate::modules::{Modules, Outcome};
use crate::role::PROGRAM;
use crate::timeline::Timeline;
use crate::watchdog::Watchdog;
use crate::{health, mounts};
use find::{Finder, NotFound};

/// What every boot needs, whatever the machine.
const NEEDED: [&str; 2] = ["dm-verity", "erofs"];
/// SHA-256 by instructions of the processor, if it has them. dm-verity takes the best that is there when it is set
/// up, and every block of the root goes through it.
const HASH: &str = "crypto-sha256";
/// Name of the mapped device.
const DEVICE: &str = "root";
const SYSROOT: &str = "/sysroot";

/// Boots into the root. Returns only if it can't.
pub fn run(log: &mut Log, watchdog: &mut Watchdog, timeline: &mut Timeline) -> Failure {
    match boot(log, watchdog, timeline) {
        Ok(never) => match never {},
        Err(failure) => failure,
    }
}

enum Never {}

fn boot(log: &mut Log, watchdog: &mut Watchdog, timeline: &mut Timeline) -> Result<Never, Failure> {
    let mut clock = Clock { last: 0, timeline };
    clock.step("kernel");
    mounts::initrd().map_err(|error| {
        Failure::new("mounting the kernel's file systems", error, "the kernel lacks a part that Corten needs")
    })?;
    Log::unlimit();
    *log = Log::open();
    log.write(Level::Info, format_args!("stage 1, {}", env!("CARGO_PKG_VERSION")));
    let modules = Modules::open().map_err(|error| {
        Failure::new("reading the modules of the initrd", error, "write the boot image again")
    })?;
    let command_line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let command_line = CommandLine::parse(&command_line).map_err(|error| {
        Failure::new("reading the kernel command line", error, "the boot image is damaged: write it again")
    })?;
    for key in &command_line.unknown {
        log.write(Level::Warning, format_args!("kernel command line: {key} is not known and has no effect"));
    }

    let uevents = Uevents::new().map_err(no_kernel_part)?;
    let mut secure_boot = false;
    // Checking the signatures of modules takes the most time here, so what does not need the disk is loaded beside.
    let others = || {
        if let Err(error) = modules.load(HASH, log) {
            log.write(Level::Debug, error);
        }
        NEEDED.iter().try_for_each(|name| require(&modules, name, log))
    };
    let (slot, esp) = thread::scope(|scope| {
        let beside = thread::Builder::new().spawn_scoped(scope, others);
        *watchdog = Watchdog::arm(&modules, log);
        clock.step("stage1.watchdog");
        let search;
        (search, secure_boot) = ask_loader(&modules, clock.timeline, log);
        let root_hash = &command_line.root_hash;
        let finder = Finder { search: &search, root_hash, modules: &modules, uevents: &uevents, log };
        let slot = finder.wait(watchdog).map_err(|NotFound { disks, failure }| {
            // A slot that is damaged where it is recognised is an unhealthy start like any other.
            if let [disk] = &disks[..] {
                health::begin(&search, disk, root_hash, log);
            }
            failure
        })?;
        clock.step("stage1.disk");
        let esp = health::begin(&search, &slot.disk, root_hash, log);
        clock.step("stage1.starts");
        // Without a thread the work is done here.
        beside.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(others)?;
        Ok((slot, esp))
    })?;
    clock.step("stage1.modules");

    let device = verify(&slot, &command_line)?;
    log.write(Level::Info, format_args!("root is {} of {}, {device}", slot.label, slot.disk));
    clock.step("stage1.verity");

    enter(&device).map_err(|error| {
        Failure::new(
            "switching to the root",
            error,
            "the root image does not fit its root hash: write the disk again",
        )
    })?;
    clock.step("stage1.switch");
    watchdog.keep_over_exec(log);
    watchdog.feed(log);
    let root = Root { disk: slot.disk, slot: slot.label };
    let handover = Handover { timeline: std::mem::take(clock.timeline), root, esp, secure_boot };
    let error = corten_sys::process::exec(PROGRAM, &["stage2", &handover.encode()]);
    Err(Failure::new("starting stage 2", error, "the root image is not one of Corten: build it again"))
}

struct Clock<'a> {
    last: u64,
    timeline: &'a mut Timeline,
}

impl Clock<'_> {
    fn step(&mut self, name: &str) {
        let now = monotonic_ms();
        self.timeline.record(name, self.last, now);
        self.last = now;
    }
}

fn no_kernel_part(error: SysError) -> Failure {
    Failure::new("talking to the kernel", error, "the kernel lacks a part that Corten needs")
}

fn require(modules: &Modules, name: &str, log: &Log) -> Result<(), Failure> {
    let hint = "the boot image does not fit its kernel: build it again";
    let failed = |why: &dyn Display| Err(Failure::new("loading a module", why, hint));
    match modules.load(name, log) {
        Ok(Outcome::Present) => Ok(()),
        Ok(Outcome::Unknown) => failed(&format_args!("{name} is not in the initrd")),
        Err(error) => failed(&error),
    }
}

/// Only the disk that the loader started from counts. Without that variable, as when a kernel is started
/// directly, every disk is looked at. Also tells whether Secure Boot is on.
fn ask_loader(modules: &Modules, timeline: &mut Timeline, log: &Log) -> (Search, bool) {
    if !loader::is_efi() {
        return (Search::All, false);
    }
    if let Err(error) = modules.load("efivarfs", log) {
        log.write(Level::Warning, error);
    }
    let loader = loader::read();
    timeline.before_kernel = loader.times_us.map(|(start, end)| BeforeKernel {
        firmware_ms: start / 1000,
        loader_ms: end.saturating_sub(start) / 1000,
    });
    if loader.partition.is_none() {
        log.write(Level::Warning, "the loader did not say which disk it started from: looking at all");
    }
    (loader.partition.map_or(Search::All, Search::DiskOf), loader.secure_boot)
}

/// Has the kernel check every block of the slot that is read from now on. Returns the path of the checked device.
fn verify(slot: &Slot, command_line: &CommandLine) -> Result<String, Failure> {
    let target = Target {
        sectors: slot.superblock.data_size() / 512,
        kind: "verity".into(),
        parameters: table_params(&slot.superblock, &command_line.root_hash, &slot.data, &slot.verity),
    };
    let set_up = || {
        let mapper = DeviceMapper::open()?;
        let device = mapper.create(DEVICE, "")?;
        mapper.load_read_only(DEVICE, &target)?;
        mapper.resume(DEVICE)?;
        Ok(format!("/dev/dm-{}", device.minor))
    };
    set_up().map_err(|error: SysError| {
        Failure::new("setting up dm-verity", error, "the slot is damaged: write it again")
    })
}

fn enter(device: &str) -> Result<(), SysError> {
    // Nothing in an image gains rights by being started, whatever its mode says.
    let flags = MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOSUID;
    mount(&Mount { source: device, target: SYSROOT, kind: "erofs", flags, data: "" })?;
    // It is read and unpacked while the rest is done here.
    cache::expect_program(&format!("{SYSROOT}{PROGRAM}"));
    for directory in ["/dev", "/proc", "/sys"] {
        move_mount(directory, &format!("{SYSROOT}{directory}"))?;
    }
    forget_initrd();
    switch_root(SYSROOT)
}

/// Frees the memory of the initrd: nothing in it is needed any more, and init itself stays until it is replaced.
fn forget_initrd() {
    for path in ["/usr", "/etc", "/lib", "/init"] {
        let _ = fs::remove_dir_all(path).or_else(|_| fs::remove_file(path));
    }
}
