//! Each subject of a bundle as text that a person reads.

use std::fmt::Display;

use corten_api::v1;

use crate::logs::rfc3339;
use crate::support::table::{pairs, table};

fn s(value: impl Display) -> String {
    value.to_string()
}

fn verdict(verdict: i32) -> String {
    let name = match v1::Verdict::try_from(verdict) {
        Ok(v1::Verdict::Healthy) => "healthy",
        Ok(v1::Verdict::Unhealthy) => "unhealthy",
        _ => "pending",
    };
    name.into()
}

/// What the node is, a line each.
pub fn info(info: &v1::InfoResponse) -> String {
    let mode = match v1::Mode::try_from(info.mode) {
        Ok(v1::Mode::Configured) => "configured",
        Ok(v1::Mode::Maintenance) => "maintenance",
        _ => "not known",
    };
    let head = pairs([
        ("hostname", s(&info.hostname)),
        ("machine-id", s(&info.machine_id)),
        ("mode", s(mode)),
        ("reason", s(&info.reason)),
        ("os", s(&info.os)),
        ("version", s(&info.version)),
        ("root-hash", s(&info.root_hash)),
        ("kernel", s(&info.kernel)),
        ("architecture", s(&info.architecture)),
        ("secure-boot", s(info.secure_boot)),
        ("booted-at", s(info.booted_at)),
        ("uptime-seconds", s(info.uptime_seconds)),
        ("now", rfc3339(info.now_ns)),
        ("processors", s(info.processors)),
        ("memory-bytes", s(info.memory_bytes)),
        ("memory-used-bytes", s(info.memory_used_bytes)),
        ("load", format!("{} {} {}", info.load_1, info.load_5, info.load_15)),
        ("fingerprint", s(&info.fingerprint)),
        ("agent", s(&info.agent)),
        ("processes", s(info.processes)),
    ]);
    let mut labels: Vec<_> = info.labels.iter().collect();
    labels.sort();
    let labels = labels.into_iter().map(|(name, value)| format!("labels.{name} = {value:?}\n"));
    head + &labels.collect::<String>()
}

/// The verdict and each check.
pub fn health(health: &v1::HealthResponse) -> String {
    let rows = health
        .checks
        .iter()
        .map(|check| [s(&check.name), verdict(check.verdict), rfc3339(check.at_ns), s(&check.found)]);
    format!("{}\n{}", verdict(health.verdict), table(["check", "verdict", "at", "found"], rows))
}

/// Services.
pub fn services(services: &[v1::ServiceStatus]) -> String {
    let names = ["service", "state", "since-ms", "pid", "restarts", "memory", "cpu-us", "processes", "found"];
    let row = |service: &v1::ServiceStatus| {
        [
            s(&service.name),
            s(&service.state),
            s(service.since_ms),
            s(service.pid),
            s(service.restarts),
            s(service.memory_bytes),
            s(service.cpu_us),
            s(service.processes),
            s(&service.found),
        ]
    };
    table(names, services.iter().map(row))
}

/// Workloads, a line for each container.
pub fn workloads(workloads: &[v1::WorkloadStatus]) -> String {
    let names = [
        "container",
        "state",
        "since-ms",
        "pid",
        "restarts",
        "exit-code",
        "memory",
        "cpu-us",
        "processes",
        "network",
        "ports",
        "image",
        "digest",
        "detail",
    ];
    let rows = workloads.iter().flat_map(|workload| {
        let row = |container: &v1::ContainerStatus| {
            [
                s(&container.name),
                s(&container.state),
                s(container.since_ms),
                s(container.pid),
                s(container.restarts),
                container.exit_code.map(s).unwrap_or_default(),
                s(container.memory_bytes),
                s(container.cpu_us),
                s(container.processes),
                s(&workload.network),
                workload.ports.join(","),
                s(&container.image),
                s(&container.image_digest),
                s(&container.detail),
            ]
        };
        workload.containers.iter().map(row)
    });
    table(names, rows)
}

/// Images.
pub fn images(images: &[v1::Image]) -> String {
    let names = ["image", "digest", "from", "bytes", "layers", "created", "used", "used-by"];
    let row = |image: &v1::Image| {
        [
            s(&image.name),
            s(&image.digest),
            s(&image.from),
            s(image.bytes),
            s(image.layers),
            rfc3339(image.created_ns),
            rfc3339(image.used_ns),
            image.used_by.join(","),
        ]
    };
    table(names, images.iter().map(row))
}

/// As lines of TOML, so that the value of a secret is seen as one.
pub fn origins(origins: &[v1::KeyOrigin]) -> String {
    let line = |origin: &v1::KeyOrigin| {
        let value = if origin.value.is_empty() { "\"\"" } else { &origin.value };
        format!("{} = {}  # {}:{}\n", origin.key, value.replace('\n', "\\n"), origin.document, origin.line)
    };
    origins.iter().map(line).collect()
}

/// Processes.
pub fn processes(processes: &[v1::Process]) -> String {
    let names =
        ["pid", "parent", "uid", "state", "threads", "memory", "cpu-ms", "started-ms", "service", "command"];
    let row = |process: &v1::Process| {
        let command = if process.command.is_empty() { &process.name } else { &process.command };
        [
            s(process.pid),
            s(process.parent),
            s(process.uid),
            s(&process.state),
            s(process.threads),
            s(process.memory_bytes),
            s(process.cpu_ms),
            s(process.started_ms),
            s(&process.service),
            s(command),
        ]
    };
    table(names, processes.iter().map(row))
}

/// Disks, each with its partitions below.
pub fn disks(disks: &[v1::Disk]) -> String {
    let names = ["name", "bytes", "label", "uuid", "read", "written", "flags", "serial", "model"];
    let row = |disk: &v1::Disk| {
        let flags = [(disk.system, "system"), (disk.read_only, "read-only"), (disk.removable, "removable")];
        let flags: Vec<_> = flags.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
        let (label, uuid) = (String::new(), String::new());
        let (name, bytes) = (s(&disk.name), s(disk.bytes));
        let (read, written) = (s(disk.read_bytes), s(disk.written_bytes));
        [name, bytes, label, uuid, read, written, flags.join(","), s(&disk.serial), s(&disk.model)]
    };
    let part = |part: &v1::DiskPartition| {
        let none = String::new;
        let (name, bytes, label, uuid) =
            (format!("  {}", part.name), s(part.bytes), s(&part.label), s(&part.uuid));
        [name, bytes, label, uuid, none(), none(), none(), none(), none()]
    };
    let rows =
        disks.iter().flat_map(|disk| std::iter::once(row(disk)).chain(disk.partitions.iter().map(part)));
    table(names, rows)
}

/// Mounts.
pub fn mounts(mounts: &[v1::Mount]) -> String {
    let names = ["target", "kind", "bytes", "used", "available", "source", "options"];
    let row = |mount: &v1::Mount| {
        let (bytes, used, available) = (s(mount.bytes), s(mount.used_bytes), s(mount.available_bytes));
        [s(&mount.target), s(&mount.kind), bytes, used, available, s(&mount.source), mount.options.join(",")]
    };
    table(names, mounts.iter().map(row))
}

/// Links.
pub fn links(links: &[v1::Link]) -> String {
    let names = [
        "index",
        "name",
        "kind",
        "mac",
        "mtu",
        "state",
        "driver",
        "configured-as",
        "received",
        "sent",
        "receive-errors",
        "send-errors",
        "addresses",
        "problem",
    ];
    let row = |link: &v1::Link| {
        [
            s(link.index),
            s(&link.name),
            s(&link.kind),
            s(&link.mac),
            s(link.mtu),
            s(&link.state),
            s(&link.driver),
            s(&link.configured_as),
            s(link.received_bytes),
            s(link.sent_bytes),
            s(link.received_errors),
            s(link.sent_errors),
            link.addresses.join(","),
            s(&link.problem),
        ]
    };
    table(names, links.iter().map(row))
}

/// Addresses.
pub fn addresses(addresses: &[v1::Address]) -> String {
    let row = |address: &v1::Address| {
        [
            s(&address.link),
            s(&address.address),
            s(&address.scope),
            s(&address.source),
            s(address.valid_seconds),
        ]
    };
    table(["link", "address", "scope", "source", "valid-seconds"], addresses.iter().map(row))
}

/// Routes.
pub fn routes(routes: &[v1::Route]) -> String {
    let row = |route: &v1::Route| {
        let (via, link, metric) = (s(&route.via), s(&route.link), s(route.metric));
        [s(&route.destination), via, link, metric, s(&route.source), s(&route.preferred_source)]
    };
    table(["destination", "via", "link", "metric", "source", "preferred-source"], routes.iter().map(row))
}

/// Sockets.
pub fn sockets(sockets: &[v1::Socket]) -> String {
    let row = |socket: &v1::Socket| {
        [s(&socket.protocol), s(&socket.state), s(&socket.local), s(&socket.remote), s(socket.uid)]
    };
    table(["protocol", "state", "local", "remote", "uid"], sockets.iter().map(row))
}

/// The start.
pub fn timeline(timeline: &v1::TimelineResponse) -> String {
    let head = pairs([
        ("firmware-ms", s(timeline.firmware_ms)),
        ("loader-ms", s(timeline.loader_ms)),
        ("ready-ms", s(timeline.ready_ms)),
    ]);
    let rows = timeline.steps.iter().map(|step| [s(&step.name), s(step.start_ms), s(step.end_ms)]);
    head + &table(["step", "start-ms", "end-ms"], rows)
}

/// Events.
pub fn events(events: &[v1::Event]) -> String {
    let row = |event: &v1::Event| [rfc3339(event.at_ns), s(&event.kind), s(&event.subject), s(&event.text)];
    table(["at", "kind", "subject", "text"], events.iter().map(row))
}

/// The audit log.
pub fn audit(entries: &[v1::AuditEntry]) -> String {
    let names = ["number", "at", "who", "role", "from", "certificate", "method", "result", "what"];
    let row = |entry: &v1::AuditEntry| {
        [
            s(entry.number),
            rfc3339(entry.at_ns),
            s(&entry.who),
            s(&entry.role),
            s(&entry.from),
            s(&entry.certificate),
            s(&entry.method),
            s(&entry.result),
            s(&entry.what),
        ]
    };
    table(names, entries.iter().map(row))
}
