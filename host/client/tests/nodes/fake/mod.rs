//! A node that listens on a port of loopback and makes its answers up.

mod config;
mod images;
pub mod lines;
mod node;
mod stream;
pub mod workloads;

use std::net::{SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use corten_api::identity::{Authority, Certificate, Fingerprint, Identity, certificates, self_signed_node};
use corten_api::pairing::Code;
use corten_api::role::Role;
use corten_api::tls::Trust as Clients;
use corten_api::v1::config_server::ConfigServer;
use corten_api::v1::events_server::EventsServer;
use corten_api::v1::images_server::ImagesServer;
use corten_api::v1::logs_server::LogsServer;
use corten_api::v1::node_server::NodeServer;
use corten_api::v1::support_server::SupportServer;
use corten_api::v1::volumes_server::VolumesServer;
use corten_api::v1::workloads_server::WorkloadsServer;
use corten_api::v1::{ApplyConfigRequest, ReadLogsRequest};
use corten_client::contexts::{Credentials, Node, Trust};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tonic::transport::Server;

/// Days that what is made here is valid.
const DAYS: u32 = 10;

/// An authority and the folder that its files are in.
pub struct Owner {
    pub authority: Authority,
    pub folder: tempfile::TempDir,
}

impl Owner {
    pub fn new() -> Self {
        let name = "owner".parse().expect("a name");
        let authority = Authority::generate(&name, now(), 2 * DAYS).expect("an authority");
        let folder = tempfile::tempdir().expect("temporary folder");
        std::fs::write(folder.path().join("authority.pem"), &authority.identity().chain)
            .expect("it is written");
        Self { authority, folder }
    }

    /// Files of a client.
    pub fn client(&self, role: Role) -> Credentials {
        let name = format!("a-{role}").parse().expect("a name");
        let identity = self.authority.client(&name, role, now(), DAYS).expect("a client");
        self.files(role.name(), &identity)
    }

    pub fn files(&self, name: &str, identity: &Identity) -> Credentials {
        let [certificate, key] = ["pem", "key"].map(|end| self.folder.path().join(format!("{name}.{end}")));
        std::fs::write(&certificate, &identity.chain).expect("it is written");
        std::fs::write(&key, identity.key.as_bytes()).expect("it is written");
        Credentials { certificate, key }
    }

    pub fn authority_file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The certificate of a node.
    pub fn node(&self, days: u32) -> Identity {
        self.authority.node(&"node".parse().expect("a name"), &[], now(), days).expect("a node")
    }

    /// Whom a node of this owner lets in.
    pub fn clients(&self) -> Clients {
        Clients::Clients { authorities: vec![self.authority.identity().chain.clone()], revoked: Vec::new() }
    }

    /// The context for a node of this owner.
    pub fn context(&self, at: SocketAddr) -> Node {
        Node {
            address: at.to_string().parse().expect("an address"),
            trust: Trust::Authority(self.authority_file()),
            credentials: Some(self.client(Role::Admin)),
            note: None,
        }
    }
}

/// What a node answers with, and what it remembers of what it was asked.
#[derive(Debug, Default)]
pub struct Facts {
    pub hostname: String,
    /// It is in maintenance, and shows this code.
    pub code: Option<Code>,
    /// The fingerprint of what it shows.
    pub fingerprint: Option<Fingerprint>,
    /// It was told to restart, then.
    pub rebooted: Mutex<Option<Instant>>,
    /// The document that was applied.
    pub applied: Mutex<Option<ApplyConfigRequest>>,
    /// How it answers questions for its health: so many times that it is not, then that it is.
    pub unhealthy: AtomicU32,
    /// What it was asked for of its log.
    pub logs: Mutex<Option<ReadLogsRequest>>,
    /// What it was told to do with workloads, images and volumes.
    pub told: Mutex<Vec<String>>,
    /// The archive that it was sent.
    pub received: Mutex<Vec<u8>>,
}

/// A running node. It ends, with all its connections, when this is dropped.
pub struct Fake {
    pub at: SocketAddr,
    pub fingerprint: Fingerprint,
    pub facts: Arc<Facts>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The fingerprint of an identity.
pub fn fingerprint(identity: &Identity) -> Fingerprint {
    let all = certificates(&identity.chain).expect("it has certificates");
    Certificate::read(&all[0]).expect("it is one").fingerprint
}

/// A certificate that a node makes itself.
pub fn own_certificate() -> Identity {
    self_signed_node(&"node".parse().expect("a name"), &[], now(), DAYS).expect("it is made")
}

pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

impl Fake {
    /// A node of an owner.
    pub fn of(owner: &Owner, hostname: &str) -> Self {
        let facts = Facts { hostname: hostname.to_owned(), ..Facts::default() };
        Self::start(&owner.node(DAYS), &owner.clients(), facts)
    }

    /// A node in maintenance, with a certificate of its own.
    pub fn in_maintenance(code: &str) -> Self {
        let code = Some(code.parse().expect("a code"));
        let facts = Facts { hostname: "new node".into(), code, ..Facts::default() };
        Self::start(&own_certificate(), &Clients::Maintenance, facts)
    }

    pub fn start(identity: &Identity, clients: &Clients, facts: Facts) -> Self {
        let config = corten_api::tls::server(identity, clients).expect("a configuration");
        Self::listen(StdListener::bind("127.0.0.1:0").expect("a port is free"), config, identity, facts)
    }

    /// The same on a port that another had before.
    pub fn start_at(at: SocketAddr, identity: &Identity, clients: &Clients, facts: Facts) -> Self {
        let config = corten_api::tls::server(identity, clients).expect("a configuration");
        Self::listen(StdListener::bind(at).expect("it is free again"), config, identity, facts)
    }

    fn listen(listener: StdListener, config: Arc<ServerConfig>, identity: &Identity, facts: Facts) -> Self {
        listener.set_nonblocking(true).expect("it can be");
        let at = listener.local_addr().expect("it has an address");
        let facts = Arc::new(Facts { fingerprint: Some(fingerprint(identity)), ..facts });
        let (end, ended) = oneshot::channel::<()>();
        let served = facts.clone();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("it listens");
                let incoming = stream::incoming(listener, TlsAcceptor::from(config));
                let router = Server::builder()
                    .add_service(NodeServer::new(node::NodeService(served.clone())))
                    .add_service(ConfigServer::new(config::ConfigService(served.clone())))
                    .add_service(LogsServer::new(lines::Lines(served.clone())))
                    .add_service(EventsServer::new(lines::Lines(served.clone())))
                    .add_service(SupportServer::new(lines::Lines(served.clone())))
                    .add_service(WorkloadsServer::new(workloads::WorkloadService(served.clone())))
                    .add_service(ImagesServer::new(images::ImageService(served.clone())))
                    .add_service(VolumesServer::new(images::ImageService(served)));
                tokio::select! {
                    served = router.serve_with_incoming(incoming) => served.expect("it serves until it is dropped"),
                    _ = ended => {}
                }
            });
        });
        Self { at, fingerprint: fingerprint(identity), facts, end: Some(end), thread: Some(thread) }
    }
}
