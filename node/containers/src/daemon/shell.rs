//! What actions need: containerd, images, networks, logs, and the order that is in force.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use corten_config::settings::{Container, Workload};
use corten_control::ContainersOrder;
use tokio::sync::{Semaphore, mpsc};

use super::paths::Paths;
use super::rests::Rests;
use crate::containerd::{Containerd, Record};
use crate::fleet::{Event, Fleet, Id, Ms};
use crate::images::{Images, Users};
use crate::logs::{Attached, Logs};
use crate::network::Networks;
use crate::spec::{Disk, Profile};

/// Everything that actions and calls share. Clones are the same.
#[derive(Clone)]
pub(crate) struct Shell(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) paths: Paths,
    pub(crate) containerd: Containerd,
    pub(crate) images: Images,
    pub(crate) logs: Logs,
    pub(crate) seccomp: Profile,
    pub(crate) disk: Option<Disk>,
    /// Whoever holds it waits for programs and the kernel.
    pub(crate) networks: Mutex<Networks>,
    /// How many containers are made and removed at a time.
    pub(super) turns: Semaphore,
    fleet: Mutex<Fleet>,
    next_runs: Mutex<BTreeMap<String, i64>>,
    order: Mutex<Arc<ContainersOrder>>,
    kept: Mutex<Kept>,
    events: mpsc::UnboundedSender<Event>,
    started: Instant,
}

pub(super) const SIGTERM: u32 = 15;

/// What is remembered of containers that run.
#[derive(Default)]
pub(crate) struct Kept {
    /// Their output.
    pub(crate) attached: BTreeMap<Id, Attached>,
    /// containerd's record of each.
    pub(crate) records: BTreeMap<Id, Record>,
    /// What is to be known while one runs.
    pub(crate) runs: BTreeMap<Id, Run>,
    /// What may be left of containers that are gone.
    pub(super) rests: Rests,
}

impl Kept {
    /// The runtime specification of a container that is there, JSON.
    pub(crate) fn specification(&self, id: &Id) -> String {
        self.records.get(id).map(|record| record.specification.clone()).unwrap_or_default()
    }
}

/// A run of a container. What it was started with counts, whatever the configuration says by now.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// Number of the signal that ends it.
    pub(crate) stop_signal: u32,
    /// Seconds that it has to end after that.
    pub(crate) stop_seconds: u32,
    /// Milliseconds from the call that started it to its first process.
    pub(crate) started_in_ms: u64,
    /// Where its image is from.
    pub(crate) image_from: &'static str,
    /// Name of its image.
    pub(crate) image: String,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            stop_signal: SIGTERM,
            stop_seconds: Workload::STOP_SECONDS,
            started_in_ms: 0,
            image_from: "",
            image: String::new(),
        }
    }
}

impl std::ops::Deref for Shell {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// What a shell is made of.
pub(super) struct Parts {
    pub(super) paths: Paths,
    pub(super) containerd: Containerd,
    pub(super) images: Images,
    pub(super) logs: Logs,
    pub(super) seccomp: Profile,
    pub(super) disk: Option<Disk>,
    pub(super) networks: Networks,
}

/// Containers that are made or removed at a time, for each processor. Each takes a shim and a runtime, and half of that
/// is waiting. With hundreds at once none would be ready for long, and containerd would give up on some: it waits for a
/// shim for seconds.
const TURNS: usize = 4;

fn turns() -> usize {
    TURNS * std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Nothing panics while one of these is held, so a poisoned lock is a sound one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shell {
    pub(super) fn new(parts: Parts, events: mpsc::UnboundedSender<Event>) -> Self {
        let Parts { paths, containerd, images, logs, seccomp, disk, networks } = parts;
        Self(Arc::new(Inner {
            paths,
            containerd,
            images,
            logs,
            seccomp,
            disk,
            networks: Mutex::new(networks),
            turns: Semaphore::new(turns()),
            fleet: Mutex::default(),
            next_runs: Mutex::default(),
            order: Mutex::default(),
            kept: Mutex::default(),
            events,
            started: Instant::now(),
        }))
    }
}

impl Inner {
    /// Milliseconds since the daemon started.
    pub(crate) fn now(&self) -> Ms {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn fleet(&self) -> MutexGuard<'_, Fleet> {
        lock(&self.fleet)
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        lock(&self.kept)
    }

    /// The order in force.
    pub(crate) fn order(&self) -> Arc<ContainersOrder> {
        Arc::clone(&lock(&self.order))
    }

    pub(super) fn set_order(&self, order: Arc<ContainersOrder>) {
        self.images.set_registries(order.containers.registries.clone());
        *lock(&self.order) = order;
    }

    /// When jobs run next, nanoseconds since 1970, by workload.
    pub(crate) fn next_runs(&self) -> BTreeMap<String, i64> {
        lock(&self.next_runs).clone()
    }

    pub(super) fn set_next_runs(&self, runs: BTreeMap<String, i64>) {
        *lock(&self.next_runs) = runs;
    }

    /// Who uses which image: containers of the configuration, whether they run or not, those that still run though they are
    /// in it no more or in another form, and what beside them is at containerd, to find faults for example.
    pub(crate) async fn image_users(&self) -> Result<Users, crate::Error> {
        let mut users = Users::default();
        for (workload, settings) in &self.order().containers.workloads {
            for (container, settings) in &settings.containers {
                users.add(&settings.image, format!("{workload}/{container}"));
            }
        }
        for (id, run) in &self.kept().runs {
            users.add(&run.image, id.to_string());
        }
        let others = self.containerd.records().await?.into_iter();
        for record in others.filter(|record| Id::from_key(&record.id).is_none()) {
            users.add(&record.image, record.id);
        }
        Ok(users)
    }

    /// Tells the loop what happened.
    pub(crate) fn tell(&self, event: Event) {
        // The loop ends with the program alone.
        let _ = self.events.send(event);
    }

    /// What a container is to be, with its workload.
    pub(crate) fn settings(&self, id: &Id) -> Option<(Workload, Container)> {
        let fleet = self.fleet();
        let workload = fleet.group(&id.workload)?.wanted.clone()?;
        let container = workload.containers.get(&id.container)?.clone();
        Some((workload, container))
    }
}
