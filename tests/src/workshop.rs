//! What all scenarios share: the command, a folder, the emulator, images that are built once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use corten_archive::tools::{of_user, sets};
use corten_report::Event;
use corten_vm::{
    Accelerator, Choice, Control, Emulator, Limits, Machine, Outcome, RunEvent, Settings, Until, choose,
};

use crate::image::Image;

/// A node takes 5 to 20 s under software emulation; a busy host may be some times slower. Services have 120 s of that,
/// by the node's own rule.
const LIMITS: Limits = Limits {
    ready: Some(Duration::from_mins(5)),
    total: Some(Duration::from_mins(8)),
    stop: Duration::from_mins(2),
};

/// A node that somebody works with is there for as long as that takes; each thing that is waited for has its own time.
const WORKED_WITH: Limits = Limits { total: Some(Duration::from_hours(2)), ..LIMITS };

/// The command under test and what is made with it.
pub struct Workshop {
    corten: PathBuf,
    folder: PathBuf,
    /// What chance follows from.
    pub seed: u64,
    bed: OnceLock<Result<Bed, String>>,
    images: Mutex<BTreeMap<String, Arc<Image>>>,
}

impl Workshop {
    /// The workshop that the environment describes; why there is none otherwise.
    pub fn from_environment(seed: u64) -> Result<Self, String> {
        let corten = std::env::var_os("CORTEN_BIN").ok_or("CORTEN_BIN names no corten command")?;
        let folder = std::env::var_os("CORTEN_TEST_DIR").map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("corten-tests"));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { corten: corten.into(), folder, seed, bed: OnceLock::new(), images: Mutex::default() })
    }

    /// A path for something that a scenario makes.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The command, ready for arguments.
    pub fn corten(&self) -> Command {
        let mut command = Command::new(&self.corten);
        command.stdin(Stdio::null());
        command
    }

    /// The image of a recipe, built when it is first asked for.
    pub fn image(&self, recipe: &str) -> Result<Arc<Image>> {
        let mut images = self.images.lock().map_err(|_| anyhow!("another case panicked while building"))?;
        if let Some(image) = images.get(recipe) {
            return Ok(Arc::clone(image));
        }
        let image = Arc::new(Image::build(self, recipe)?);
        images.insert(recipe.to_owned(), Arc::clone(&image));
        Ok(image)
    }

    fn bed(&self) -> Result<&Bed> {
        let found = self.bed.get_or_init(|| bed(&self.folder).map_err(|error| format!("{error:#}")));
        found.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// Boots a machine and returns what was seen when it is off.
    pub fn boot(&self, name: &str, machine: &Machine, until: Until) -> Result<Booted> {
        self.boot_watched(name, machine, until, &mut |_, _| {})
    }

    /// The same, and tells meanwhile what happens.
    pub fn boot_watched(
        &self,
        name: &str,
        machine: &Machine,
        until: Until,
        watch: &mut dyn FnMut(&RunEvent, &Control),
    ) -> Result<Booted> {
        self.boot_within(LIMITS, (name, machine, until), watch)
    }

    /// The same, until somebody who works with the node switches it off.
    pub fn boot_to_work_with(
        &self,
        name: &str,
        machine: &Machine,
        watch: &mut dyn FnMut(&RunEvent, &Control),
    ) -> Result<Booted> {
        self.boot_within(WORKED_WITH, (name, machine, Until::Off), watch)
    }

    fn boot_within(
        &self,
        limits: Limits,
        (name, machine, until): (&str, &Machine, Until),
        watch: &mut dyn FnMut(&RunEvent, &Control),
    ) -> Result<Booted> {
        let bed = self.bed()?;
        let console_log = self.path(&format!("{}.console.log", name.replace("::", ".")));
        let settings = Settings {
            accelerator: bed.accelerator.clone(),
            until,
            limits,
            console_log: console_log.clone(),
        };
        let (mut command_line, mut reported, control) = (String::new(), Vec::new(), Control::new());
        let outcome = corten_vm::run(&bed.emulator, machine, &settings, &control, &mut |event| {
            watch(&event, &control);
            if let RunEvent::Report(at, event) = &event {
                reported.push((*at, event.clone()));
            }
            if let RunEvent::Started(arguments) = event {
                let words: Vec<_> =
                    arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
                command_line = words.join(" ");
            }
        });
        let outcome = outcome.with_context(|| name.to_owned())?;
        Ok(Booted { outcome, events: reported, console_log, command_line })
    }
}

/// What machines are run with.
struct Bed {
    emulator: Emulator,
    accelerator: Choice,
}

/// The QEMU and firmware that `corten run` uses, in the same store. Where no guest runs in KVM, that is found out
/// once.
fn bed(folder: &Path) -> Result<Bed> {
    let tools = of_user(&sets::QEMU, &|name| std::env::var(name).ok(), jiff::Timestamp::now())?;
    let emulator = Emulator::from_tools(&tools)?;
    let probe = Choice::Probe { cache: folder.into() };
    let accelerator = match choose(&emulator, &probe)? {
        (Accelerator::Kvm, _) => probe,
        (Accelerator::Tcg, _) => Choice::Fixed(Accelerator::Tcg),
    };
    Ok(Bed { emulator, accelerator })
}

/// What was seen of one boot.
pub struct Booted {
    /// What it came to.
    pub outcome: Outcome,
    /// What the node reported, in order, and how long after power-on.
    pub events: Vec<(Duration, Event)>,
    console_log: PathBuf,
    command_line: String,
}

impl Booted {
    /// Everything on the console.
    pub fn console(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&std::fs::read(&self.console_log)?).into_owned())
    }
}

impl std::fmt::Display for Booted {
    /// What a person needs to find out why a case failed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Outcome { end, ready, failed, stopping, timeline, resets, .. } = &self.outcome;
        writeln!(
            f,
            "end: {end}; resets: {resets}; stopping: {stopping:?}\nready: {ready:?}\nfailed: {failed:?}"
        )?;
        writeln!(f, "seconds: {:?}\nQEMU: {}", timeline.seconds(), self.command_line)?;
        writeln!(f, "console, all of it in {}:", self.console_log.display())?;
        f.write_str(&end_of_log(&self.console_log).unwrap_or_else(|error| error.to_string()))
    }
}

/// Lines of a console that a failed case prints; a verbose boot has some 600.
const LOG_LINES: usize = 300;

/// The last lines of a log.
pub fn end_of_log(log: &Path) -> Result<String> {
    let bytes = std::fs::read(log)?;
    ensure!(!bytes.is_empty(), "nothing in {}", log.display());
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().map(|line| format!("  | {}", line.trim_end())).collect();
    Ok(lines[lines.len().saturating_sub(LOG_LINES)..].join("\n"))
}
