//! What all scenarios share: the command, a folder, the emulator, images that are built once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use corten_archive::archive::{self, Archive};
use corten_archive::store::place::{default_data, default_store};
use corten_archive::tools::{Tools, sets};
use corten_report::Event;
use corten_vm::{Choice, Control, Emulator, Limits, Machine, Outcome, RunEvent, Settings, Until};

use crate::image::Image;

/// A node takes 10 to 20 s under software emulation; a busy host may be some times slower.
const LIMITS: Limits = Limits {
    ready: Some(Duration::from_mins(5)),
    total: Some(Duration::from_mins(8)),
    stop: Duration::from_mins(2),
};

/// The command under test and what is made with it.
pub struct Workshop {
    corten: PathBuf,
    folder: PathBuf,
    /// What chance follows from.
    pub seed: u64,
    emulator: OnceLock<Result<Emulator, String>>,
    images: Mutex<BTreeMap<String, Arc<Image>>>,
}

impl Workshop {
    /// The workshop that the environment describes; why there is none otherwise.
    pub fn from_environment(seed: u64) -> Result<Self, String> {
        let corten = std::env::var_os("CORTEN_BIN").ok_or("CORTEN_BIN names no corten command")?;
        let folder = std::env::var_os("CORTEN_TEST_DIR").map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("corten-tests"));
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { corten: corten.into(), folder, seed, emulator: OnceLock::new(), images: Mutex::default() })
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

    fn emulator(&self) -> Result<&Emulator> {
        let found = self.emulator.get_or_init(|| emulator().map_err(|error| format!("{error:#}")));
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
        let console_log = self.path(&format!("{}.console.log", name.replace("::", ".")));
        let settings = Settings {
            accelerator: Choice::Probe { cache: self.folder.clone() },
            until,
            limits: LIMITS,
            console_log: console_log.clone(),
        };
        let (mut command_line, mut reported, control) = (String::new(), Vec::new(), Control::new());
        let outcome = corten_vm::run(self.emulator()?, machine, &settings, &control, &mut |event| {
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

/// The QEMU and firmware that `corten run` uses, in the same store.
fn emulator() -> Result<Emulator> {
    let environment = |name: &str| std::env::var(name).ok();
    let (store, data) = (default_store(&environment)?, default_data(&environment)?);
    let archive = Archive::open(archive::Settings::new(store, jiff::Timestamp::now(), "trixie", "amd64"))?;
    let tools =
        Tools::new(&archive, &data.join("tools")).ensure(sets::QEMU.name, sets::QEMU.packages, &|_| {})?;
    Ok(Emulator::from_tools(&tools)?)
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

fn end_of_log(log: &Path) -> Result<String> {
    let bytes = std::fs::read(log)?;
    ensure!(!bytes.is_empty(), "nothing on the console");
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<_> = text.lines().map(|line| format!("  | {}", line.trim_end())).collect();
    Ok(lines[lines.len().saturating_sub(LOG_LINES)..].join("\n"))
}
