//! `[services.…]`.

mod limits;
mod words;

use std::collections::BTreeMap;

use corten_document::{Read, Table};
pub use limits::{Directories, Limits, Resources};
use schemars::JsonSchema;
pub use words::{Kill, Maintenance, NewPrivileges, ReadyBy, Requests, Restart, Start};

use crate::types::{AccountName, CapabilityName, EnvironmentName, Mode, ServiceName, TargetPath, Text};

/// A service that init runs.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// Absolute path of the program, and its arguments. Replaces that of the extended recipe.
    pub exec: Option<Vec<Text>>,
    /// The whole environment of the program.
    pub environment: Option<BTreeMap<EnvironmentName, Text>>,
    /// Services that are ready before this one starts. Added to those of the extended recipe.
    pub after: Option<Vec<ServiceName>>,
    /// A program that waits until the service answers and exits 0 then, and its arguments. Without it the service
    /// counts as ready once it was started. Replaces that of the extended recipe.
    pub ready: Option<Vec<Text>>,
    /// What a stop of the service ends: its main process, or its whole control group, which is the default.
    pub kill: Option<Kill>,
    /// Seconds between SIGTERM and SIGKILL, 1 to 3600; 30 unless written otherwise.
    #[schemars(range(min = 1, max = 3600))]
    pub stop_seconds: Option<u32>,
    /// Whether a service that ended by itself is started again; `always` unless written otherwise. With `never` it is
    /// a job: without a program in `ready` it counts as ready once it ended with exit code 0.
    pub restart: Option<Restart>,
    /// User that it runs as, one of `users`; root unless written otherwise.
    pub user: Option<AccountName>,
    /// Group that it runs as; that of its user unless written otherwise.
    pub group: Option<AccountName>,
    /// Further groups. Added to those of the extended recipe.
    pub groups: Option<Vec<AccountName>>,
    /// What it keeps of root's rights: names of capabilities(7). Without it a service of root keeps `all`, and one of
    /// another user none. Replaces those of the extended recipe.
    pub capabilities: Option<Vec<CapabilityName>>,
    /// Whether it may gain rights by executing a program that gives some; `never` unless written otherwise.
    pub new_privileges: Option<NewPrivileges>,
    /// Limits of its processes.
    pub limits: Option<Limits>,
    /// Limits of its control group.
    pub resources: Option<Resources>,
    /// Where it starts; `/` unless written otherwise.
    pub working_directory: Option<TargetPath>,
    /// Permission bits that its files do not get; `0022` unless written otherwise.
    pub umask: Option<Mode>,
    /// Added to its badness when memory runs out, -1000 to 1000: the kernel ends the worst first, and none with -1000.
    #[schemars(range(min = -1000, max = 1000))]
    pub oom_score: Option<i32>,
    /// Directories that init makes for it.
    pub directories: Option<Directories>,
    /// When it is started: with the node (`boot`), which is the default, or when a program of the node that may asks
    /// for it (`on-request`).
    pub start: Option<Start>,
    /// How init learns that it is ready: by the program in `ready` (`check`), which is the default, or from itself
    /// (`notice`), by a request on /run/corten/init.sock.
    pub ready_by: Option<ReadyBy>,
    /// What it may ask init for on /run/corten/init.sock: `nothing`, which is the default, or `everything`, as root may.
    pub requests: Option<Requests>,
    /// Whether it runs on a node without state: `stopped`, which is the default, or `runs`.
    pub maintenance: Option<Maintenance>,
}

impl Read for Service {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            exec: table.command("exec"),
            environment: table.text_map("environment"),
            after: table.texts("after"),
            ready: table.command("ready"),
            kill: table.text("kill"),
            stop_seconds: table.integer("stop-seconds", 1..=3600).map(|seconds| seconds as u32),
            restart: table.text("restart"),
            user: table.text("user"),
            group: table.text("group"),
            groups: table.texts("groups"),
            capabilities: table.texts("capabilities"),
            new_privileges: table.text("new-privileges"),
            limits: table.table("limits"),
            resources: table.table("resources"),
            working_directory: table.text("working-directory"),
            umask: table.text("umask"),
            oom_score: table.integer("oom-score", -1000..=1000).map(|score| score as i32),
            directories: table.table("directories"),
            start: table.text("start"),
            ready_by: table.text("ready-by"),
            requests: table.text("requests"),
            maintenance: table.text("maintenance"),
        }
    }
}
