//! A node that listens on a port of loopback and makes its answers up.

mod node;
mod stream;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use corten_api::identity::{Authority, Certificate, Fingerprint, Identity, certificates, self_signed_node};
use corten_api::role::Role;
use corten_api::tls::Trust as Clients;
use corten_api::v1::node_server::NodeServer;
use corten_client::contexts::{Credentials, Node, Trust};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
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
        let authority = Authority::generate(&name, now(), DAYS).expect("an authority");
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

/// What a node answers with, and counts.
#[derive(Debug, Default)]
pub struct Facts {
    pub hostname: String,
    pub maintenance: bool,
    pub reboots: AtomicU32,
    /// Answers nothing to Info.
    pub hangs: bool,
}

impl Facts {
    pub fn reboots(&self) -> u32 {
        self.reboots.load(Ordering::SeqCst)
    }
}

/// A running node. It ends when this is dropped.
pub struct Fake {
    pub at: SocketAddr,
    pub fingerprint: Fingerprint,
    pub facts: Arc<Facts>,
    task: JoinHandle<()>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
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
    pub async fn of(owner: &Owner, hostname: &str) -> Self {
        let facts = Facts { hostname: hostname.to_owned(), ..Facts::default() };
        Self::start(&owner.node(DAYS - 1), &owner.clients(), facts).await
    }

    pub async fn start(identity: &Identity, clients: &Clients, facts: Facts) -> Self {
        let config = corten_api::tls::server(identity, clients).expect("a configuration");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let at = listener.local_addr().expect("it has an address");
        let facts = Arc::new(facts);
        let incoming = stream::incoming(listener, TlsAcceptor::from(config));
        let server = Server::builder().add_service(NodeServer::new(node::NodeService(facts.clone())));
        let task = tokio::spawn(async move {
            server.serve_with_incoming(incoming).await.expect("it serves until it is dropped");
        });
        Self { at, fingerprint: fingerprint(identity), facts, task }
    }
}
