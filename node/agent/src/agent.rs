//! The agent as a whole: opens what it needs, starts what it does, gives up what it does not need, says that it is
//! ready, and serves until it is told to stop.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use corten_api::identity::Identity;
use corten_api::role::Role;
use corten_api::tls::TlsError;
use corten_control::{Request, SOCKET};
use corten_sandbox::SandboxError;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::arguments::Arguments;
use crate::audit::Audit;
use crate::calls;
use crate::certificate::{self, CertificateError};
use crate::configuration::{Engine, SystemClock};
use crate::containers::{self, Containers, Known};
use crate::events::{Events, Kind};
use crate::health::Verdicts;
use crate::logs::{DEFAULT_BYTES, Journal, follow};
use crate::pairing::Pairing;
use crate::present::Present;
use crate::probes::Probes;
use crate::reconcile::{self, init};
use crate::root::Root;
use crate::sandbox;
use crate::server::{self, Connections, Counts, Gate, Refusals, UnderWay};
use crate::shipping::Shipping;
use crate::time::now_seconds;
use crate::{follow as following, random, room, services, threshold};

/// The agent's own directory on the state.
const OWN: &str = "/var/lib/corten/agent";
/// What is kept of pairing for this start of the node.
const PAIRING: &str = "/run/corten/agent/pairing.json";
/// Where init puts what the machine brings along, once it has looked for it.
const PLATFORM: &str = "/run/corten/config";
/// Time that it has, and time between two looks.
const PLATFORM_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// Time that calls have to end when the agent is told to stop, and their answers to leave.
const STOP_WITHIN: Duration = Duration::from_secs(5);
const LAST_ANSWERS: Duration = Duration::from_millis(200);

/// Why the agent does not run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The system refused something that it can't do without.
    #[error("{what}: {error}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        error: io::Error,
    },
    /// There is no certificate to show.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The certificate can't be used.
    #[error("the node's own certificate: {0}")]
    Tls(#[from] TlsError),
    /// It keeps rights that it should not have.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> AgentError {
    move |error| AgentError::System { what, error }
}

/// Runs the agent until it is told to stop.
pub fn run(arguments: Arguments) -> Result<(), AgentError> {
    // First, since it holds for this thread and those that it starts.
    sandbox::enter(&Root::new(&arguments.root))?;
    // One thread: everything waits for something nearly all of the time. What waits for a disk has threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Facts and the disk; more than these at a time would only be more memory.
        .max_blocking_threads(8)
        .build()
        .map_err(system("starting"))?;
    runtime.block_on(serve(arguments))
}

async fn serve(Arguments { root, port }: Arguments) -> Result<(), AgentError> {
    let root = Root::new(root);
    let mut stop = signal(SignalKind::terminate()).map_err(system("taking signals"))?;
    let mut bytes = [0; 8];
    random::fill(&mut bytes).map_err(system("random numbers"))?;

    let events = Events::default();
    let journal = Journal::new(DEFAULT_BYTES);
    let own = own_certificate(&root)?;
    let listener = server::listen(port).await.map_err(system("listening"))?;
    let port = listener.local_addr().map_or(port, |address| address.port());
    platform(&root).await;
    let engine = Engine::open(root.clone(), SystemClock).await;
    let in_force = engine.in_force();

    let (services_sender, services) = watch::channel(Arc::default());
    tokio::spawn(services::follow(root.clone(), services_sender, events.clone()));
    let door = threshold::open(own, in_force.clone(), events.clone())?;
    let network = reconcile::start(&root, &engine, port);
    let probes = Arc::new(Probes::default());
    let containers = Containers::new(root.clone());
    let (known, workloads) = watch::channel(Arc::<Known>::default());
    let of_containers = Journal::new(containers::KEPT_BYTES);
    let shipping = Arc::new(Shipping::new([journal.clone(), of_containers.clone()], root.clone()));
    let verdicts = Verdicts {
        services: services.clone(),
        in_force: in_force.clone(),
        probed: probes.changes(),
        probes: Arc::clone(&probes),
        workloads: workloads.clone(),
        state: root.path(room::STATE),
    };
    let present = Present {
        root: root.clone(),
        in_force: in_force.clone(),
        services,
        network: network.clone(),
        verdicts: verdicts.clone(),
        door: door.clone(),
        connections: Connections::default(),
        counts: Counts::default(),
        shipping: Arc::clone(&shipping),
        journal: journal.clone(),
        containers: containers.clone(),
        workloads,
        events: events.clone(),
        audit: Audit::open(&root.path(OWN).join("audit")),
    };
    let pairing = Arc::new(Pairing::open(&root.path(PAIRING), bytes));
    let (health, health_calls) = tonic_health::server::health_reporter();
    let gate = Gate {
        routes: calls::routes(&present, &engine, &pairing, health_calls),
        door: door.clone(),
        audit: present.audit.clone(),
        events: events.clone(),
        counts: present.counts.clone(),
        refusals: Refusals::default(),
        under_way: UnderWay::default(),
    };

    for role in Role::ALL {
        let folder = root.path(server::LOCAL_FOLDER);
        match server::bind_local(&folder, role) {
            Ok(listener) => drop(tokio::spawn(server::serve_local(listener, role, gate.clone()))),
            Err(error) => eprintln!("{}: {role}: {error}", folder.display()),
        }
    }
    let log = (journal, root.clone());
    tokio::spawn(async move { eprintln!("{}", follow(&log.0, &log.1).await) });
    let own = containers.own();
    tokio::spawn(containers::watch(own.clone(), in_force.clone(), known, events.clone()));
    tokio::spawn(containers::lines(own, in_force.clone(), of_containers, root.clone()));
    tokio::spawn(following::configuration(in_force.clone(), probes, shipping, events.clone()));
    tokio::spawn(following::health(verdicts, health, events.clone()));
    tokio::spawn(following::network(network.clone(), events.clone()));
    tokio::spawn(following::console(present.clone(), pairing, port));
    tokio::spawn(following::metrics_port(present.clone()));
    let connections = present.connections.clone();
    let under_way = gate.under_way.clone();
    let serving = tokio::spawn(server::serve(listener, door, connections, gate));
    let found = format!("API on port {port}");
    events.say(Kind::Node, "agent", found.clone());
    // A program that is started by hand has no init to tell.
    if let Err(error) = init::ask(&root, &Request::Ready { found: found.clone() }).await {
        eprintln!("{found}; {error}");
    }
    stop.recv().await;
    // Who asked for the stop, by way of init, is still to be answered, and that it was asked for to be written down.
    serving.abort();
    let ended = async {
        under_way.ended().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    let _ = tokio::time::timeout(STOP_WITHIN, ended).await;
    Ok(())
}

/// Waits until init has collected what the machine brings along, but not for ever: a disk that does not answer must not
/// keep anybody from the API. What comes later is taken in then.
async fn platform(root: &Root) {
    let folder = root.path(PLATFORM);
    let start = Instant::now();
    while !folder.exists() && root.path(SOCKET).exists() && start.elapsed() < PLATFORM_WITHIN {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The certificate that the node made itself. One that can't be kept is good for this start.
fn own_certificate(root: &Root) -> Result<Identity, AgentError> {
    let folder: PathBuf = root.path(OWN);
    match certificate::own(&folder, now_seconds()) {
        Err(CertificateError::Keep { path, error }) => {
            eprintln!("{}: {error}: the node shows a certificate that it does not keep", path.display());
            Ok(certificate::made(now_seconds())?)
        }
        other => Ok(other?),
    }
}
