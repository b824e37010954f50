//! `[workloads.….containers.…]`.

use std::collections::BTreeMap;

use corten_document::{Read, Table};
use schemars::JsonSchema;

use super::Setting;
use super::mounts::{AnyVariable, Mount, Variable};
use crate::settings::RestartPolicy;
use crate::types::{
    AbsolutePath, CapabilityName, GrpcService, HttpCheck, ImageName, MountPlace, Named, Processors,
    ProgramText, Seconds, SignalName, Size, User, VariableName,
};

/// Shares of processors and disks: cpu.weight and io.weight of the kernel.
const WEIGHT: std::ops::RangeInclusive<i64> = 1..=10_000;

/// Processes and threads: what the kernel has numbers for.
const PIDS: std::ops::RangeInclusive<i64> = 1..=4_194_304;

/// One container.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Container {
    /// Its image, by tag or digest: `registry.example.org/web:1`. A name without a registry means an image of the
    /// recipe, or one that was imported.
    pub image: Option<ImageName>,
    /// Program and first arguments, in place of the image's entry point.
    pub command: Option<Vec<ProgramText>>,
    /// Arguments, in place of the image's own.
    pub arguments: Option<Vec<ProgramText>>,
    /// Variables beside those of the image: texts, or `{ secret = "NAME" }`.
    #[schemars(with = "Option<BTreeMap<VariableName, AnyVariable>>")]
    pub environment: Option<BTreeMap<VariableName, Variable>>,
    /// Files of the node with lines `NAME=value`, below one of `containers.host-paths`. `environment` goes before them.
    pub environment_files: Option<Vec<AbsolutePath>>,
    /// Folder in which it starts, in place of the image's.
    pub working_directory: Option<AbsolutePath>,
    /// `USER` or `USER:GROUP`, names of the image or numbers, in place of the image's.
    #[schemars(with = "Option<Setting>")]
    pub user: Option<User>,
    /// Whether nothing of its root can be written to; `false` unless written otherwise.
    pub read_only: Option<bool>,
    /// Capabilities that it has; none unless written otherwise.
    pub capabilities: Option<Vec<CapabilityName>>,
    /// All capabilities and devices, no seccomp, nothing masked; `false` unless written otherwise.
    pub privileged: Option<bool>,
    /// Whether programs with setuid or file capabilities give rights; `false` unless written otherwise.
    pub new_privileges: Option<bool>,
    /// What is mounted in it, by the place in the container.
    pub mounts: Option<BTreeMap<MountPlace, Mount>>,
    /// What it may use.
    pub resources: Option<Resources>,
    /// Whether it is started again; `always` unless written otherwise, and `never` with a schedule.
    pub restart: Option<Named<RestartPolicy>>,
    /// Has to pass once before the other checks are made.
    pub startup: Option<Check>,
    /// Restarts the container when it fails.
    pub liveness: Option<Check>,
    /// Whether the container counts as ready.
    pub readiness: Option<Check>,
    /// Signal that ends it; the image's, or `SIGTERM`, unless written otherwise.
    pub stop_signal: Option<SignalName>,
}

impl Read for Container {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            image: table.text("image"),
            command: table.command("command"),
            arguments: table.command("arguments"),
            environment: table.tables("environment"),
            environment_files: table.texts("environment-files"),
            working_directory: table.text("working-directory"),
            user: table.setting("user"),
            read_only: table.boolean("read-only"),
            capabilities: table.texts("capabilities"),
            privileged: table.boolean("privileged"),
            new_privileges: table.boolean("new-privileges"),
            mounts: table.tables("mounts"),
            resources: table.table("resources"),
            restart: table.text("restart"),
            startup: table.table("startup"),
            liveness: table.table("liveness"),
            readiness: table.table("readiness"),
            stop_signal: table.text("stop-signal"),
        }
    }
}

/// What a container may use. What is not written has no limit.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Resources {
    /// Processors: `"1.5"`, `"500m"`, 2.
    #[schemars(with = "Option<Setting>")]
    pub cpu: Option<Processors>,
    /// Share of the processors where they are short; others have 100.
    #[schemars(range(min = 1, max = 10000))]
    pub cpu_weight: Option<u16>,
    /// Memory: `64 MiB`.
    pub memory_max: Option<Size>,
    /// Memory from which on it is slowed down.
    pub memory_high: Option<Size>,
    /// Processes and threads; 4096 unless written otherwise.
    #[schemars(range(min = 1, max = 4_194_304))]
    pub pids_max: Option<u32>,
    /// Share of the disks where they are short; others have 100.
    #[schemars(range(min = 1, max = 10000))]
    pub io_weight: Option<u16>,
    /// Bytes a second from the disk of the state: `10 MiB`.
    pub io_read: Option<Size>,
    /// Bytes a second to the disk of the state.
    pub io_write: Option<Size>,
}

impl Read for Resources {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            cpu: table.setting("cpu"),
            cpu_weight: table.integer("cpu-weight", WEIGHT).map(|weight| weight as u16),
            memory_max: table.text("memory-max"),
            memory_high: table.text("memory-high"),
            pids_max: table.integer("pids-max", PIDS).map(|count| count as u32),
            io_weight: table.integer("io-weight", WEIGHT).map(|weight| weight as u16),
            io_read: table.text("io-read"),
            io_write: table.text("io-write"),
        }
    }
}

/// A check of a container: one of `command`, `http`, `tcp` and `grpc`.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Check {
    /// A program in the container, with its arguments, that has to end with exit code 0.
    pub command: Option<Vec<ProgramText>>,
    /// Port and path that have to answer with a status from 200 to 299: `:8080/healthz`.
    pub http: Option<HttpCheck>,
    /// Port on which somebody has to listen.
    #[schemars(range(min = 1, max = 65535))]
    pub tcp: Option<u16>,
    /// Port on which `grpc.health.v1.Health/Check` has to answer SERVING.
    #[schemars(range(min = 1, max = 65535))]
    pub grpc: Option<u16>,
    /// Service that `grpc` asks for; the server as a whole unless written otherwise.
    pub service: Option<GrpcService>,
    /// Time between two checks; `10s` unless written otherwise.
    pub interval: Option<Seconds>,
    /// Time that an answer may take; `5s` unless written otherwise.
    pub timeout: Option<Seconds>,
    /// How often in a row it may fail; 3 unless written otherwise.
    #[schemars(range(min = 1, max = 1000))]
    pub failures: Option<u32>,
}

impl Read for Check {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            command: table.command("command"),
            http: table.text("http"),
            tcp: table.integer("tcp", 1..=65535).map(|port| port as u16),
            grpc: table.integer("grpc", 1..=65535).map(|port| port as u16),
            service: table.text("service"),
            interval: table.text("interval"),
            timeout: table.text("timeout"),
            failures: table.integer("failures", 1..=1000).map(|failures| failures as u32),
        }
    }
}
