//! What nodes might answer, for tests.

mod containers;
mod told;

use corten_api::v1;

pub(crate) use containers::{
    container_lines, images, usage, volumes, workload, workloads, workloads_with_problem,
};
pub(crate) use told::{audit, checked, checked_with_problems, configuration, events, history, log_lines};

/// 2026-11-30T00:53:20.123Z.
pub(crate) const NOW: i64 = 1_796_000_000_123_456_789;

pub(crate) fn info() -> v1::InfoResponse {
    v1::InfoResponse {
        hostname: "node-4".into(),
        labels: [("rack".into(), "4".into()), ("zone".into(), "b".into())].into(),
        machine_id: "0123456789abcdef0123456789abcdef".into(),
        mode: v1::Mode::Configured.into(),
        version: "1.4.2".into(),
        os: "container-host".into(),
        root_hash: "ab".repeat(32),
        kernel: "6.12.57".into(),
        architecture: "x86_64".into(),
        secure_boot: true,
        booted_at: 1_795_990_000,
        uptime_seconds: 10_000,
        now_ns: NOW,
        processors: 2,
        memory_bytes: 1 << 30,
        memory_used_bytes: 300 << 20,
        load_1: 0.42,
        load_5: 0.3,
        load_15: 0.25,
        fingerprint: "cd".repeat(32),
        agent: "0.1.0".into(),
        processes: 17,
        ..v1::InfoResponse::default()
    }
}

pub(crate) fn in_maintenance() -> v1::InfoResponse {
    v1::InfoResponse {
        mode: v1::Mode::Maintenance.into(),
        reason: "there is no configuration: neither the image nor the platform has one".into(),
        ..info()
    }
}

pub(crate) fn health() -> v1::HealthResponse {
    let check = |name: &str, verdict: v1::Verdict, found: &str| v1::Check {
        name: name.into(),
        verdict: verdict.into(),
        found: found.into(),
        at_ns: NOW,
    };
    v1::HealthResponse {
        verdict: v1::Verdict::Unhealthy.into(),
        checks: vec![
            check("service/containerd", v1::Verdict::Healthy, "version 2.1.4, 12 plugins"),
            check("configuration", v1::Verdict::Pending, "not applied yet"),
            check("check/gateway", v1::Verdict::Unhealthy, "no answer from 192.0.2.1 in 3 s"),
        ],
    }
}

pub(crate) fn services() -> v1::ListServicesResponse {
    let service = |name: &str, state: &str, pid: u32, since_ms: u64| v1::ServiceStatus {
        name: name.into(),
        state: state.into(),
        pid,
        since_ms,
        memory_bytes: u64::from(pid) * 90_000,
        cpu_us: since_ms * 20,
        processes: u32::from(pid > 0),
        ..v1::ServiceStatus::default()
    };
    let broken = v1::ServiceStatus {
        restarts: 4,
        found: "exited with 1: no such file: /etc/thing".into(),
        ..service("thing", "back-off", 0, 2_300)
    };
    let containerd =
        v1::ServiceStatus { found: "version 2.1.4".into(), ..service("containerd", "ready", 412, 9_990_000) };
    v1::ListServicesResponse {
        services: vec![
            service("corten-agent", "ready", 130, 9_995_000),
            service("corten-network", "ready", 131, 9_996_000),
            containerd,
            broken,
        ],
    }
}

pub(crate) fn service() -> v1::InspectServiceResponse {
    v1::InspectServiceResponse {
        status: services().services.into_iter().nth(2),
        exec: vec!["/usr/bin/containerd".into(), "--config".into(), "/etc/containerd/config.toml".into()],
        after: vec!["state".into()],
        uid: 0,
        gid: 0,
        capabilities: vec!["CAP_SYS_ADMIN".into(), "CAP_NET_ADMIN".into()],
        processes: vec![412, 450],
    }
}

pub(crate) fn processes() -> v1::ListProcessesResponse {
    let process = |pid, parent, name: &str, service: &str| v1::Process {
        pid,
        parent,
        name: name.into(),
        command: if pid == 9 { String::new() } else { format!("/usr/bin/{name} --flag") },
        state: "S".into(),
        uid: if pid == 130 { 901 } else { 0 },
        threads: 3,
        memory_bytes: u64::from(pid) * 100_000,
        cpu_ms: u64::from(pid) * 17,
        started_ms: 900,
        service: service.into(),
    };
    v1::ListProcessesResponse {
        processes: vec![
            process(1, 0, "corten-init", ""),
            process(450, 412, "shim", "containerd"),
            process(412, 1, "containerd", "containerd"),
            process(130, 1, "corten-agent", "corten-agent"),
            process(9, 1, "worker", ""),
        ],
    }
}

pub(crate) fn disks() -> v1::ListDisksResponse {
    let partition = |name: &str, label: &str, bytes| v1::DiskPartition {
        name: name.into(),
        label: label.into(),
        uuid: "6a7f6a7f-0000-4000-8000-000000000001".into(),
        bytes,
    };
    v1::ListDisksResponse {
        disks: vec![
            v1::Disk {
                name: "vda".into(),
                bytes: 8 << 30,
                system: true,
                partitions: vec![
                    partition("vda1", "esp", 512 << 20),
                    partition("vda2", "root-a", 1 << 30),
                    partition("vda6", "state", 5 << 30),
                ],
                read_bytes: 123_456_789,
                written_bytes: 4_567_890,
                ..v1::Disk::default()
            },
            v1::Disk {
                name: "sr0".into(),
                model: "QEMU DVD-ROM".into(),
                serial: "QM00001".into(),
                bytes: 366 << 10,
                read_only: true,
                removable: true,
                ..v1::Disk::default()
            },
        ],
    }
}

pub(crate) fn mounts() -> v1::ListMountsResponse {
    let mount = |source: &str, target: &str, kind: &str, options: &str, bytes, used_bytes| v1::Mount {
        source: source.into(),
        target: target.into(),
        kind: kind.into(),
        options: options.split(',').map(str::to_owned).collect(),
        bytes,
        used_bytes,
        available_bytes: bytes - used_bytes,
    };
    v1::ListMountsResponse {
        mounts: vec![
            mount("/dev/mapper/root", "/", "erofs", "ro,relatime", 200 << 20, 200 << 20),
            mount("/dev/vda6", "/var", "ext4", "rw,nosuid,nodev", 5 << 30, 4900 << 20),
            mount("proc", "/proc", "proc", "rw,nosuid,nodev,noexec", 0, 0),
        ],
    }
}

pub(crate) fn links() -> v1::ListLinksResponse {
    v1::ListLinksResponse {
        links: vec![
            v1::Link {
                index: 1,
                name: "lo".into(),
                kind: "loopback".into(),
                mtu: 65_536,
                state: "unknown".into(),
                addresses: vec!["127.0.0.1/8".into(), "::1/128".into()],
                received_bytes: 2_048,
                sent_bytes: 2_048,
                ..v1::Link::default()
            },
            v1::Link {
                index: 2,
                name: "enp0s2".into(),
                kind: "ethernet".into(),
                mac: "52:54:00:12:34:56".into(),
                mtu: 1_500,
                state: "up".into(),
                driver: "virtio_net".into(),
                configured_as: "lan".into(),
                addresses: vec!["10.0.2.15/24".into()],
                received_bytes: 123_456_789,
                sent_bytes: 4_567_890,
                received_errors: 3,
                ..v1::Link::default()
            },
            v1::Link {
                index: 3,
                name: "enp0s3".into(),
                kind: "ethernet".into(),
                mac: "52:54:00:12:34:57".into(),
                mtu: 1_500,
                state: "down".into(),
                configured_as: "storage".into(),
                problem: "no carrier".into(),
                ..v1::Link::default()
            },
        ],
        dns: vec!["10.0.2.3".into()],
        search: vec!["example.org".into()],
        ntp: Vec::new(),
    }
}

pub(crate) fn addresses() -> v1::ListAddressesResponse {
    let address = |link: &str, address: &str, scope: &str, source: &str, valid_seconds| v1::Address {
        link: link.into(),
        address: address.into(),
        scope: scope.into(),
        source: source.into(),
        valid_seconds,
    };
    v1::ListAddressesResponse {
        addresses: vec![
            address("lo", "127.0.0.1/8", "host", "kernel", 0),
            address("enp0s2", "10.0.2.15/24", "global", "dhcp4", 86_000),
            address("enp0s2", "fe80::5054:ff:fe12:3456/64", "link", "slaac", 0),
        ],
    }
}

pub(crate) fn routes() -> v1::ListRoutesResponse {
    let route = |destination: &str, via: &str, source: &str, metric| v1::Route {
        destination: destination.into(),
        via: via.into(),
        link: "enp0s2".into(),
        metric,
        source: source.into(),
        preferred_source: "10.0.2.15".into(),
    };
    v1::ListRoutesResponse {
        routes: vec![route("default", "10.0.2.2", "dhcp", 100), route("10.0.2.0/24", "", "kernel", 100)],
    }
}

pub(crate) fn sockets() -> v1::ListSocketsResponse {
    let socket = |protocol: &str, local: &str, remote: &str, state: &str, uid| v1::Socket {
        protocol: protocol.into(),
        local: local.into(),
        remote: remote.into(),
        state: state.into(),
        uid,
    };
    v1::ListSocketsResponse {
        sockets: vec![
            socket("tcp6", "[::]:7443", "", "LISTEN", 901),
            socket("tcp", "10.0.2.15:7443", "10.0.2.2:41234", "ESTAB", 901),
            socket("udp", "0.0.0.0:68", "", "UNCONN", 902),
        ],
    }
}

pub(crate) fn metrics() -> v1::GetMetricsResponse {
    let text = "# TYPE corten_maintenance gauge\ncorten_maintenance 0\n# EOF\n";
    v1::GetMetricsResponse { text: text.into() }
}

pub(crate) fn timeline() -> v1::TimelineResponse {
    let step = |name: &str, start_ms, end_ms| v1::Step { name: name.into(), start_ms, end_ms };
    v1::TimelineResponse {
        steps: vec![
            step("kernel", 0, 720),
            step("stage1", 720, 1_310),
            step("mounts", 1_310, 1_312),
            step("state", 1_312, 1_650),
            step("service.corten-network", 1_650, 1_900),
            step("service.containerd", 1_650, 4_100),
            step("service.with-a-name-that-is-too-long", 4_100, 4_200),
        ],
        firmware_ms: 2_100,
        loader_ms: 350,
        ready_ms: 4_250,
    }
}
