//! All reconcilers together on a scratch root, with an init that does what it is told to.

use std::fs;
use std::sync::Mutex;
use std::time::Duration;

use corten_config::{Document, Format, Problem};
use corten_control::{Answer, Request, SYSTEM_PATH, State as ServiceState, Status, System};
use corten_network::Order;
use tokio::time::Instant;

use super::init::tests::FakeInit;
use super::inputs::Wanted;
use super::keep::{Reconcile, problem};
use super::*;
use crate::configuration::{SystemClock, When};

fn scratch() -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Root::new(folder.path());
    (folder, root)
}

/// An init with a time service that is off.
fn init(root: &Root) -> FakeInit {
    FakeInit::start(root, |request| match request {
        Request::Services => {
            let status = Status {
                name: "ntp".into(),
                state: ServiceState::Off,
                pid: None,
                since_ms: 0,
                restarts: 0,
                found: String::new(),
            };
            Answer::Services { services: vec![status] }.line()
        }
        _ => Answer::Accepted.line(),
    })
}

fn document(text: &str) -> Document {
    Document { name: "node.toml".into(), format: Format::Toml, text: format!("version = 1\n{text}") }
}

/// Waits until something is so; time goes by itself here.
async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..40_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain for {what}");
}

#[tokio::test(start_paused = true)]
async fn the_node_becomes_what_its_configuration_says() {
    let (_folder, root) = scratch();
    let init = init(&root);
    let engine = Engine::open(root.clone(), SystemClock).await;
    let state = start(&root, &engine, 7443);
    let order = || Order::read(root.folder()).ok().flatten();
    let system = || fs::read(root.path(SYSTEM_PATH)).ok().and_then(|bytes| System::parse(&bytes).ok());
    until("a first order", || order().is_some() && system().is_some()).await;
    let text = "identity.hostname = \"a\"\n[network]\nntp = [\"192.0.2.1\"]\n[metrics]\nport = 9100\n\
                [kernel.sysctl]\n\"vm.swappiness\" = 10\n";
    engine.apply(document(text), When::Now, "").await.expect("sound");
    until("the order", || order().is_some_and(|order| order.hostname.as_deref() == Some("a"))).await;
    assert_eq!(order().expect("an order").api_ports, [7443, 9100]);
    until("the system", || system().is_some_and(|system| system.sysctl.contains_key("vm.swappiness"))).await;
    until("the time", || init.asked().contains(&Request::StartService { service: "ntp".into() })).await;
    assert!(root.path(NTP_CONFIG).exists() && !root.path(AUTHORITIES).exists());
    // What DHCP offers counts where the configuration says nothing.
    let offered = State { hostname: Some("offered".into()), ..State::default() };
    offered.write(root.folder()).expect("it can be written");
    engine.apply(document(""), When::Now, "").await.expect("sound");
    until("the name", || system().is_some_and(|it| it.hostname.as_deref() == Some("offered"))).await;
    assert_eq!(state.borrow().hostname.as_deref(), Some("offered"));
    // What the machine brings along late counts as well.
    let folder = root.path("/run/corten/config");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("20-volume-a.toml"), "version = 1\nidentity.hostname = \"late\"\n")
        .expect("writable");
    until("the late name", || system().is_some_and(|it| it.hostname.as_deref() == Some("late"))).await;
}

/// Fails a few times.
struct Flaky {
    failures: usize,
    tried: Arc<Mutex<Vec<Instant>>>,
}

impl Reconcile for Flaky {
    const NAME: &'static str = "flaky";

    async fn reconcile(&mut self, _wanted: &Wanted) -> Vec<Problem> {
        self.tried.lock().expect("no panic").push(Instant::now());
        if self.failures == 0 {
            return Vec::new();
        }
        self.failures -= 1;
        vec![problem("", "not yet".into())]
    }
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_with_growing_pauses() {
    let (_folder, root) = scratch();
    let engine = Engine::open(root.clone(), SystemClock).await;
    let (_sender, state) = watch::channel(Arc::new(State::default()));
    let tried = Arc::new(Mutex::new(Vec::new()));
    let flaky = Flaky { failures: 11, tried: tried.clone() };
    tokio::spawn(keep(flaky, Inputs::new(engine.in_force(), state), engine.clone()));
    let told = || engine.in_force().borrow().problems.iter().any(|problem| problem.message == "not yet");
    until("the problem", told).await;
    until("its end", || !told()).await;
    tokio::time::sleep(Duration::from_hours(1)).await;
    let tried = tried.lock().expect("no panic").clone();
    let pauses: Vec<_> = tried.windows(2).map(|two| (two[1] - two[0]).as_secs()).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
}
