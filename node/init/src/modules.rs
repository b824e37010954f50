//! Kernel modules: found through the index that the builder wrote, loaded with what they need.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::path::PathBuf;

use corten_formats::modules::{FILE_NAME, IndexError, IndexRef, Need, Resolution};
use corten_sys::{SysError, host, module};

use crate::log::{Level, Log};

/// The modules of the running kernel. Several threads may load at once: the kernel makes one of two that load the
/// same module wait for the other.
#[derive(Debug)]
pub struct Modules {
    directory: PathBuf,
    index: Vec<u8>,
}

/// What a request for a module came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was asked for is in the kernel, now or already.
    Present,
    /// Nothing has that name or alias.
    Unknown,
}

/// Why no module can be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModulesError {
    /// The index can't be read.
    #[error("{path}: {source}")]
    Read {
        /// Its path.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The index is damaged.
    #[error("{path}: {source}")]
    Index {
        /// Its path.
        path: String,
        /// What is wrong.
        source: IndexError,
    },
    /// The kernel did not take a module.
    #[error(transparent)]
    Load(#[from] SysError),
}

impl Modules {
    /// Reads the index of the running kernel.
    pub fn open() -> Result<Self, ModulesError> {
        let directory = PathBuf::from("/usr/lib/modules").join(host::kernel_release());
        let path = directory.join(FILE_NAME);
        let index = std::fs::read(&path)
            .map_err(|source| ModulesError::Read { path: path.display().to_string(), source })?;
        let modules = Self { directory, index };
        modules.index()?;
        Ok(modules)
    }

    fn index(&self) -> Result<IndexRef<'_>, ModulesError> {
        let path = || self.directory.join(FILE_NAME).display().to_string();
        IndexRef::parse(&self.index).map_err(|source| ModulesError::Index { path: path(), source })
    }

    /// Loads what answers to a name or an alias, and before that what it needs.
    pub fn load(&self, request: &str, log: &Log) -> Result<Outcome, ModulesError> {
        let loads = match self.index()?.resolve(request) {
            Resolution::Load(loads) => loads,
            Resolution::BuiltIn => return Ok(Outcome::Present),
            Resolution::Unknown => return Ok(Outcome::Unknown),
        };
        for load in loads.into_iter().filter(|load| !is_live(load.name)) {
            match (module::load(&self.directory.join(load.path), parameters(load.name)), load.need) {
                (Ok(()), _) => {}
                (Err(error), Need::Soft) => log.write(Level::Debug, error),
                (Err(error), Need::Hard) => return Err(error.into()),
            }
        }
        Ok(Outcome::Present)
    }

    /// Names of the modules that serve these aliases, or are needed by such, and that are wanted by name and path.
    pub fn serving<'a>(
        &'a self,
        aliases: &BTreeSet<String>,
        wanted: impl Fn(&str, &str) -> bool,
    ) -> Vec<&'a str> {
        let Ok(index) = self.index() else { return Vec::new() };
        let resolved = aliases.iter().map(|alias| index.resolve(alias));
        let loads = resolved.flat_map(|resolution| match resolution {
            Resolution::Load(loads) => loads,
            Resolution::BuiltIn | Resolution::Unknown => Vec::new(),
        });
        loads.filter(|load| wanted(load.name, load.path)).map(|load| load.name).collect()
    }

    /// Loads for devices, as many as there are. A driver that fails is logged: others may serve the device.
    pub fn load_for_devices<'a>(&self, aliases: impl IntoIterator<Item = &'a str>, log: &Log) {
        for alias in aliases {
            if let Err(error) = self.load(alias, log) {
                log.write(Level::Warning, format_args!("driver for {alias}: {error}"));
            }
        }
    }
}

/// Parameters of modules that make links of their own when they are loaded, under names that are then taken when
/// somebody wants to have them: they make none.
fn parameters(module: &str) -> &'static CStr {
    match module {
        "bonding" => c"max_bonds=0",
        "dummy" => c"numdummies=0",
        "ifb" => c"numifbs=0",
        _ => c"",
    }
}

/// Whether a module runs already. Handing it to the kernel again would have its signature checked again.
fn is_live(name: &str) -> bool {
    std::fs::read(format!("/sys/module/{name}/initstate")).is_ok_and(|state| state.starts_with(b"live"))
}
