//! The program: waits for orders, news of the kernel, packets and the clock, and brings the kernel to what is ordered
//! each time that one of them says something.

mod clients;
mod host;
mod leases;
mod retry;
mod rules;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use self::clients::{Clients, Packet};
use self::retry::Retries;
use self::rules::Rules;
use crate::files::below;
use crate::folder_watch::FolderWatch;
use crate::netlink::{self, Netlink, NetlinkError, News, Watch};
use crate::order::SETTINGS_FOLDER;
use crate::plan::{Observed, Wanted, plan};
use crate::{Order, State};

/// Changes come in bunches: this long is waited for the rest of one.
const BUNCH: Duration = Duration::from_millis(20);
/// The first order of a start comes this soon, or something is wrong.
const FIRST_ORDER: Duration = Duration::from_secs(5);
/// Looks at what is there, and steps from it, before others have their turn again.
const ROUNDS: usize = 4;
/// Packets that wait to be read.
const PACKETS: usize = 16;

/// What the program is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory below which its files lie.
    pub root: PathBuf,
    /// The program that takes the rules of the firewall.
    pub nft: PathBuf,
}

/// Why the program can't go on.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The kernel can't be asked.
    #[error("netlink: {0}")]
    Netlink(#[from] NetlinkError),
    /// Something that waits for events can't be made.
    #[error("{0}: {1}")]
    Events(&'static str, std::io::Error),
}

/// Runs until the process is told to end. Nothing is taken down then: a restart takes over.
///
/// # Errors
/// If it can't begin.
pub async fn run(options: Options) -> Result<(), Fatal> {
    let signals = |kind| signal(kind).map_err(|error| Fatal::Events("signals", error));
    let (mut terminate, mut interrupt) =
        (signals(SignalKind::terminate())?, signals(SignalKind::interrupt())?);
    let watch = Watch::open().map_err(|error| Fatal::Events("news of the kernel", error))?;
    let orders = FolderWatch::new(below(&options.root, SETTINGS_FOLDER));
    let (sender, packets) = mpsc::channel(PACKETS);
    let mut daemon = Daemon::new(options, sender)?;
    let events = events(&mut daemon, watch, orders, packets);
    tokio::select! {
        never = events => never,
        () = ended(&mut terminate, &mut interrupt) => {}
    }
    daemon.save();
    host::log("ends; addresses stay");
    Ok(())
}

async fn ended(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn events(
    daemon: &mut Daemon,
    mut watch: Watch,
    mut orders: FolderWatch,
    mut packets: mpsc::Receiver<Packet>,
) {
    daemon.read_order();
    if daemon.order.is_none() {
        // No link is brought up without rules, so nothing is open meanwhile; closing everything for a moment would only
        // take the processor from a node that starts.
        let _ = tokio::time::timeout(FIRST_ORDER, orders.changed()).await;
        daemon.read_order();
    }
    daemon.reconcile().await;
    loop {
        let wait = daemon.wait();
        tokio::select! {
            () = orders.changed() => daemon.read_order(),
            news = watch.news() => {
                tokio::time::sleep(BUNCH).await;
                match news {
                    Ok(news) => daemon.hear(&news),
                    Err(error) => {
                        host::log(&format!("news of the kernel: {error}"));
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
            Some(packet) = packets.recv() => {
                if !daemon.clients.receive(&packet) {
                    continue;
                }
            }
            () = tokio::time::sleep(wait) => {
                let leases_changed = daemon.clients.tick();
                if !leases_changed && !daemon.is_due() {
                    continue;
                }
            }
        }
        daemon.reconcile().await;
    }
}

/// All that the program knows.
struct Daemon {
    options: Options,
    netlink: Netlink,
    order: Option<Order>,
    /// Why the last order that came is not the one above.
    order_problem: Option<String>,
    /// What the kernel said and this program can't read.
    unread: Option<String>,
    rules: Rules,
    clients: Clients,
    retries: Retries,
    /// Links that an order configured.
    managed: BTreeSet<String>,
    /// Why steps failed, by step: the link and what the kernel said.
    failed: BTreeMap<String, (String, String)>,
}

impl Daemon {
    fn new(options: Options, packets: mpsc::Sender<Packet>) -> Result<Self, Fatal> {
        let last = State::read(&options.root).unwrap_or_else(|error| {
            host::log(&error.to_string());
            None
        });
        let last = last.unwrap_or_default();
        let managed = last.links.keys().cloned().collect();
        if let Err(error) = netlink::keep_secondary_addresses() {
            host::log(&error.to_string());
        }
        Ok(Self {
            netlink: Netlink::open()?,
            order: None,
            order_problem: None,
            unread: None,
            rules: Rules::new(&options.nft),
            clients: Clients::new(leases::read(&options.root), packets),
            retries: Retries::default(),
            managed,
            failed: BTreeMap::new(),
            options,
        })
    }

    /// Takes the order that is there. One that can't be read leaves the one before in force.
    fn read_order(&mut self) {
        match Order::read(&self.options.root) {
            Ok(None) => {}
            Ok(Some(order)) => {
                if self.order.as_ref() != Some(&order) {
                    host::log(&format!("order {}", order.generation));
                    self.retries.forget();
                }
                self.order = Some(order);
                self.order_problem = None;
            }
            Err(error) => {
                let problem = Some(error.to_string());
                if self.order_problem != problem {
                    host::log(&error.to_string());
                }
                self.order_problem = problem;
            }
        }
    }

    fn hear(&mut self, news: &News) {
        for advertised in &news.servers {
            self.clients.advertise(advertised);
        }
    }

    /// How long nothing has to be done if nothing happens.
    fn wait(&self) -> Duration {
        let now = host::now().ms;
        let next = [self.clients.deadline(), self.retries.deadline(), self.rules.deadline()];
        let next = next.into_iter().flatten().min().unwrap_or(now + 3_600_000);
        Duration::from_millis(next.saturating_sub(now))
    }

    fn is_due(&self) -> bool {
        let now = host::now().ms;
        [self.retries.deadline(), self.rules.deadline()].into_iter().flatten().any(|time| time <= now)
    }

    /// Brings the kernel to what is ordered, as far as that goes now, and says what came of it.
    async fn reconcile(&mut self) {
        self.rules.apply(self.order.as_ref(), host::now().ms).await;
        let mut observed = Observed::default();
        let mut wanted = Wanted::default();
        if let Some(order) = self.order.clone().filter(|_| self.rules.is_there()) {
            for _ in 0..ROUNDS {
                match netlink::observe(&mut self.netlink, &self.managed) {
                    Ok(there) => {
                        observed = there;
                        self.unread = self.netlink.unread();
                    }
                    Err(error) => {
                        host::log(&error.to_string());
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        return;
                    }
                }
                wanted = Wanted::of(&observed, &order.network, &self.clients.leases());
                // Which links shall have a client, and what it calls itself, depends on what is there; what it has
                // leased before then counts at once.
                if self.clients.follow(&observed, &wanted, order.hostname.as_deref()) {
                    wanted = Wanted::of(&observed, &order.network, &self.clients.leases());
                }
                if !self.take_steps(&observed, &wanted) {
                    break;
                }
            }
            self.managed.extend(wanted.links.keys().cloned());
            self.managed.retain(|name| observed.links.contains_key(name));
        }
        self.report(&observed, &wanted);
    }

    /// Takes the steps of a plan that are due. False if there were none.
    fn take_steps(&mut self, observed: &Observed, wanted: &Wanted) -> bool {
        let actions = plan(observed, wanted);
        let texts: Vec<String> = actions.iter().map(ToString::to_string).collect();
        self.failed.retain(|text, _| texts.contains(text));
        self.retries.begin(&texts, host::now().ms);
        let mut took_one = false;
        for (action, text) in actions.iter().zip(texts) {
            let now = host::now().ms;
            if !self.retries.may_try(&text, now) {
                continue;
            }
            took_one = true;
            match netlink::perform(&mut self.netlink, action) {
                Ok(()) => {
                    host::log(&text);
                    self.retries.succeeded(&text, now);
                    self.failed.remove(&text);
                }
                Err(error) => {
                    host::log(&format!("{text}: {error}"));
                    self.retries.failed(&text, now);
                    let problem = format!("can't {text}: {error}");
                    self.failed.insert(text, (action.link().to_owned(), problem));
                }
            }
        }
        took_one
    }

    fn report(&mut self, observed: &Observed, wanted: &Wanted) {
        let state = self.state(observed, wanted);
        for (result, what) in [
            (state.write(&self.options.root), "state"),
            (self.write_names(&state), "names"),
            (leases::write(&self.options.root, &self.clients.memory()), "leases"),
        ] {
            if let Err(error) = result {
                host::log(&format!("{what}: {error}"));
            }
        }
    }

    fn save(&self) {
        if let Err(error) = leases::write(&self.options.root, &self.clients.memory()) {
            host::log(&error.to_string());
        }
    }
}
