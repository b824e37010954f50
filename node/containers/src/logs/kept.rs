//! The logs of all containers of a node: attaching, reading, removing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use corten_api::v1;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;

use super::exec::{Errors, Exec};
use super::gone::{self, Gone};
use super::name::{ContainerName, Wanted, is_name};
use super::pump::Pump;
use super::rotation::Limits;
use super::store::{Store, lock};
use super::{LogError, fifo, read};

/// Where files are, below a root.
const KEPT: &str = "var/lib/corten/containers/logs";
/// Where FIFOs are, below a root.
const IO: &str = "run/corten/containers/io";
/// Folder of FIFOs of programs that people run. No name of a workload begins like that.
const EXEC: &str = ".exec";

/// The logs of all containers. A clone is the same.
#[derive(Clone, Debug)]
pub struct Logs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    kept: PathBuf,
    io: PathBuf,
    limits: Limits,
    stores: Mutex<Stores>,
    /// Counts new lines, and containers that came or went.
    news: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Stores {
    by_name: BTreeMap<ContainerName, Arc<Store>>,
    /// Counts containers that came or went.
    changes: u64,
}

/// Paths for containerd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoPaths {
    /// Where the container prints.
    pub stdout: String,
    /// Where it prints errors.
    pub stderr: String,
}

/// A container whose output is kept. Dropping it is the same as [`Attached::detach`] without waiting.
#[derive(Debug)]
pub struct Attached {
    /// Paths for containerd.
    pub io: IoPaths,
    over: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
    folder: PathBuf,
}

impl Attached {
    /// The container is over, and containerd deleted its task, after which its shim has copied all that was printed.
    /// Waits until it is in the files, and removes the FIFOs.
    pub async fn finish(self) {
        let _ = self.over.send(());
        let _ = self.task.await;
        fifo::remove(&self.folder);
    }

    /// This program ends and the container does not: waits until what was read is in the files, and leaves the rest in
    /// the FIFOs for the next [`Logs::attach`].
    pub async fn detach(self) {
        drop(self.over);
        let _ = self.task.await;
    }
}

impl Logs {
    /// Finds what is kept below a root, which is `/` on a node.
    pub fn open(root: &Path) -> Result<Self, LogError> {
        Self::with_limits(root, Limits::default())
    }

    /// The same with other limits.
    pub fn with_limits(root: &Path, limits: Limits) -> Result<Self, LogError> {
        let kept = root.join(KEPT);
        let mut stores = Stores::default();
        for name in gone::names(&kept)? {
            let store = Store::new(name.clone(), folder(&kept, &name), limits);
            stores.by_name.insert(name, Arc::new(store));
        }
        let inner = Inner {
            kept,
            io: root.join(IO),
            limits,
            stores: Mutex::new(stores),
            news: watch::Sender::new(0),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Begins or goes on to keep what a container prints. The same container is attached once at a time. Has to be
    /// called within a runtime.
    pub fn attach(&self, workload: &str, container: &str) -> Result<Attached, LogError> {
        let name = ContainerName::new(workload, container)?;
        let folder = folder(&self.inner.io, &name);
        let (stdout, stderr) = (folder.join("stdout"), folder.join("stderr"));
        let (output, errors) = (fifo::reader(&stdout)?, fifo::reader(&stderr)?);
        let store = self.store(&name);
        store.set_attached(true);
        let (over, heard) = oneshot::channel();
        let pump = Pump::new(store, output, errors, self.inner.news.clone());
        let task = tokio::spawn(pump.run(heard));
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        Ok(Attached { io: IoPaths { stdout: text(stdout), stderr: text(stderr) }, over, task, folder })
    }

    /// Makes the streams of a program that somebody runs in a container. The identifier is its own among those that run
    /// at the same time. Has to be called within a runtime.
    pub fn exec(&self, id: &str, errors: Errors) -> Result<Exec, LogError> {
        if !is_name(id) {
            return Err(LogError::Name(id.into()));
        }
        Exec::new(self.inner.io.join(EXEC).join(id), errors)
    }

    /// Removes the streams of programs of an earlier run of this program.
    pub fn remove_execs(&self) {
        fifo::remove(&self.inner.io.join(EXEC));
    }

    /// What was printed, oldest first, and with `follow` what will be. An empty name stands for all workloads. One that
    /// printed nothing has no lines, whether it exists or not; [`Logs::names`] tells. Has to be called within a runtime.
    pub fn read(
        &self,
        request: &v1::WorkloadLogsRequest,
    ) -> Result<ReceiverStream<v1::ContainerLogLine>, LogError> {
        let wanted = Wanted::parse(&request.name)?;
        Ok(read::start(self.clone(), wanted, request))
    }

    /// All containers of which lines are kept, those of workloads that are gone among them.
    pub fn names(&self) -> Vec<ContainerName> {
        lock(&self.inner.stores).by_name.keys().cloned().collect()
    }

    /// Removes what is kept of a workload. Waits for the disk.
    pub fn remove(&self, workload: &str) -> Result<(), LogError> {
        let of_it = |name: &ContainerName| name.workload() == workload;
        self.names().iter().filter(|name| of_it(name)).try_for_each(|name| self.remove_one(name))
    }

    /// Removes the oldest logs of containers that are not in the configuration any more, until what is left of them is
    /// within a limit: 100 MiB and 256 containers. Waits for the disk.
    pub fn tidy(&self, present: &BTreeSet<ContainerName>) -> Result<(), LogError> {
        let is_gone =
            |(name, store): &(&ContainerName, &Arc<Store>)| !present.contains(name) && !store.is_attached();
        let gone: Vec<ContainerName> = {
            let stores = lock(&self.inner.stores);
            stores.by_name.iter().filter(is_gone).map(|(name, _)| name.clone()).collect()
        };
        let look = |name: ContainerName| Gone::look(&folder(&self.inner.kept, &name), name);
        let gone = gone.into_iter().map(look).collect();
        gone::too_many(gone).iter().try_for_each(|name| self.remove_one(name))
    }

    fn remove_one(&self, name: &ContainerName) -> Result<(), LogError> {
        let path = folder(&self.inner.kept, name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(LogError::Remove { path, error });
            }
            _ => {}
        }
        // It fails while other containers of the workload have logs.
        let _ = fs::remove_dir(self.inner.kept.join(name.workload()));
        let mut stores = lock(&self.inner.stores);
        stores.by_name.remove(name);
        stores.changes += 1;
        drop(stores);
        self.tell();
        Ok(())
    }

    fn store(&self, name: &ContainerName) -> Arc<Store> {
        let mut stores = lock(&self.inner.stores);
        if let Some(store) = stores.by_name.get(name) {
            return Arc::clone(store);
        }
        let store = Arc::new(Store::new(name.clone(), folder(&self.inner.kept, name), self.inner.limits));
        stores.by_name.insert(name.clone(), Arc::clone(&store));
        stores.changes += 1;
        drop(stores);
        self.tell();
        store
    }

    fn tell(&self) {
        self.inner.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The containers that are wanted, and a number that changes when containers come or go.
    pub(super) fn wanted(&self, wanted: &Wanted) -> (Vec<Arc<Store>>, u64) {
        let stores = lock(&self.inner.stores);
        let found = stores.by_name.iter().filter(|(name, _)| wanted.holds(name));
        (found.map(|(_, store)| Arc::clone(store)).collect(), stores.changes)
    }

    /// The number that changes when containers come or go.
    pub(super) fn changes(&self) -> u64 {
        lock(&self.inner.stores).changes
    }

    /// Hears of new lines, and of containers that come or go.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.inner.news.subscribe()
    }
}

fn folder(root: &Path, name: &ContainerName) -> PathBuf {
    root.join(name.workload()).join(name.container())
}
