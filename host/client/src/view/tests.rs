//! Tables, JSON and YAML of each answer, as snapshots.

use corten_api::error::ApiError;
use proptest::prelude::*;
use tonic::Code;

use super::*;
use crate::connection::NodeError;
use crate::contexts::NodeName;

fn name(text: &str) -> NodeName {
    text.parse().expect("a name")
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// How something is shown for one node, for one on a terminal, for two, and to programs.
fn shown<V: View>(response: &(impl Into<V> + Clone)) -> String {
    let view = || -> V { response.clone().into() };
    let answer = |node: &str| Answer { node: name(node), result: Ok(view()) };
    let one = [answer("lab")];
    let two = [answer("lab"), answer("other")];
    let wide = print(&one, Output::Table, Width::Unlimited).out;
    let narrow = print(&one, Output::Table, Width::Letters(60)).out;
    let several = print(&two, Output::Table, Width::Unlimited).out;
    let yaml = print(&one, Output::Yaml, Width::Unlimited).out;
    let json = print(&one, Output::Json, Width::Unlimited).out;
    let read: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(read[0]["result"], serde_json::to_value(view()).expect("it has a form"));
    assert_eq!(read[0]["node"], "lab");
    plain(&format!("{wide}\n--- 60 columns\n{narrow}\n--- two nodes\n{several}\n--- yaml\n{yaml}"))
}

macro_rules! shows {
    ($($test:ident: $view:ident of $sample:ident;)*) => {
        $(
            #[test]
            fn $test() {
                insta::assert_snapshot!(shown::<$view>(&samples::$sample()));
            }
        )*
    };
}

shows! {
    info_is_shown: Info of info;
    maintenance_is_shown: Info of in_maintenance;
    health_is_shown: Health of health;
    services_are_shown: Services of services;
    one_service_is_shown: ServiceDetail of service;
    processes_are_shown: Processes of processes;
    disks_are_shown: Disks of disks;
    mounts_are_shown: Mounts of mounts;
    links_are_shown: Links of links;
    addresses_are_shown: Addresses of addresses;
    routes_are_shown: Routes of routes;
    sockets_are_shown: Sockets of sockets;
    workloads_are_shown: Workloads of workloads;
    a_problem_of_all_workloads_is_shown: Workloads of workloads_with_problem;
    containers_are_shown: Containers of workloads;
    images_are_shown: Images of images;
    volumes_are_shown: Volumes of volumes;
    usage_is_shown: Usage of usage;
    metrics_are_shown: Metrics of metrics;
    a_timeline_is_drawn: Timeline of timeline;
    a_configuration_is_shown: Configuration of configuration;
    differences_are_shown: Checked of checked;
    problems_are_shown: Checked of checked_with_problems;
    history_is_shown: History of history;
}

#[test]
fn origins_are_shown() {
    let origins = Origins(samples::configuration().into());
    insta::assert_snapshot!(plain(&origins.alone(Width::Unlimited)));
}

#[test]
fn one_workload_is_shown() {
    let detail = || WorkloadDetail::from(samples::workload());
    let alone = detail().alone(Width::Unlimited);
    let answer = [Answer { node: name("lab"), result: Ok(detail()) }];
    let yaml = print(&answer, Output::Yaml, Width::Unlimited).out;
    insta::assert_snapshot!(plain(&format!("{alone}--- yaml\n{yaml}")));
}

#[test]
fn images_that_a_node_got_are_shown() {
    let got = |name: &str| Got { name: name.into(), digest: format!("sha256:{}", "ab".repeat(32)) };
    let shown =
        [vec![got("registry.example/web:1")], Vec::new()].map(|all| GotImages(all).alone(Width::Unlimited));
    insta::assert_snapshot!(plain(&shown.join("--- nothing\n")));
}

#[test]
fn the_audit_log_is_shown() {
    let audit: Audit = samples::audit().into_iter().collect();
    insta::assert_snapshot!(plain(&audit.alone(Width::Unlimited)));
}

#[test]
fn what_was_done_is_shown() {
    let done = Done::new("the node restarts").of_start("5f3a".into());
    let answers = [Answer { node: name("lab"), result: Ok(done) }];
    let table = print(&answers, Output::Table, Width::Unlimited).out;
    let json = print(&answers, Output::Json, Width::Unlimited).out;
    insta::assert_snapshot!(format!("{table}{json}"));
}

#[test]
fn lines_are_shown_as_they_come() {
    let mut out = String::new();
    for item in samples::log_lines().into_iter().map(LogLine::from) {
        out.push_str(&line(None, &item, Width::Unlimited));
        out.push_str(&line(Some("lab"), &item, Width::Letters(60)));
        out.push_str(&entry(&name("lab"), &item, Output::Json));
    }
    for item in samples::container_lines().into_iter().map(LogLine::from) {
        out.push_str(&line(None, &item, Width::Unlimited));
        out.push_str(&entry(&name("lab"), &item, Output::Json));
    }
    for item in samples::events().into_iter().map(Event::from) {
        out.push_str(&line(None, &item, Width::Unlimited));
        out.push_str(&entry(&name("lab"), &item, Output::Yaml));
    }
    insta::assert_snapshot!(plain(&out));
}

#[test]
fn a_timeline_is_as_wide_as_there_is_room() {
    let timeline = Timeline::from(samples::timeline());
    let drawn = [40, 120].map(|width| plain(&timeline.alone(Width::Letters(width))));
    insta::assert_snapshot!(drawn.join("\n"));
    let longest = drawn.map(|text| text.lines().map(|line| line.chars().count()).max());
    assert!(longest[1] <= Some(120));
}

fn failed(node: &str, error: NodeError) -> Answer<Services> {
    Answer { node: name(node), result: Err(error) }
}

fn refused() -> NodeError {
    NodeError::Refused { address: "192.0.2.9:7443".parse().expect("an address") }
}

#[test]
fn who_fails_is_told_beside_those_who_answer() {
    let answers = [
        Answer { node: name("lab"), result: Ok(Services::from(samples::services())) },
        failed("gone", refused()),
        failed(
            "shy",
            NodeError::Answered(ApiError::new(Code::PermissionDenied, "services are for readers", "")),
        ),
    ];
    let told = [Output::Table, Output::Json].map(|form| {
        let printed = print(&answers, form, Width::Letters(80));
        assert_eq!(printed.reach, Reach::Some);
        plain(&format!("{}--- on standard error\n{}", printed.out, printed.err))
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_exit_code_tells_some_from_none_and_none_from_refusals() {
    let refusal = || NodeError::Answered(ApiError::new(Code::PermissionDenied, "no", ""));
    assert_eq!(reach(&[failed("a", refused())]), Reach::None(Failure::Unreached));
    assert_eq!(reach(&[failed("a", refusal()), failed("b", refused())]), Reach::None(Failure::Answered));
    assert_eq!(reach(&[] as &[Answer<()>]), Reach::All);
}

#[test]
fn known_nodes_are_shown_without_asking_them() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("contexts.toml");
    let pinned = "0a".repeat(32);
    let text = format!(
        "current = \"lab\"\n[nodes.lab]\naddress = \"192.0.2.4\"\nauthority = \"/k/a.pem\"\n\
         certificate = \"/k/c.pem\"\nkey = \"/k/c.key\"\nnote = \"rack 4\"\n\
         [nodes.new]\naddress = \"[::1]:1\"\nfingerprint = \"{pinned}\"\n"
    );
    std::fs::write(&path, text).expect("it is written");
    let known = crate::contexts::Contexts::load(&path).expect("it is right");
    let shown =
        [Output::Table, Output::Json, Output::Yaml].map(|form| contexts(&known, form, Width::Unlimited));
    insta::assert_snapshot!(plain(&shown.join("\n")));
}

proptest! {
    #[test]
    fn any_timeline_is_drawn(
        steps in proptest::collection::vec(("[a-z\u{1b}]{0,30}", any::<u64>(), any::<u64>()), 0..6),
        ready_ms: u64,
        width in 0usize..200,
    ) {
        let steps = steps.into_iter().map(|(name, start_ms, end_ms)| corten_api::v1::Step { name, start_ms, end_ms });
        let response = corten_api::v1::TimelineResponse {
            steps: steps.collect(),
            ready_ms,
            ..corten_api::v1::TimelineResponse::default()
        };
        let timeline = Timeline::from(response);
        let drawn = plain(&timeline.alone(Width::Letters(width)));
        let clean = !drawn.contains('\u{1b}');
        prop_assert!(clean);
    }

    #[test]
    fn any_processes_are_all_shown(pairs in proptest::collection::vec((1u32..9, 0u32..9), 0..12)) {
        let processes = pairs.iter().map(|(pid, parent)| corten_api::v1::Process {
            pid: *pid,
            parent: *parent,
            name: "x".into(),
            ..corten_api::v1::Process::default()
        });
        let processes = corten_api::v1::ListProcessesResponse { processes: processes.collect() };
        let shown = Processes::from(processes).alone(Width::Unlimited);
        prop_assert_eq!(plain(&shown).lines().count(), pairs.len() + 1);
    }
}
