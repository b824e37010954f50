//! What a service may use and where it may write: `limits`, `resources` and `directories`.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::{DirectoryName, LimitValue, Size, StartupWeightValue};

/// Limits of the processes of a service, by the names of limits.conf(5): a number, `"unlimited"`, or the soft and the
/// hard limit as `"SOFT:HARD"`. What is not named stays as the kernel has it.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Size of a core dump, bytes.
    pub core: Option<LimitValue>,
    /// Size of a file, bytes.
    pub fsize: Option<LimitValue>,
    /// Memory that is locked, bytes.
    pub memlock: Option<LimitValue>,
    /// Open files.
    pub nofile: Option<LimitValue>,
    /// Processes of the user.
    pub nproc: Option<LimitValue>,
    /// Size of the stack, bytes.
    pub stack: Option<LimitValue>,
}

impl Read for Limits {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            core: table.setting("core"),
            fsize: table.setting("fsize"),
            memlock: table.setting("memlock"),
            nofile: table.setting("nofile"),
            nproc: table.setting("nproc"),
            stack: table.setting("stack"),
        }
    }
}

/// Limits of the control group of a service, by the names of cgroup v2.
#[derive(Clone, Copy, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Resources {
    /// Memory above which the kernel ends processes of the service.
    pub memory_max: Option<Size>,
    /// Memory above which the service is slowed down and its memory taken back.
    pub memory_high: Option<Size>,
    /// Processes and threads.
    #[schemars(range(min = 1, max = 4_194_304))]
    pub pids_max: Option<u32>,
    /// Share of the processor, 1 to 10000; others have 100.
    #[schemars(range(min = 1, max = 10000))]
    pub cpu_weight: Option<u32>,
    /// Share of the processor until the node is ready, in place of `cpu-weight`: a number as there, or `"idle"` for what
    /// the others leave.
    pub startup_cpu_weight: Option<StartupWeightValue>,
    /// Share of the disks, 1 to 10000; others have 100.
    #[schemars(range(min = 1, max = 10000))]
    pub io_weight: Option<u32>,
}

impl Read for Resources {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            memory_max: table.text("memory-max"),
            memory_high: table.text("memory-high"),
            pids_max: table.integer("pids-max", 1..=4_194_304).map(|number| number as u32),
            cpu_weight: table.integer("cpu-weight", 1..=10_000).map(|number| number as u32),
            startup_cpu_weight: table.setting("startup-cpu-weight"),
            io_weight: table.integer("io-weight", 1..=10_000).map(|number| number as u32),
        }
    }
}

/// Directories that init makes for a service before it starts, and that belong to its user and group. Those of
/// `runtime` are open to all, so that others reach its sockets; the rest is private.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Directories {
    /// Below `/run`, gone with a restart of the machine.
    pub runtime: Option<Vec<DirectoryName>>,
    /// Below `/var/lib`.
    pub state: Option<Vec<DirectoryName>>,
    /// Below `/var/cache`.
    pub cache: Option<Vec<DirectoryName>>,
    /// Below `/var/log`.
    pub log: Option<Vec<DirectoryName>>,
}

impl Read for Directories {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            runtime: table.texts("runtime"),
            state: table.texts("state"),
            cache: table.texts("cache"),
            log: table.texts("log"),
        }
    }
}
