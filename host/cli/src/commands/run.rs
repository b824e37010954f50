//! `corten run`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use corten_archive::tools::sets;
use corten_config::{Document, Format};
use corten_image::NodePrograms;
use corten_recipe::Plan;
use corten_report::{Event, Failed};
use corten_sign::KeyFolder;
use corten_sign::efi::KeyVariable;
use corten_vm::{
    Boot, Choice, Control, Disk, DiskFormat, Emulator, End, Limits, Machine, Outcome, QmpEvent, RunEvent,
    SecureBoot, Settings, Until, Variables, Watchdog, Writes,
};
use serde_json::json;
use tempfile::NamedTempFile;

use super::build;
use crate::arguments::{BuildArguments, RunArguments, SigningOptions};
use crate::console_log::ConsoleLog;
use crate::exit::Exit;
use crate::output::put;
use crate::places;
use crate::progress::Progress;
use crate::run_node::{Preparation, RunNode};
use crate::session::{plan, tools};
use crate::variables::{self, check_keys, enrolled};

/// Runs the command.
pub fn run(arguments: &RunArguments, programs: NodePrograms) -> Result<Exit> {
    if arguments.what.ends_with(".raw.zst") {
        bail!("{0}: a machine can't write to a compressed disk; `zstd -d {0}` unpacks it", arguments.what);
    }
    let progress = Progress::new();
    let preparation = prepare(arguments)?;
    let image = image(arguments, programs, &progress)?;
    let tools = tools(&sets::QEMU, &arguments.archive, &progress)?;
    progress.finish();
    let emulator = Emulator::from_tools(&tools)?;
    let (disk, mut variables) = disk(arguments, &image)?;
    // Has to outlive the run: the firmware's variables start as a copy of it.
    let mut enrolled = tempfile::NamedTempFile::new().context("a temporary file")?;
    if let Some(folder) = &arguments.secure_boot {
        let template = &emulator.firmware(SecureBoot::On)?.variables;
        variables = enrol(folder, template, variables, &mut enrolled)?;
    }
    let log = console_log(arguments, &image)?;
    let control = Control::new();
    let _guard = control.catch_signals().context("catching signals")?;
    let node = preparation.begin()?;
    let machine = Machine {
        memory_mib: arguments.memory,
        cpus: arguments.cpus,
        room: u64::from(arguments.disk) << 30,
        disks: vec![disk],
        forwards: arguments.forward.iter().copied().chain(node.forward).collect(),
        configuration: node.documents.clone(),
        watchdog: Watchdog::I6300esb,
        secure_boot: if arguments.secure_boot.is_some() { SecureBoot::On } else { SecureBoot::Off },
        ..Machine::new(Boot::Uefi { variables })
    };
    let settings = Settings {
        accelerator: Choice::Probe { cache: places::cache()? },
        until: until(arguments),
        limits: Limits { ready: Some(Duration::from_secs(arguments.timeout)), ..Limits::default() },
        console_log: log.path.clone(),
    };
    let outcome = corten_vm::run(&emulator, &machine, &settings, &control, &mut |event| {
        tell(&event, arguments, &node, &progress);
    })?;
    progress.line(&parts(&outcome));
    if arguments.json {
        put(&format!("{:#}\n", report(&outcome)))?;
    }
    Ok(end(&outcome, arguments, &log.path))
}

/// The node as its owner knows it, under the name of what is run. What is inside an image that is named by its path is
/// taken to be as the built-in recipe has it: looking into it would take a loader of its own.
fn prepare(arguments: &RunArguments) -> Result<Preparation> {
    const AGENT: &str = "/usr/lib/corten/agent";
    let name = Path::new(&arguments.what).file_stem().unwrap_or_default().to_string_lossy();
    let plan = plan(if is_image(&arguments.what) { "node" } else { &arguments.what })?;
    if !plan.services.services.iter().any(|service| service.exec.first().is_some_and(|exec| exec == AGENT)) {
        if arguments.maintenance || !arguments.config.is_empty() {
            bail!(
                "{}: no service of this recipe is the agent, so its nodes take no configuration",
                arguments.what
            );
        }
        return Ok(Preparation::closed(&name));
    }
    if arguments.maintenance {
        return Ok(Preparation::in_maintenance(&name));
    }
    Preparation::configured(&name, &arguments.config, of_image(&plan))
}

/// The machine configuration that the image brings.
fn of_image(plan: &Plan) -> Option<Document> {
    const PATH: &str = "/usr/lib/corten/config.toml";
    let file = plan.files.iter().find(|(path, _)| path.as_str() == PATH);
    let text = file.and_then(|(_, file)| String::from_utf8(file.content.0.to_vec()).ok());
    text.map(|text| Document { name: format!("{PATH} of the image"), format: Format::Toml, text })
}

fn is_image(what: &str) -> bool {
    matches!(Path::new(what).extension().and_then(|ending| ending.to_str()), Some("raw" | "qcow2"))
}

fn until(arguments: &RunArguments) -> Until {
    if arguments.until_ready { Until::Ready } else { Until::Off }
}

/// How long each part of the last start took, in the order in which they came.
fn parts(outcome: &Outcome) -> String {
    let seconds = outcome.timeline.seconds();
    let known = ["firmware", "loader", "kernel", "stage1", "stage2", "kernel_to_ready", "total"];
    let services = seconds.keys().map(String::as_str).filter(|name| name.starts_with("service."));
    let (before, after) = known.split_at(5);
    let names = before.iter().copied().chain(services).chain(after.iter().copied());
    let shown = names.filter_map(|name| Some(format!("{name} {:.2} s", seconds.get(name)?)));
    format!("   timeline  {}", shown.collect::<Vec<_>>().join(", "))
}

/// The image to boot: the one that is named, or the recipe's, built if needed.
fn image(arguments: &RunArguments, programs: NodePrograms, progress: &Progress) -> Result<PathBuf> {
    let path = Path::new(&arguments.what);
    if is_image(&arguments.what) {
        if !path.is_file() {
            bail!("{}: no such image", path.display());
        }
        return Ok(path.into());
    }
    let arguments = BuildArguments {
        recipe: arguments.what.clone(),
        output: places::cache()?.join("images"),
        format: vec![corten_recipe::Format::Raw],
        build_number: 1,
        fresh: false,
        json: false,
        signing: signing(arguments.secure_boot.as_deref()),
        lock: arguments.lock.clone(),
        archive: arguments.archive.clone(),
    };
    let built = build::image(&arguments, programs, progress)?;
    let total = built.seconds.get("total").copied().unwrap_or_default();
    progress.line(&format!("     image  {} {} ({total:.2} s)", built.name, built.version));
    let raw = built.artifacts.into_iter().find(|artifact| artifact.format == "raw");
    Ok(raw.context("the build made no disk image")?.path)
}

/// The key that signs images among the keys of a folder.
fn signing(folder: Option<&Path>) -> SigningOptions {
    let folder = folder.map(KeyFolder::new);
    let file = |path: fn(&KeyFolder, KeyVariable) -> PathBuf| {
        folder.as_ref().map(|folder| path(folder, KeyVariable::Database))
    };
    SigningOptions {
        secure_boot_key: file(KeyFolder::key),
        secure_boot_cert: file(KeyFolder::certificate),
        secure_boot_enrol: None,
    }
}

/// The disk of the machine and where its firmware keeps variables: throw-away, or in the folder of --keep.
fn disk(arguments: &RunArguments, image: &Path) -> Result<(Disk, Variables)> {
    let format = match image.extension() {
        Some(ending) if ending == "qcow2" => DiskFormat::Qcow2,
        _ => DiskFormat::Raw,
    };
    let Some(folder) = &arguments.keep else {
        return Ok((Disk { path: image.into(), format, writes: Writes::Dropped }, Variables::Temporary));
    };
    let path = corten_vm::keep_disk(image, folder, u64::from(arguments.disk) << 30)?;
    Ok((Disk { path, format, writes: Writes::Kept }, Variables::Kept(folder.join("variables.fd"))))
}

/// The log of the console: beside a disk that is kept, else in the cache, by the image's name.
fn console_log(arguments: &RunArguments, image: &Path) -> Result<ConsoleLog> {
    if let Some(folder) = &arguments.keep {
        return ConsoleLog::take(folder, "console");
    }
    let name = image.file_stem().unwrap_or_default().to_string_lossy();
    ConsoleLog::take(&places::cache()?.join("consoles"), &name)
}

/// Variables with the keys of a folder: those that are kept, or a copy of a new store.
fn enrol(folder: &Path, template: &Path, variables: Variables, new: &mut NamedTempFile) -> Result<Variables> {
    if let Variables::Kept(file) = &variables
        && file.exists()
    {
        check_keys(file, folder)?;
        return Ok(variables);
    }
    let store = enrolled(folder, template)?;
    if let Variables::Kept(file) = &variables {
        variables::write(file, &store)?;
        return Ok(variables);
    }
    new.write_all(&store).context("writing a temporary file")?;
    Ok(Variables::CopyOf(new.path().into()))
}

fn tell(event: &RunEvent, arguments: &RunArguments, node: &RunNode, progress: &Progress) {
    let at = |time: &Duration| format!("{:>8.2} s", time.as_secs_f64());
    match event {
        RunEvent::Accelerator(accelerator, why) => {
            progress.line(&format!("   machine  {} ({why})", accelerator.name()));
        }
        RunEvent::FellBack(why) => {
            progress.line(&format!("   machine  KVM does not run this guest ({why}); tcg"));
        }
        RunEvent::StoodStill => {
            progress.line(
                "   machine  it reports nothing: software emulation may have lost an interrupt; it starts again",
            );
        }
        RunEvent::Console(line) if arguments.console => progress.line(&format!("   console  {line}")),
        RunEvent::Report(time, Event::Step(step)) => {
            let took = step.end_ms.saturating_sub(step.start_ms);
            progress.line(&format!("{}  {} ({took} ms)", at(time), step.name));
        }
        RunEvent::Report(time, Event::Ready(ready)) => {
            let memory = ready.memory_used_bytes / 1_000_000;
            progress.line(&format!(
                "{}  ready: version {}, {} ms after kernel start, {memory} MB used, {} processes",
                at(time),
                ready.version,
                ready.kernel_to_ready_ms,
                ready.processes
            ));
            for (service, found) in &ready.services {
                progress.line(&format!("            {service}: {found}"));
            }
            if !arguments.until_ready {
                if let Some(hint) = node.hint() {
                    progress.line(&format!("            {hint}"));
                }
                progress.line("            Ctrl-C shuts the node down");
            }
        }
        RunEvent::Report(time, Event::Failed(why)) => progress.line(&told(&at(time), "failed", why)),
        RunEvent::Report(time, Event::Maintenance(why)) => {
            progress.line(&told(&at(time), "maintenance", why));
        }
        RunEvent::Report(time, Event::Stopping { cause }) => {
            progress.line(&format!("{}  stopping: {cause}", at(time)));
        }
        RunEvent::Machine(time, QmpEvent::Watchdog { .. }) => {
            progress.line(&format!("{}  the node hangs: its watchdog restarts the machine", at(time)));
        }
        _ => {}
    }
}

fn told(at: &str, word: &str, failed: &Failed) -> String {
    format!("{at}  {word}: {}: {} ({})", failed.what, failed.why, failed.hint)
}

/// What `--json` prints.
fn report(outcome: &Outcome) -> serde_json::Value {
    let ready = outcome.ready.as_ref();
    json!({
        "ready": ready.is_some(),
        "version": ready.map(|ready| &ready.version),
        "root_hash": ready.map(|ready| &ready.root_hash),
        "secure_boot": ready.map(|ready| ready.secure_boot),
        "services": ready.map(|ready| &ready.services),
        "machine_id": ready.map(|ready| &ready.machine_id),
        "state": ready.map(|ready| &ready.state),
        "maintenance": outcome.maintenance,
        "seconds": outcome.timeline.seconds(),
        "memory": {
            "used_bytes": ready.map(|ready| ready.memory_used_bytes),
            "processes": ready.map(|ready| ready.processes),
        },
        "end": outcome.end.to_string(),
        "accelerator": outcome.accelerator.name(),
        "resets": outcome.resets,
        "watchdog": outcome.watchdog,
    })
}

fn end(outcome: &Outcome, arguments: &RunArguments, log: &Path) -> Exit {
    let exit = exit(&outcome.end, until(arguments), outcome.ready.is_some());
    if exit == Exit::Done {
        return exit;
    }
    anstream::eprintln!("error: {}; the end of the console, all of it in {}:", outcome.end, log.display());
    for line in &outcome.console_tail {
        anstream::eprintln!("  | {line}");
    }
    exit
}

/// What the end of a run means for who started it.
fn exit(end: &End, until: Until, ready: bool) -> Exit {
    match end {
        End::PoweredOff if ready || until == Until::Off => Exit::Done,
        // A person who does not want to wait any longer.
        End::Killed if ready && until == Until::Off => Exit::Done,
        End::Broken(_) | End::Died { .. } => Exit::Machine,
        _ if ready => Exit::Machine,
        _ => Exit::NotReady,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_says_whether_the_node_or_the_machine_failed() {
        let died = End::Died { status: "signal: 9".into(), message: String::new() };
        let broken = End::Broken("internal-error".into());
        for (end, until, ready, expected) in [
            (&End::PoweredOff, Until::Ready, true, Exit::Done),
            (&End::PoweredOff, Until::Ready, false, Exit::NotReady),
            (&End::PoweredOff, Until::Off, false, Exit::Done),
            (&End::Killed, Until::Off, true, Exit::Done),
            (&End::Killed, Until::Off, false, Exit::NotReady),
            (&End::NotReady, Until::Ready, false, Exit::NotReady),
            (&End::NodeFailed, Until::Ready, false, Exit::NotReady),
            (&End::NotStopped, Until::Ready, true, Exit::Machine),
            (&died, Until::Ready, false, Exit::Machine),
            (&died, Until::Off, true, Exit::Machine),
            (&broken, Until::Ready, false, Exit::Machine),
        ] {
            assert_eq!(exit(end, until, ready), expected, "{end:?}, {until:?}, ready: {ready}");
        }
    }
}
