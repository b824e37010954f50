//! Firmware that knows the owner's keys starts what they signed, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use corten_vm::{
    Boot, Disk, DiskFormat, End, Machine, OnReset, RunEvent, SecureBoot, Until, Variables, Watchdog, Writes,
    sparse_copy,
};
use libtest_mimic::Trial;

use super::keys::{KEYS, Owner, SIGNED};
use crate::esp::Esp;
use crate::program::{addon, signed_with, unsigned, with_changed_byte};
use crate::ran::Ran;
use crate::scenario::{Case, Once, Place, When};
use crate::workshop::{Booted, Workshop};

/// Where firmware finds the loader.
const LOADER: &str = "EFI/BOOT/BOOTX64.EFI";

/// What firmware says when it has nothing left to start.
const NOTHING_LEFT: &str = "No bootable option";

/// Makes something else of a program; the folder has the keys of somebody else.
type Alter = fn(program: &[u8], others: &Path) -> Result<Vec<u8>>;

/// What is altered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Loader,
    BootImage,
}

const REFUSED: &[Case<Booted>] =
    &[("is_refused", is_refused), ("nothing_else_is_started", nothing_else_is_started)];

/// The programs that have to be refused.
const ALTERED: [(&str, When, Program, Alter); 9] = [
    ("loader_unsigned", When::Always, Program::Loader, |program, _| unsigned(program)),
    ("loader_with_another_key", When::Long, Program::Loader, signed_with),
    ("loader_with_a_changed_byte", When::Always, Program::Loader, |program, _| {
        with_changed_byte(program, ".sdmagic")
    }),
    ("boot_image_unsigned", When::Always, Program::BootImage, |program, _| unsigned(program)),
    ("boot_image_with_another_key", When::Always, Program::BootImage, signed_with),
    ("boot_image_with_a_changed_kernel", When::Long, Program::BootImage, |program, _| {
        with_changed_byte(program, ".linux")
    }),
    ("boot_image_with_a_changed_initrd", When::Long, Program::BootImage, |program, _| {
        with_changed_byte(program, ".initrd")
    }),
    ("boot_image_with_a_changed_command_line", When::Always, Program::BootImage, |program, _| {
        with_changed_byte(program, ".cmdline")
    }),
    ("boot_image_with_a_changed_stub", When::Long, Program::BootImage, |program, _| {
        with_changed_byte(program, ".sdmagic")
    }),
];

/// Adds the cases.
pub fn add(place: &Place, owner: &Once<Owner>, trials: &mut Vec<Trial>) {
    let boot = |name: &'static str, run: fn(&Workshop, &Owner, &'static str) -> Result<Booted>| {
        let owner = owner.clone();
        Once::new(place, move |workshop| run(workshop, owner.get(workshop)?, name))
    };
    run_by_command(place, owner, trials);
    for (name, when, program, alter) in ALTERED {
        let (owner, name) = (owner.clone(), format!("secure_boot_{name}"));
        let booted = {
            let name = name.clone();
            Once::new(place, move |workshop| altered(workshop, owner.get(workshop)?, &name, (program, alter)))
        };
        booted.add(&name, when, REFUSED, trials);
    }
    boot("secure_boot_foreign_files", foreign_files).add(
        "secure_boot_foreign_files",
        When::Always,
        &[("becomes_ready", super::becomes_ready), ("is_on", is_on), ("change_nothing", change_nothing)],
        trials,
    );
    boot("secure_boot_own_addon", own_addon).add(
        "secure_boot_own_addon",
        When::Always,
        &[
            ("is_on", is_on),
            ("takes_effect", takes_effect),
            ("other_files_reach_the_initrd", other_files_reach_the_initrd),
            ("other_files_change_nothing", other_files_change_nothing),
        ],
        trials,
    );
    boot("secure_boot_enrolment", enrolment).add(
        "secure_boot_enrolment",
        When::Long,
        &[("becomes_ready", super::becomes_ready), ("is_on", is_on), ("restarts_once", restarts_once)],
        trials,
    );
    boot("secure_boot_off", without).add(
        "secure_boot_off",
        When::Long,
        &[("becomes_ready", super::becomes_ready), ("is_off", is_off)],
        trials,
    );
}

/// As a person does it. The others start from the same image and the same keys by our own code.
fn run_by_command(place: &Place, owner: &Once<Owner>, trials: &mut Vec<Trial>) {
    let signed = owner.clone();
    let run = Once::new(place, move |workshop| {
        let mut corten = workshop.corten();
        corten.current_dir(signed.get(workshop)?.folder()?);
        corten.args(["run", SIGNED, "--secure-boot", KEYS, "--until-ready", "--json", "--timeout", "300"]);
        Ran::new(&mut corten)
    });
    run.add(
        "run_secure_boot",
        When::Always,
        &[("exits_with_0", |_, ran| ran.exits_with(0)), ("tells_a_ready_node", tells_a_ready_node)],
        trials,
    );
    let signed = owner.clone();
    trials.push(run.trial("run_secure_boot::runs_what_is_signed", When::Always, move |workshop, ran| {
        let (told, built) = (ran.json()?, &signed.get(workshop)?.built);
        ensure!(told["root_hash"] == built.text("root_hash")?, "root_hash is {}", told["root_hash"]);
        Ok(())
    }));
}

/// A machine whose firmware has the keys.
fn machine(disk: &Path, variables: &Path) -> Machine {
    let disk = Disk { path: disk.into(), format: DiskFormat::Raw, writes: Writes::Dropped };
    Machine {
        disks: vec![disk],
        watchdog: Watchdog::I6300esb,
        on_reset: OnReset::Stop,
        secure_boot: SecureBoot::On,
        ..Machine::new(Boot::Uefi { variables: Variables::CopyOf(variables.into()) })
    }
}

/// A copy of the owner's disk with another ESP.
fn copy(
    workshop: &Workshop,
    owner: &Owner,
    name: &str,
    change: impl FnOnce(&mut Esp) -> Result<()>,
) -> Result<PathBuf> {
    let copy = workshop.path(&format!("{name}.raw"));
    sparse_copy(&owner.disk, &copy)?;
    let mut esp = Esp::open(&copy)?;
    change(&mut esp)?;
    esp.close()?;
    Ok(copy)
}

fn altered(
    workshop: &Workshop,
    owner: &Owner,
    name: &str,
    (program, alter): (Program, Alter),
) -> Result<Booted> {
    let path = if program == Program::Loader { LOADER } else { &owner.boot_image };
    let disk = copy(workshop, owner, name, |esp| {
        let program = esp.read(path)?;
        esp.put(path, &alter(&program, &owner.others)?)
    })?;
    let machine = machine(&disk, &owner.variables);
    let seen = workshop.boot_watched(name, &machine, Until::Ready, &mut |event, control| {
        if matches!(event, RunEvent::Console(line) if line.contains(NOTHING_LEFT)) {
            control.kill();
        }
    });
    fs::remove_file(disk)?;
    seen
}

/// All that the stub would take from beside the boot image, none of it signed by the owner as it is.
fn foreign_files(workshop: &Workshop, owner: &Owner, name: &'static str) -> Result<Booted> {
    let disk = copy(workshop, owner, name, |esp| {
        let addon = addon(&esp.read(&owner.boot_image)?, "corten.selftest=container")?;
        let of_the_owner = corten_sign::sign(&addon, &owner.signer()?)?;
        let of_another = signed_with(&of_the_owner, &owner.others)?;
        let altered = with_changed_byte(&of_the_owner, ".cmdline")?;
        let beside = format!("{}.extra.d", owner.boot_image);
        for (path, content) in [
            (format!("{beside}/x.addon.efi"), addon.as_slice()),
            (format!("{beside}/y.addon.efi"), &of_another),
            (format!("{beside}/z.addon.efi"), &altered),
            ("loader/addons/x.addon.efi".into(), &addon),
        ] {
            esp.put(&path, content)?;
        }
        put_data(esp, &owner.boot_image)
    })?;
    let seen = workshop.boot(name, &machine(&disk, &owner.variables), Until::Ready);
    fs::remove_file(disk)?;
    seen
}

/// Bytes of each extension, many times as many as the boot image's own initrd has.
const EXTENSION: usize = 16 << 20;

/// Files that the stub takes as they are: nobody can sign them.
fn put_data(esp: &mut Esp, boot_image: &str) -> Result<()> {
    let beside = format!("{boot_image}.extra.d");
    for (path, content) in [
        (format!("{beside}/x.cred"), b"credential".as_slice()),
        ("loader/credentials/x.cred".into(), b"credential"),
        (format!("{beside}/x.sysext.raw"), &vec![1; EXTENSION]),
        (format!("{beside}/x.confext.raw"), &vec![2; EXTENSION]),
    ] {
        esp.put(&path, content)?;
    }
    Ok(())
}

/// The addon of [`foreign_files`], signed by the owner: without it, that scenario would prove nothing. It also has the
/// kernel tell how large its initrd is.
fn own_addon(workshop: &Workshop, owner: &Owner, name: &'static str) -> Result<Booted> {
    let disk = copy(workshop, owner, name, |esp| {
        let addon = addon(&esp.read(&owner.boot_image)?, "loglevel=7 corten.selftest=container")?;
        let signed = corten_sign::sign(&addon, &owner.signer()?)?;
        esp.put(&format!("{}.extra.d/x.addon.efi", owner.boot_image), &signed)?;
        put_data(esp, &owner.boot_image)
    })?;
    let seen = workshop.boot(name, &machine(&disk, &owner.variables), Until::Ready);
    fs::remove_file(disk)?;
    seen
}

/// Firmware without keys, which gets them from the disk.
fn enrolment(workshop: &Workshop, owner: &Owner, name: &'static str) -> Result<Booted> {
    let machine = Machine {
        boot: Boot::Uefi { variables: Variables::Temporary },
        on_reset: OnReset::Restart,
        ..machine(&owner.disk, &owner.variables)
    };
    workshop.boot(name, &machine, Until::Ready)
}

/// A loader and a boot image that are refused otherwise: they are broken in no other way.
fn without(workshop: &Workshop, owner: &Owner, name: &'static str) -> Result<Booted> {
    let disk = copy(workshop, owner, name, |esp| {
        let loader = with_changed_byte(&esp.read(LOADER)?, ".sdmagic")?;
        esp.put(LOADER, &loader)?;
        let boot_image = signed_with(&esp.read(&owner.boot_image)?, &owner.others)?;
        esp.put(&owner.boot_image, &boot_image)
    })?;
    let machine = Machine {
        boot: Boot::Uefi { variables: Variables::Temporary },
        secure_boot: SecureBoot::Off,
        ..machine(&disk, &owner.variables)
    };
    let seen = workshop.boot(name, &machine, Until::Ready);
    fs::remove_file(disk)?;
    seen
}

fn tells_a_ready_node(_: &Workshop, ran: &Ran) -> Result<()> {
    let told = ran.json()?;
    ensure!(told["secure_boot"] == true, "secure_boot is {}", told["secure_boot"]);
    ensure!(told["services"]["containerd"].is_string(), "services are {}", told["services"]);
    ensure!(told["end"] == End::PoweredOff.to_string(), "it ended with {}", told["end"]);
    Ok(())
}

fn says_secure_boot(seen: &Booted) -> Result<bool> {
    Ok(seen.outcome.ready.as_ref().context("not ready")?.secure_boot)
}

fn is_on(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(says_secure_boot(seen)?, "the node says that Secure Boot is off");
    Ok(())
}

fn is_off(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(!says_secure_boot(seen)?, "the node says that Secure Boot is on");
    Ok(())
}

/// The firmware or the loader says why it does not start the program.
fn is_refused(_: &Workshop, seen: &Booted) -> Result<()> {
    let console = seen.console()?.to_lowercase();
    let refused = ["access denied", "security violation"].iter().any(|text| console.contains(text));
    ensure!(refused, "nobody says that access is denied");
    Ok(())
}

fn nothing_else_is_started(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(seen.events.is_empty(), "a node reported: {:?}", seen.events);
    // The power is cut once the firmware has nothing left to start.
    ensure!(seen.outcome.end == End::Killed, "it ended with: {}", seen.outcome.end);
    Ok(())
}

fn change_nothing(_: &Workshop, seen: &Booted) -> Result<()> {
    let ready = seen.outcome.ready.as_ref().context("not ready")?;
    ensure!(!ready.services.contains_key("selftest.container"), "the addon's command line took effect");
    Ok(())
}

fn takes_effect(_: &Workshop, seen: &Booted) -> Result<()> {
    let ready = seen.outcome.ready.as_ref().context("not ready")?;
    ensure!(ready.services.contains_key("selftest.container"), "the addon's command line had no effect");
    Ok(())
}

/// The stub adds them: that they change nothing is init's doing.
fn other_files_reach_the_initrd(_: &Workshop, seen: &Booted) -> Result<()> {
    let console = seen.console()?;
    let line = console.lines().find_map(|line| line.split_once("Freeing initrd memory: "));
    let (_, size) = line.context("the kernel does not say how large its initrd is")?;
    let size: usize = size.trim_end().trim_end_matches('K').parse().with_context(|| size.to_owned())?;
    ensure!(size << 10 > 2 * EXTENSION, "the initrd has {size} KiB");
    Ok(())
}

/// The node runs what the addon asks for, and else what every node runs.
fn other_files_change_nothing(_: &Workshop, seen: &Booted) -> Result<()> {
    let ready = seen.outcome.ready.as_ref().context("not ready")?;
    let services: Vec<_> = ready.services.keys().map(String::as_str).collect();
    let expected = ["agent", "containerd", "containers", "network", "platform", "selftest.container"];
    ensure!(services == expected, "{services:?} run");
    Ok(())
}

fn restarts_once(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(
        seen.outcome.resets == 1,
        "{} restarts; the loader enrols keys and restarts",
        seen.outcome.resets
    );
    Ok(())
}
