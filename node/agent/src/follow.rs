//! Tasks that follow what changes and pass it on: to the checks and log targets of the configuration, to those who
//! watch events, to the console, to the port for metrics.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use corten_api::v1::Verdict;
use corten_control::{Answer, Request};
use corten_network::State;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::calls::MetricsText;
use crate::configuration::{InForce, Mode};
use crate::console;
use crate::events::{Events, Kind};
use crate::facts::node;
use crate::health::Verdicts;
use crate::pairing::Pairing;
use crate::present::Present;
use crate::probes::Probes;
use crate::reconcile::init;
use crate::server;
use crate::shipping::{Origin, Shipping};

/// Addresses that are shown on a console.
const MAX_ADDRESSES: usize = 4;
/// Time until what could not be done is tried again: a port that somebody else has, a console that is busy.
const AGAIN: Duration = Duration::from_secs(5);

/// Keeps checks and log targets as the configuration has them, and tells when another one is in force.
pub async fn configuration(
    mut in_force: watch::Receiver<Arc<InForce>>,
    probes: Arc<Probes>,
    shipping: Arc<Shipping>,
    events: Events,
) {
    let mut told = String::new();
    loop {
        let now = Arc::clone(&in_force.borrow_and_update());
        let settings = &now.settings;
        probes.configure(&settings.health);
        let hostname = settings.identity.hostname.clone().unwrap_or_else(|| node::kernel().hostname);
        let origin = Origin { hostname, machine_id: node::machine_id(&crate::root::Root::default()) };
        shipping.configure(&settings.logging, &settings.authorities, &origin);
        let text = describe(&now);
        if text != told {
            eprintln!("{text}");
            events.say(Kind::Configuration, now.generation.to_string(), text.clone());
            told = text;
        }
        if in_force.changed().await.is_err() {
            return;
        }
    }
}

fn describe(in_force: &InForce) -> String {
    let mut text = match &in_force.mode {
        Mode::Configured => format!("configuration {} is in force", in_force.generation),
        Mode::Maintenance { reason } => format!("maintenance: {reason}"),
    };
    if let Some(trial) = &in_force.trial {
        let _ = write!(text, ", {} is on trial", trial.generation);
    }
    for problem in &in_force.problems {
        let _ = write!(text, "; {problem}");
    }
    text
}

/// Tells verdicts to those who ask by gRPC's own health service, and changes to those who watch events.
pub async fn health(mut verdicts: Verdicts, reporter: HealthReporter, events: Events) {
    let mut before: Vec<(String, i32)> = Vec::new();
    let mut verdict = None;
    loop {
        let now = verdicts.now();
        if verdict != Some(now.verdict) {
            let healthy = now.verdict() == Verdict::Healthy;
            let status = if healthy { ServingStatus::Serving } else { ServingStatus::NotServing };
            reporter.set_service_status("", status).await;
            events.say(Kind::Health, "node", word(now.verdict()));
            verdict = Some(now.verdict);
        }
        for check in &now.checks {
            let known = before.iter().find(|(name, _)| *name == check.name);
            if known.is_some_and(|(_, verdict)| *verdict != check.verdict) {
                events.say(
                    Kind::Health,
                    check.name.clone(),
                    format!("{}: {}", word(check.verdict()), check.found),
                );
            }
        }
        before = now.checks.into_iter().map(|check| (check.name, check.verdict)).collect();
        verdicts.changed().await;
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "healthy",
        Verdict::Unhealthy => "unhealthy",
        Verdict::Pending | Verdict::Unspecified => "pending",
    }
}

/// Tells what changes on links.
pub async fn network(mut state: watch::Receiver<Arc<State>>, events: Events) {
    let mut before = Arc::clone(&state.borrow_and_update());
    while state.changed().await.is_ok() {
        let now = Arc::clone(&state.borrow_and_update());
        for (name, link) in &now.links {
            if before.links.get(name) == Some(link) {
                continue;
            }
            let addresses: Vec<String> =
                link.addresses.iter().map(|address| address.address.to_string()).collect();
            let mut text = if addresses.is_empty() { "no address".into() } else { addresses.join(", ") };
            if let Some(problem) = &link.problem {
                let _ = write!(text, "; {problem}");
            }
            events.say(Kind::Network, name.clone(), text);
        }
        for name in before.links.keys().filter(|name| !now.links.contains_key(*name)) {
            events.say(Kind::Network, name.clone(), "gone");
        }
        before = now;
    }
}

/// Shows a person at the console how to reach the node: in maintenance with the code, else, where the certificate is
/// the node's own, what it is known by; and what is wrong in its configuration.
pub async fn console(present: Present, pairing: Arc<Pairing>, port: u16) {
    let (mut in_force, mut network, mut door) =
        (present.in_force.clone(), present.network.clone(), present.door.clone());
    let mut shown = Vec::new();
    loop {
        let lines = lines(&present, &pairing, port);
        let mut again = None;
        if lines != shown && !lines.is_empty() {
            match init::ask(&present.root, &Request::Show { lines: lines.clone() }).await {
                Ok(Answer::Accepted) => shown = lines,
                // A person may be waiting for it, so it is tried until it is there.
                Ok(_) | Err(_) => again = Some(AGAIN),
            }
        }
        let again = async {
            match again {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = again => {}
            Ok(()) = in_force.changed() => {}
            Ok(()) = network.changed() => {}
            Ok(()) = door.changed() => {}
            () = pairing.closes() => {}
            else => return,
        }
    }
}

fn lines(present: &Present, pairing: &Pairing, port: u16) -> Vec<String> {
    let in_force = Arc::clone(&present.in_force.borrow());
    let network = Arc::clone(&present.network.borrow());
    let Some(fingerprint) = present.door.borrow().fingerprint else { return Vec::new() };
    let addresses = network.links.values().flat_map(|link| &link.addresses);
    let addresses: Vec<String> =
        addresses.take(MAX_ADDRESSES).map(|address| address.address.addr().to_string()).collect();
    match (&in_force.mode, pairing.code()) {
        (Mode::Maintenance { reason }, Some(code)) => {
            console::pairing(&code, &fingerprint, reason, (&addresses, port))
        }
        (Mode::Maintenance { reason }, None) => console::closed(reason),
        (Mode::Configured, _) => {
            let mut lines = console::problems(&in_force.problems);
            if in_force.settings.api.certificate.is_none() && !addresses.is_empty() {
                lines.extend(console::fingerprint(&fingerprint, &addresses, port));
            }
            lines
        }
    }
}

/// Serves metrics on the port that the configuration names, as long as it names it.
pub async fn metrics_port(present: Present) {
    let mut in_force = present.in_force.clone();
    let mut serving: Option<(u16, JoinHandle<()>)> = None;
    loop {
        let wanted = in_force.borrow_and_update().settings.metrics_port;
        if serving.as_ref().map(|(port, _)| *port) != wanted {
            if let Some((_, task)) = serving.take() {
                task.abort();
            }
            serving = wanted.map(|port| (port, tokio::spawn(serve_metrics(present.clone(), port))));
        }
        if in_force.changed().await.is_err() {
            return;
        }
    }
}

async fn serve_metrics(present: Present, port: u16) {
    let listener = loop {
        match server::listen(port).await {
            Ok(listener) => break listener,
            Err(error) => {
                let port = SocketAddr::from(([0, 0, 0, 0], port));
                eprintln!("metrics on {port}: {error}");
                tokio::time::sleep(AGAIN).await;
            }
        }
    };
    let (door, connections) = (present.door.clone(), present.connections.clone());
    let text = move || {
        let text = MetricsText(present.clone());
        async move { text.read().await }
    };
    server::serve_metrics(listener, door, connections, text).await;
}
