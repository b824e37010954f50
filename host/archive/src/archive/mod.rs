//! The archive as the builder uses it: ask for packages, get a lock; ask for packages of a lock, get their files.

mod lock;
mod packages;

use std::path::PathBuf;
use std::sync::OnceLock;

use jiff::Timestamp;

pub use self::lock::LockPolicy;
use crate::error::Error;
use crate::event::Events;
use crate::fetch::{Effort, Network};
use crate::index::Extra;
use crate::mirror::discover::Search;
use crate::mirror::host::{APT_FOLDER, proxies};
use crate::mirror::{Mirror, MirrorChoice};
use crate::store::Store;
use crate::transport::{Timeouts, Transport};
use crate::unpack::Limits;
use crate::verify::keyring::Keyring;

/// What an archive is opened with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the mirror is looked for.
    pub mirror: MirrorChoice,
    /// File with the keys of the archive; without it, the keys of the host are used.
    pub keyring: Option<PathBuf>,
    /// Folder of the store.
    pub store: PathBuf,
    /// Whether the network may be used.
    pub network: Network,
    /// The time now, which expiry is judged by.
    pub now: Timestamp,
    /// Suite, `trixie` for example.
    pub suite: String,
    /// Components, `main` for example.
    pub components: Vec<String>,
    /// Suites that accompany the suite, used as far as the mirror has them.
    pub extra: Vec<Extra>,
    /// Architecture of the packages, `amd64` for example.
    pub architecture: String,
    /// How hard to try to fetch.
    pub effort: Effort,
    /// How long to wait for servers.
    pub timeouts: Timeouts,
    /// What is unpacked at most.
    pub limits: Limits,
}

impl Settings {
    /// The component `main` of a suite, from the mirror and with the keys of this host.
    pub fn new(store: PathBuf, now: Timestamp, suite: &str, architecture: &str) -> Self {
        Self {
            mirror: MirrorChoice::Host(PathBuf::from(APT_FOLDER)),
            keyring: None,
            store,
            network: Network::Online,
            now,
            suite: suite.to_owned(),
            components: vec!["main".to_owned()],
            extra: Extra::ALL.to_vec(),
            architecture: architecture.to_owned(),
            effort: Effort::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
        }
    }
}

/// An archive and the store that its packages go to.
pub struct Archive {
    settings: Settings,
    store: Store,
    transport: Transport,
    keyring: OnceLock<Keyring>,
    mirror: OnceLock<Mirror>,
}

impl Archive {
    /// Opens the store. Nothing is read from the network, and no key, before it is needed.
    pub fn open(mut settings: Settings) -> Result<Self, Error> {
        settings.components.sort();
        settings.components.dedup();
        settings.extra.sort();
        settings.extra.dedup();
        let store = Store::open(&settings.store)?;
        let apt = match &settings.mirror {
            MirrorChoice::Host(folder) => folder.clone(),
            MirrorChoice::Given { .. } => PathBuf::from(APT_FOLDER),
        };
        let proxies = proxies(&apt, &|name| std::env::var(name).ok());
        let transport = Transport::new(proxies, settings.timeouts);
        Ok(Self { settings, store, transport, keyring: OnceLock::new(), mirror: OnceLock::new() })
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the archive was opened with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn keyring(&self) -> Result<&Keyring, Error> {
        if let Some(keyring) = self.keyring.get() {
            return Ok(keyring);
        }
        let keyring = match &self.settings.keyring {
            Some(path) => Keyring::read(path)?,
            None => Keyring::of_host()?,
        };
        Ok(self.keyring.get_or_init(|| keyring))
    }

    /// The mirror that is read from. It is looked for once.
    pub fn mirror(&self, events: Events<'_>) -> Result<&Mirror, Error> {
        if let Some(mirror) = self.mirror.get() {
            return Ok(mirror);
        }
        let search = Search {
            transport: &self.transport,
            keyring: self.keyring()?,
            suite: &self.settings.suite,
            now: self.settings.now,
            events,
            effort: self.settings.effort,
        };
        let mirror = search.run(&self.settings.mirror)?;
        Ok(self.mirror.get_or_init(|| mirror))
    }
}
