//! A fake init with one service, which is started, restarted and stopped.

use std::fs;
use std::sync::{Arc, Mutex};

use corten_config::Settings;
use corten_control::Status;
use proptest::prelude::*;

use super::*;
use crate::reconcile::init::tests::FakeInit;

fn wanted(own: &[&str], offered: &[&str]) -> Wanted {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut settings = Settings::default();
    settings.network.ntp = texts(own);
    Wanted { settings: Arc::new(settings), offered_name: None, offered_ntp: texts(offered) }
}

/// An init whose service `ntp` does what it is told.
fn init(root: &Root, name: &str, state: &Arc<Mutex<State>>) -> FakeInit {
    let (name, state) = (name.to_owned(), state.clone());
    FakeInit::start(root, move |request| {
        let mut state = state.lock().expect("no panic");
        match request {
            Request::Services => {
                let status = Status {
                    name: name.clone(),
                    state: *state,
                    pid: None,
                    since_ms: 0,
                    restarts: 0,
                    found: String::new(),
                };
                return Answer::Services { services: vec![status] }.line();
            }
            Request::StartService { .. } | Request::RestartService { .. } => *state = State::Starting,
            Request::StopService { .. } => *state = State::Stopped,
            _ => return Answer::Refused { why: "not this".into() }.line(),
        }
        Answer::Accepted.line()
    })
}

fn changes(init: &FakeInit) -> Vec<Request> {
    init.asked().into_iter().filter(|request| *request != Request::Services).collect()
}

fn scratch() -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Root::new(folder.path());
    (folder, root)
}

#[tokio::test]
async fn the_service_is_started_restarted_and_stopped_as_servers_come_and_go() {
    let (_folder, root) = scratch();
    let state = Arc::new(Mutex::new(State::Off));
    let init = init(&root, "ntp", &state);
    let mut time = Time::new(root.clone());
    let service = || "ntp".to_owned();
    assert_eq!(Reconcile::reconcile(&mut time, &wanted(&[], &[])).await, []);
    assert_eq!(changes(&init), []);
    // Twice the same is one start.
    for _ in 0..2 {
        assert_eq!(Reconcile::reconcile(&mut time, &wanted(&[], &["192.0.2.1"])).await, []);
        assert_eq!(changes(&init), [Request::StartService { service: service() }]);
    }
    // The configuration's servers stand in the place of those of DHCP.
    assert_eq!(Reconcile::reconcile(&mut time, &wanted(&["time.example.org"], &["192.0.2.1"])).await, []);
    assert_eq!(changes(&init).last(), Some(&Request::RestartService { service: service() }));
    let text = fs::read_to_string(root.path(NTP_CONFIG)).expect("it is there");
    assert!(text.contains("time.example.org") && !text.contains("192.0.2.1"), "{text}");
    // Another agent can't know whether the one before got as far as asking for the restart.
    let asked = changes(&init).len();
    let mut next = Time::new(root.clone());
    for _ in 0..2 {
        assert_eq!(Reconcile::reconcile(&mut next, &wanted(&["time.example.org"], &[])).await, []);
        assert_eq!(changes(&init)[asked..], [Request::RestartService { service: service() }]);
    }
    assert_eq!(Reconcile::reconcile(&mut next, &wanted(&[], &[])).await, []);
    assert_eq!(changes(&init).last(), Some(&Request::StopService { service: service() }));
    assert_eq!(*state.lock().expect("no panic"), State::Stopped);
}

#[tokio::test]
async fn a_node_without_the_service_is_well() {
    let (_folder, root) = scratch();
    let init = init(&root, "other", &Arc::new(Mutex::new(State::Ready)));
    assert_eq!(Reconcile::reconcile(&mut Time::new(root.clone()), &wanted(&["a"], &[])).await, []);
    assert_eq!(changes(&init), []);
}

#[tokio::test]
async fn a_restart_that_was_refused_is_asked_for_again() {
    let (_folder, root) = scratch();
    let mut time = Time::new(root.clone());
    {
        let _init = FakeInit::start(&root, |request| match request {
            Request::Services => {
                let status = Status {
                    name: "ntp".into(),
                    state: State::Ready,
                    pid: Some(7),
                    since_ms: 0,
                    restarts: 0,
                    found: String::new(),
                };
                Answer::Services { services: vec![status] }.line()
            }
            _ => Answer::Refused { why: "going down".into() }.line(),
        });
        let problems = Reconcile::reconcile(&mut time, &wanted(&["a"], &[])).await;
        assert_eq!(problems[0].message, "service ntp: going down");
        assert_eq!(problems[0].key, "network.ntp");
    }
    let init = init(&root, "ntp", &Arc::new(Mutex::new(State::Ready)));
    assert_eq!(Reconcile::reconcile(&mut time, &wanted(&["a"], &[])).await, []);
    assert_eq!(changes(&init), [Request::RestartService { service: "ntp".into() }]);
}

#[test]
fn the_file_is_what_the_service_reads() {
    let servers = ["time.example.org".to_owned(), "192.0.2.1".into(), "2001:db8::1".into()];
    let expected = "\
# Written by corten-agent from the configuration of the node.
[observability]
log-level = \"warn\"

[[source]]
mode = \"server\"
address = \"time.example.org\"

[[source]]
mode = \"server\"
address = \"192.0.2.1\"

[[source]]
mode = \"server\"
address = \"[2001:db8::1]:123\"

[synchronization]
minimum-agreeing-sources = 2
startup-step-panic-threshold = { forward = \"inf\", backward = \"inf\" }
";
    assert_eq!(config(&servers), expected);
}

proptest! {
    #[test]
    fn no_name_breaks_out_of_its_string(name in any::<String>()) {
        let text = config(&[name]);
        prop_assert_eq!(text.matches('"').count(), 10);
        prop_assert_eq!(text.lines().count(), 11);
    }
}
