//! The part of it that is about containers.

use corten_api::v1;

use super::NOW;

fn container(name: &str, state: &str, since_ms: u64) -> v1::ContainerStatus {
    let runs = matches!(state, "ready" | "running");
    v1::ContainerStatus {
        name: name.into(),
        state: state.into(),
        image: "registry.example/library/nginx:1.29".into(),
        image_digest: format!("sha256:{}", "ab".repeat(32)),
        image_from: "store".into(),
        pid: if runs { 812 } else { 0 },
        since_ms,
        memory_bytes: if runs { 14 << 20 } else { 0 },
        cpu_us: 2_300_000,
        processes: u32::from(runs) * 3,
        started_in_ms: 41,
        ..v1::ContainerStatus::default()
    }
}

pub(crate) fn workloads() -> v1::ListWorkloadsResponse {
    let web = v1::WorkloadStatus {
        name: "web".into(),
        state: "back-off".into(),
        essential: true,
        containers: vec![
            container("web/nginx", "ready", 9_990_000),
            v1::ContainerStatus {
                detail: "ended with exit code 2, again in 8 s".into(),
                restarts: 4,
                exit_code: Some(2),
                ..container("web/sidecar", "back-off", 1_200)
            },
        ],
        network: "default".into(),
        addresses: vec!["10.88.0.2/16".into(), "fd00::2/64".into()],
        ports: vec!["0.0.0.0:80->8080/tcp".into()],
        next_run_ns: 0,
    };
    let job = v1::WorkloadStatus {
        name: "backup".into(),
        state: "scheduled".into(),
        containers: vec![v1::ContainerStatus {
            exit_code: Some(0),
            ..container("backup/run", "done", 86_400_000)
        }],
        network: "none".into(),
        next_run_ns: NOW + 3_600_000_000_000,
        ..v1::WorkloadStatus::default()
    };
    let agent = v1::WorkloadStatus {
        name: "metrics".into(),
        state: "pulling".into(),
        containers: vec![v1::ContainerStatus {
            detail: "12 of 40 MiB \u{1b}[31m".into(),
            image_digest: String::new(),
            image_from: String::new(),
            ..container("metrics/agent", "pulling", 4_000)
        }],
        network: "host".into(),
        ..v1::WorkloadStatus::default()
    };
    v1::ListWorkloadsResponse { workloads: vec![web, job, agent], problem: String::new() }
}

pub(crate) fn workloads_with_problem() -> v1::ListWorkloadsResponse {
    v1::ListWorkloadsResponse { workloads: Vec::new(), problem: "containerd does not answer".into() }
}

pub(crate) fn workload() -> v1::InspectWorkloadResponse {
    v1::InspectWorkloadResponse {
        status: workloads().workloads.into_iter().next(),
        settings_json: "{\"essential\":true,\"stop-seconds\":10}".into(),
        specifications_json: [("nginx".to_string(), "{\"ociVersion\":\"1.2.0\"}".to_string())].into(),
    }
}

pub(crate) fn images() -> v1::ListImagesResponse {
    let image = |name: &str, from: &str, used_ns, used_by: &[&str]| v1::Image {
        name: name.into(),
        digest: format!("sha256:{}", "cd".repeat(32)),
        from: from.into(),
        bytes: 61 << 20,
        created_ns: NOW - 86_400_000_000_000,
        used_ns,
        used_by: used_by.iter().map(ToString::to_string).collect(),
        layers: 3,
    };
    v1::ListImagesResponse {
        images: vec![
            image("registry.example/library/nginx:1.29", "store", NOW, &["web/nginx", "web/sidecar"]),
            image("localhost/site:1", "recipe", 0, &[]),
        ],
    }
}

pub(crate) fn volumes() -> v1::ListVolumesResponse {
    let volume = |name: &str, bytes, used_by: &[&str]| v1::Volume {
        name: name.into(),
        used_by: used_by.iter().map(ToString::to_string).collect(),
        bytes,
        created_ns: NOW,
    };
    v1::ListVolumesResponse { volumes: vec![volume("data", 5 << 30, &["web/nginx"]), volume("old", 12, &[])] }
}

pub(crate) fn usage() -> v1::WorkloadStats {
    let usage = |name: &str, cpu_millis, memory_bytes, memory_max_bytes| v1::ContainerUsage {
        name: name.into(),
        cpu_millis,
        memory_bytes,
        memory_max_bytes,
        processes: 3,
        read_bytes: 5 << 20,
        written_bytes: 12 << 10,
        received_bytes: 900,
        sent_bytes: 77 << 20,
    };
    v1::WorkloadStats {
        at_ns: NOW,
        containers: vec![
            usage("web/nginx", 1234, 14 << 20, 0),
            usage("web/sidecar", 7, 250 << 20, 256 << 20),
        ],
    }
}

pub(crate) fn container_lines() -> Vec<v1::ContainerLogLine> {
    let line = |stream: &str, text: &str| v1::ContainerLogLine {
        container: "web/nginx".into(),
        at_ns: NOW,
        stream: stream.into(),
        text: text.into(),
        lost: 0,
    };
    vec![line("stdout", "GET / 200"), line("stderr", "worker \u{1b}[1mstarted")]
}
