//! All metrics of a node, by name. A name that was given out is kept: people write alarms on it.

use std::collections::BTreeMap;

use corten_api::v1;

use super::Facts;
use super::text::{Kind, Label, Text, Unit};

/// States of a service, as the API names them.
const SERVICE_STATES: [&str; 9] =
    ["off", "waiting", "starting", "ready", "done", "failed", "back-off", "stopping", "stopped"];

/// States of a container, as the API names them.
const CONTAINER_STATES: [&str; 11] = [
    "waiting", "pulling", "starting", "running", "ready", "unready", "stopping", "stopped", "done", "failed",
    "back-off",
];

/// What was asked of the API since the agent started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiCounts {
    /// Connections that are open.
    pub connections: u64,
    /// Connections that were taken.
    pub accepted: u64,
    /// Connections that were refused: too many, a network that is not allowed, a certificate that is not trusted.
    pub refused: u64,
    /// Calls by method, `corten.v1.Node/Info`, and by the name of the answer's code, `ok`.
    pub calls: BTreeMap<(String, String), u64>,
}

/// What was sent to a target of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetCounts {
    /// Whether it is connected.
    pub connected: bool,
    /// Lines that were sent.
    pub sent: u64,
    /// Lines that were dropped because it was down or slow.
    pub lost: u64,
}

/// Everything that becomes a metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// What the node is.
    pub info: v1::InfoResponse,
    /// What the kernel says.
    pub facts: Facts,
    /// Services with their use.
    pub services: Vec<v1::ServiceStatus>,
    /// Containers of workloads.
    pub containers: Vec<v1::ContainerStatus>,
    /// The API.
    pub api: ApiCounts,
    /// Number of the configuration in force; 0 for none.
    pub generation: u64,
    /// Health with its checks.
    pub health: v1::HealthResponse,
    /// Targets of log lines, by name.
    pub targets: BTreeMap<String, TargetCounts>,
}

/// The text of all metrics.
pub fn render(snapshot: &Snapshot) -> String {
    let mut text = Text::default();
    node(&mut text, snapshot);
    processors(&mut text, &snapshot.facts);
    disks(&mut text, &snapshot.facts.disks);
    links(&mut text, &snapshot.facts.links);
    mounts(&mut text, &snapshot.facts.mounts);
    services(&mut text, &snapshot.services);
    containers(&mut text, &snapshot.containers);
    api(&mut text, &snapshot.api);
    health(&mut text, &snapshot.health);
    targets(&mut text, &snapshot.targets);
    text.finish()
}

fn node(text: &mut Text, Snapshot { info, facts, generation, .. }: &Snapshot) {
    let labels: [Label<'_>; 6] = [
        ("hostname", &info.hostname),
        ("machine_id", &info.machine_id),
        ("version", &info.version),
        ("root_hash", &info.root_hash),
        ("kernel", &info.kernel),
        ("agent", &info.agent),
    ];
    text.family("corten_node", Kind::Info, Unit::None, "What the node is.").sample(&labels, 1);
    let mut gauge = |name: &str, unit: Unit, help: &str, value: f64| {
        text.family(name, Kind::Gauge, unit, help).sample(&[], value);
    };
    let maintenance = f64::from(u8::from(info.mode == v1::Mode::Maintenance as i32));
    gauge("corten_maintenance", Unit::None, "Whether the node is in maintenance.", maintenance);
    let help = "Number of the configuration in force, 0 for none.";
    gauge("corten_config_generation", Unit::None, help, *generation as f64);
    let help = "When the kernel started, since 1970.";
    gauge("corten_boot_time_seconds", Unit::Seconds, help, facts.processors.booted_at as f64);
    let help = "Time since kernel start.";
    gauge("corten_uptime_seconds", Unit::Seconds, help, facts.uptime_ms as f64 / 1000.0);
    gauge("corten_processes", Unit::None, "Processes of user space.", f64::from(info.processes));
    let memory = &facts.memory;
    for (name, help, value) in [
        ("corten_memory_size_bytes", "Memory of the node.", memory.total),
        ("corten_memory_used_bytes", "Memory in use, page cache aside.", memory.used),
        ("corten_memory_available_bytes", "Memory that programs could still take.", memory.available),
        ("corten_memory_cached_bytes", "Page cache and buffers.", memory.cached),
    ] {
        gauge(name, Unit::Bytes, help, value as f64);
    }
}

fn processors(text: &mut Text, facts: &Facts) {
    let processors = &facts.processors;
    let help = "Processors in use.";
    text.family("corten_processors", Kind::Gauge, Unit::None, help).sample(&[], processors.count);
    let help = "Time of all processors together, by what they did.";
    let mut family = text.family("corten_cpu_seconds", Kind::Counter, Unit::Seconds, help);
    for (mode, time) in [
        ("user", processors.user),
        ("system", processors.system),
        ("interrupts", processors.interrupts),
        ("waiting", processors.waiting),
        ("idle", processors.idle),
        ("stolen", processors.stolen),
    ] {
        family.sample(&[("mode", mode)], seconds(time));
    }
    let help = "Processes that run or wait for a disk, averaged over so many minutes.";
    let mut family = text.family("corten_load", Kind::Gauge, Unit::None, help);
    for (minutes, load) in ["1", "5", "15"].into_iter().zip(facts.load) {
        family.sample(&[("minutes", minutes)], load);
    }
}

fn disks(text: &mut Text, disks: &[v1::Disk]) {
    let mut family = |name: &str, kind: Kind, help: &str, value: fn(&v1::Disk) -> u64| {
        let mut family = text.family(name, kind, Unit::Bytes, help);
        for disk in disks {
            family.sample(&[("disk", &disk.name)], value(disk));
        }
    };
    family("corten_disk_size_bytes", Kind::Gauge, "Size of a disk.", |disk| disk.bytes);
    family("corten_disk_read_bytes", Kind::Counter, "Read from a disk.", |disk| disk.read_bytes);
    family("corten_disk_written_bytes", Kind::Counter, "Written to a disk.", |disk| disk.written_bytes);
}

fn links(text: &mut Text, links: &[v1::Link]) {
    let mut family = |name: &str, (kind, unit): (Kind, Unit), help: &str, value: fn(&v1::Link) -> u64| {
        let mut family = text.family(name, kind, unit, help);
        for link in links {
            family.sample(&[("link", &link.name)], value(link));
        }
    };
    // A loopback is up and does not know it.
    family("corten_link_up", (Kind::Gauge, Unit::None), "Whether a link carries traffic.", |link| {
        u64::from(link.state == "up" || link.kind == "loopback")
    });
    let bytes = (Kind::Counter, Unit::Bytes);
    family("corten_link_received_bytes", bytes, "Received on a link.", |link| link.received_bytes);
    family("corten_link_sent_bytes", bytes, "Sent on a link.", |link| link.sent_bytes);
    let errors = (Kind::Counter, Unit::None);
    family("corten_link_receive_errors", errors, "Errors of receiving.", |link| link.received_errors);
    family("corten_link_send_errors", errors, "Errors of sending.", |link| link.sent_errors);
}

fn mounts(text: &mut Text, mounts: &[v1::Mount]) {
    // Of two mounts on one place the last one is seen, and two samples of one name would be none.
    let seen: BTreeMap<&str, &v1::Mount> =
        mounts.iter().map(|mount| (mount.target.as_str(), mount)).collect();
    let mut family = |name: &str, help: &str, value: fn(&v1::Mount) -> u64| {
        let mut family = text.family(name, Kind::Gauge, Unit::Bytes, help);
        for (target, mount) in seen.iter().filter(|(_, mount)| mount.bytes > 0) {
            family.sample(&[("mount", target), ("kind", &mount.kind)], value(mount));
        }
    };
    family("corten_mount_size_bytes", "Size of a file system.", |mount| mount.bytes);
    family("corten_mount_used_bytes", "In use of a file system.", |mount| mount.used_bytes);
    family("corten_mount_available_bytes", "Free for programs in a file system.", |mount| {
        mount.available_bytes
    });
}

fn services(text: &mut Text, services: &[v1::ServiceStatus]) {
    let name = "corten_service_state";
    let mut family = text.family(name, Kind::StateSet, Unit::None, "State of a service.");
    for service in services {
        for state in SERVICE_STATES {
            family.sample(&[("service", &service.name), (name, state)], u8::from(service.state == state));
        }
    }
    let mut family =
        |name: &str, (kind, unit): (Kind, Unit), help: &str, value: fn(&v1::ServiceStatus) -> f64| {
            let mut family = text.family(name, kind, unit, help);
            for service in services {
                family.sample(&[("service", &service.name)], value(service));
            }
        };
    family("corten_service_restarts", (Kind::Counter, Unit::None), "Restarts of a service.", |service| {
        f64::from(service.restarts)
    });
    let help = "Memory of a service, page cache included.";
    family("corten_service_memory_bytes", (Kind::Gauge, Unit::Bytes), help, |service| {
        service.memory_bytes as f64
    });
    let help = "Processor time of a service.";
    family("corten_service_cpu_seconds", (Kind::Counter, Unit::Seconds), help, |service| {
        seconds(service.cpu_us)
    });
    let help = "Processes and threads of a service.";
    family("corten_service_processes", (Kind::Gauge, Unit::None), help, |service| {
        f64::from(service.processes)
    });
}

fn containers(text: &mut Text, containers: &[v1::ContainerStatus]) {
    let name = "corten_container_state";
    let help = "State of a container of a workload.";
    let mut family = text.family(name, Kind::StateSet, Unit::None, help);
    let named = || containers.iter().map(|container| (names(container), container));
    for ((workload, short), container) in named() {
        for state in CONTAINER_STATES {
            let labels = [("workload", workload), ("container", short), (name, state)];
            family.sample(&labels, u8::from(container.state == state));
        }
    }
    let mut family =
        |name: &str, (kind, unit): (Kind, Unit), help: &str, value: fn(&v1::ContainerStatus) -> f64| {
            let mut family = text.family(name, kind, unit, help);
            for ((workload, short), container) in named() {
                family.sample(&[("workload", workload), ("container", short)], value(container));
            }
        };
    let help = "Restarts of a container since its workload was started.";
    family("corten_container_restarts", (Kind::Counter, Unit::None), help, |container| {
        f64::from(container.restarts)
    });
    let help = "Memory of a container, page cache included.";
    family("corten_container_memory_bytes", (Kind::Gauge, Unit::Bytes), help, |container| {
        container.memory_bytes as f64
    });
    let help = "Processor time of a container since it was started.";
    family("corten_container_cpu_seconds", (Kind::Counter, Unit::Seconds), help, |container| {
        seconds(container.cpu_us)
    });
    let help = "Processes and threads of a container.";
    family("corten_container_processes", (Kind::Gauge, Unit::None), help, |container| {
        f64::from(container.processes)
    });
}

/// Workload and container.
fn names(container: &v1::ContainerStatus) -> (&str, &str) {
    container.name.split_once('/').unwrap_or((&container.name, ""))
}

fn api(text: &mut Text, counts: &ApiCounts) {
    let help = "Connections to the API that are open.";
    text.family("corten_api_connections", Kind::Gauge, Unit::None, help).sample(&[], counts.connections);
    let help = "Connections that the API took.";
    text.family("corten_api_accepted", Kind::Counter, Unit::None, help).sample(&[], counts.accepted);
    let help = "Connections that the API refused.";
    text.family("corten_api_refused", Kind::Counter, Unit::None, help).sample(&[], counts.refused);
    let help = "Calls to the API, by method and answer.";
    let mut family = text.family("corten_api_calls", Kind::Counter, Unit::None, help);
    for ((method, code), count) in &counts.calls {
        family.sample(&[("method", method), ("code", code)], count);
    }
}

/// What is not known yet has no sample: an alarm on 0 must not go off for it.
fn health(text: &mut Text, health: &v1::HealthResponse) {
    let value = |verdict: i32| match v1::Verdict::try_from(verdict) {
        Ok(v1::Verdict::Healthy) => Some(1),
        Ok(v1::Verdict::Unhealthy) => Some(0),
        _ => None,
    };
    let mut family = text.family("corten_healthy", Kind::Gauge, Unit::None, "Whether the node is healthy.");
    if let Some(value) = value(health.verdict) {
        family.sample(&[], value);
    }
    let help = "Whether a check found what it should.";
    let mut family = text.family("corten_check_healthy", Kind::Gauge, Unit::None, help);
    for check in &health.checks {
        if let Some(value) = value(check.verdict) {
            family.sample(&[("check", &check.name)], value);
        }
    }
}

fn targets(text: &mut Text, targets: &BTreeMap<String, TargetCounts>) {
    let mut family = |name: &str, kind: Kind, help: &str, value: fn(&TargetCounts) -> u64| {
        let mut family = text.family(name, kind, Unit::None, help);
        for (name, counts) in targets {
            family.sample(&[("target", name)], value(counts));
        }
    };
    let help = "Whether a target of log lines is connected.";
    family("corten_log_target_connected", Kind::Gauge, help, |counts| u64::from(counts.connected));
    family("corten_log_lines_sent", Kind::Counter, "Log lines that were sent to a target.", |counts| {
        counts.sent
    });
    let help = "Log lines that a target was too slow for.";
    family("corten_log_lines_lost", Kind::Counter, help, |counts| counts.lost);
}

fn seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::validator;
    use crate::root::Root;

    fn service(name: &str, state: &str) -> v1::ServiceStatus {
        v1::ServiceStatus {
            name: name.into(),
            state: state.into(),
            restarts: 3,
            memory_bytes: 1 << 20,
            cpu_us: 1_500_000,
            processes: 7,
            ..v1::ServiceStatus::default()
        }
    }

    fn container(name: &str, state: &str) -> v1::ContainerStatus {
        v1::ContainerStatus {
            name: name.into(),
            state: state.into(),
            restarts: 2,
            memory_bytes: 1 << 21,
            cpu_us: 2_500_000,
            ..v1::ContainerStatus::default()
        }
    }

    fn check(name: &str, verdict: v1::Verdict) -> v1::Check {
        v1::Check { name: name.into(), verdict: verdict.into(), ..v1::Check::default() }
    }

    fn snapshot() -> Snapshot {
        let facts = Facts::read(&Root::default()).expect("facts of this machine");
        let health = v1::HealthResponse {
            verdict: v1::Verdict::Unhealthy.into(),
            checks: vec![
                check("check/web", v1::Verdict::Unhealthy),
                check("configuration", v1::Verdict::Pending),
            ],
        };
        let call = ("corten.v1.Node/Info".to_string(), "ok".to_string());
        Snapshot {
            facts,
            services: vec![service("web", "ready"), service("a\"b\\c", "back-off")],
            containers: vec![container("web/app", "ready"), container("web/side", "back-off")],
            api: ApiCounts { connections: 2, accepted: 9, refused: 1, calls: [(call, 5)].into() },
            generation: 12,
            health,
            targets: [("central".into(), TargetCounts { connected: true, sent: 44, lost: 2 })].into(),
            info: v1::InfoResponse {
                hostname: "n1".into(),
                mode: v1::Mode::Maintenance.into(),
                ..Default::default()
            },
        }
    }

    #[test]
    fn the_metrics_of_this_machine_are_valid() {
        let text = render(&snapshot());
        let samples = validator::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let value = |name: &str, labels: &[(&str, &str)]| {
            let fits = |sample: &&validator::Sample| {
                let has = |(name, value): &(&str, &str)| {
                    sample.labels.iter().any(|(other, held)| other == name && held == value)
                };
                sample.name == name && labels.iter().all(has)
            };
            samples.iter().find(fits).map(|sample| sample.value)
        };
        assert_eq!(value("corten_node_info", &[("hostname", "n1")]), Some(1.0));
        assert_eq!(value("corten_maintenance", &[]), Some(1.0));
        assert_eq!(value("corten_config_generation", &[]), Some(12.0));
        assert!(value("corten_memory_size_bytes", &[]).is_some_and(|bytes| bytes > 0.0));
        assert!(value("corten_cpu_seconds_total", &[("mode", "idle")]).is_some());
        let state =
            |state| value("corten_service_state", &[("service", "web"), ("corten_service_state", state)]);
        assert_eq!((state("ready"), state("failed")), (Some(1.0), Some(0.0)));
        assert_eq!(value("corten_service_cpu_seconds_total", &[("service", "a\"b\\c")]), Some(1.5));
        let side = [("workload", "web"), ("container", "side")];
        assert_eq!(value("corten_container_restarts_total", &side), Some(2.0));
        assert_eq!(value("corten_container_cpu_seconds_total", &side), Some(2.5));
        let state = |state| value("corten_container_state", &[side[1], ("corten_container_state", state)]);
        assert_eq!((state("back-off"), state("ready")), (Some(1.0), Some(0.0)));
        assert_eq!(value("corten_api_calls_total", &[("method", "corten.v1.Node/Info")]), Some(5.0));
        assert_eq!(value("corten_healthy", &[]), Some(0.0));
        assert_eq!(value("corten_check_healthy", &[("check", "check/web")]), Some(0.0));
        assert_eq!(value("corten_check_healthy", &[("check", "configuration")]), None);
        assert_eq!(value("corten_log_lines_lost_total", &[("target", "central")]), Some(2.0));
    }

    #[test]
    fn a_place_that_is_mounted_twice_has_one_sample() {
        let mount = |bytes| v1::Mount { target: "/mnt".into(), bytes, ..v1::Mount::default() };
        let facts = Facts { mounts: vec![mount(1), mount(2)], ..Facts::default() };
        let text = render(&Snapshot { facts, ..Snapshot::default() });
        let samples = validator::parse(&text).expect("valid");
        let sizes: Vec<_> =
            samples.iter().filter(|sample| sample.name == "corten_mount_size_bytes").collect();
        assert_eq!(sizes.iter().map(|sample| sample.value).collect::<Vec<_>>(), [2.0]);
    }

    proptest! {
        #[test]
        fn whatever_names_there_are_the_text_is_valid(name in "\\PC{0,12}", load in any::<f64>()) {
            let mut snapshot = snapshot();
            snapshot.facts.load = [load, load.abs(), -load];
            snapshot.info.hostname.clone_from(&name);
            snapshot.services = vec![service(&name, &name)];
            snapshot.containers = vec![container(&name, &name)];
            prop_assert!(validator::parse(&render(&snapshot)).is_ok());
        }
    }
}
