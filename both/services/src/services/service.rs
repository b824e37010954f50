//! One service, as init runs it: everything decided, every name a number.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Capabilities, Limits, Resources};

/// What is stopped together with the main process of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kill {
    /// The main process alone. For containerd, whose shims outlive it.
    Process,
    /// Everything in the cgroup of the service.
    #[default]
    Group,
}

/// Whether a service that ended by itself is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// However it ended.
    #[default]
    Always,
    /// Unless it ended with exit code 0.
    OnFailure,
    /// Never.
    Never,
}

/// Whether a service may gain rights by executing a program that gives some, a setuid program for example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewPrivileges {
    /// It may not, nor may anything that it starts.
    #[default]
    Never,
    /// As the executed file says. For containerd, whose containers bring such programs.
    ByFile,
}

/// When a service is started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// With the node.
    #[default]
    Boot,
    /// When a program that may asks init for it. Until then nobody waits for it.
    OnRequest,
}

/// How init learns that a service is ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadyBy {
    /// By the program that checks it, if there is one.
    #[default]
    Check,
    /// It says so itself, on init's socket.
    Notice,
}

/// What a service may ask init for, on its socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requests {
    /// Nothing; it may say that it is ready.
    #[default]
    Nothing,
    /// Whatever root may: for what manages the node.
    Everything,
}

/// Whether a service runs on a node in maintenance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Maintenance {
    /// It does not.
    #[default]
    Stopped,
    /// It does: people need it to get the node out of there.
    Runs,
}

/// Whom a service runs as, by number. The default is root without further groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// User.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Further groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<u32>,
}

/// A directory that init makes for a service, and that belongs to the service's user and group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnDirectory {
    /// Where: right below `/run`, `/var/lib`, `/var/cache` or `/var/log`, so that everything above belongs to root.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// Name, unique in the table: `[a-z0-9-]`, 64 bytes at most. Also the name of its cgroup.
    pub name: String,
    /// Absolute path of the program, and its arguments.
    pub exec: Vec<String>,
    /// The whole environment of the program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Services that are ready before this one starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// A program that waits until the service answers and exits 0 then, printing one line about what it found.
    /// Without it the service counts as ready once its program was executed, or, if it is never started again, once
    /// it ended with exit code 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<String>,
    /// What a stop of the service ends.
    #[serde(default)]
    pub kill: Kill,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_seconds: u32,
    /// Whether it is started again.
    #[serde(default)]
    pub restart: Restart,
    /// Whom it runs as.
    #[serde(default)]
    pub account: Account,
    /// What it keeps of root's rights.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// Whether it may gain rights.
    #[serde(default)]
    pub new_privileges: NewPrivileges,
    /// Limits of its processes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: Limits,
    /// Limits of its control group.
    #[serde(default)]
    pub resources: Resources,
    /// Where it starts: an absolute path.
    #[serde(default = "root")]
    pub working_directory: String,
    /// Permission bits that its files do not get.
    #[serde(default = "umask")]
    pub umask: u32,
    /// Added to its badness when memory runs out, -1000 to 1000.
    #[serde(default)]
    pub oom_score: i32,
    /// Directories that are made for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<OwnDirectory>,
    /// When it is started.
    #[serde(default)]
    pub start: Start,
    /// How init learns that it is ready.
    #[serde(default)]
    pub ready_by: ReadyBy,
    /// What it may ask init for.
    #[serde(default)]
    pub requests: Requests,
    /// Whether it runs in maintenance.
    #[serde(default)]
    pub maintenance: Maintenance,
}

fn root() -> String {
    "/".into()
}

fn umask() -> u32 {
    0o022
}

impl Service {
    /// A service of root that says nothing else.
    pub fn new(name: impl Into<String>, exec: Vec<String>, stop_seconds: u32) -> Self {
        Self {
            name: name.into(),
            exec,
            environment: BTreeMap::new(),
            after: Vec::new(),
            ready: Vec::new(),
            kill: Kill::default(),
            stop_seconds,
            restart: Restart::default(),
            account: Account::default(),
            capabilities: Capabilities::default(),
            new_privileges: NewPrivileges::default(),
            limits: Limits::new(),
            resources: Resources::default(),
            working_directory: root(),
            umask: umask(),
            oom_score: 0,
            directories: Vec::new(),
            start: Start::default(),
            ready_by: ReadyBy::default(),
            requests: Requests::default(),
            maintenance: Maintenance::default(),
        }
    }
}
