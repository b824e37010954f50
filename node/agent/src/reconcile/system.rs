//! What only root can do: the node's name, kernel settings, modules and disks. They are written down for a child of
//! init, and init is asked to have it done.

use corten_config::{Problem, Settings};
use corten_control::{Answer, Disk, Request, SYSTEM_PATH, System};

use super::files::{self, Written};
use super::init::ask;
use super::inputs::Wanted;
use super::keep::{Reconcile, problem};
use crate::root::Root;

/// Keeps the machine what the settings say.
pub struct Machine {
    root: Root,
    done: Done,
}

/// Whether init did what is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    /// It did, as this agent knows.
    Yes,
    /// It did not, or nobody knows.
    No,
}

impl Machine {
    /// Keeps the machine below a root.
    pub fn new(root: Root) -> Self {
        // Another agent may have ended between writing and asking.
        Self { root, done: Done::No }
    }
}

/// What init is to make of the machine.
fn system(settings: &Settings, offered_name: Option<&str>) -> System {
    let disk = |disk: &corten_config::settings::Disk| Disk {
        name: disk.disk.name.clone(),
        serial: disk.disk.serial.clone(),
        label: disk.label.clone(),
        mount: disk.mount.clone(),
    };
    System {
        hostname: settings.identity.hostname.clone().or_else(|| offered_name.map(str::to_owned)),
        sysctl: settings.kernel.sysctl.clone(),
        modules: settings.kernel.modules.clone(),
        disks: settings.storage.iter().map(|(name, it)| (name.clone(), disk(it))).collect(),
    }
}

impl Reconcile for Machine {
    const NAME: &'static str = "system";

    async fn reconcile(&mut self, wanted: &Wanted) -> Vec<Problem> {
        let system = system(&wanted.settings, wanted.offered_name.as_deref());
        match files::replace(&self.root.path(SYSTEM_PATH), &system.to_bytes()) {
            Ok(Written::Same) if self.done == Done::Yes => return Vec::new(),
            Ok(_) => self.done = Done::No,
            Err(error) => return vec![problem("", format!("{SYSTEM_PATH}: {error}"))],
        }
        match ask(&self.root, &Request::Apply).await {
            Ok(Answer::Accepted) => {
                self.done = Done::Yes;
                Vec::new()
            }
            // init's child prints all that came to nothing on one line.
            Ok(Answer::Refused { why }) => why.split("; ").map(|why| problem("", why.to_owned())).collect(),
            Ok(answer) => vec![problem("", format!("init answered {answer:?} to a request to apply"))],
            Err(error) => vec![problem("", error.to_string())],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use corten_config::settings::{Disk as OtherDisk, DiskMatch, FileSystem};

    use super::*;
    use crate::reconcile::init::tests::FakeInit;

    fn wanted(settings: Settings, name: Option<&str>) -> Wanted {
        let offered_name = name.map(str::to_owned);
        Wanted { settings: Arc::new(settings), offered_name, offered_ntp: Vec::new() }
    }

    fn written(root: &Root) -> System {
        System::parse(&fs::read(root.path(SYSTEM_PATH)).expect("it is there")).expect("a system")
    }

    #[test]
    fn settings_become_what_init_reads() {
        let mut settings = Settings::default();
        settings.identity.hostname = Some("a".into());
        settings.kernel.sysctl.insert("vm.swappiness".into(), "10".into());
        settings.kernel.modules.push("wireguard".into());
        let disk = OtherDisk {
            disk: DiskMatch { name: None, serial: Some("abc".into()) },
            file_system: FileSystem::Ext4,
            label: "data".into(),
            mount: "/var/mnt/data".into(),
        };
        settings.storage.insert("data".into(), disk);
        let system = system(&settings, Some("b"));
        assert_eq!(system.hostname.as_deref(), Some("a"));
        assert_eq!(system.sysctl["vm.swappiness"], "10");
        assert_eq!(system.modules, ["wireguard"]);
        let disk = Disk {
            name: None,
            serial: Some("abc".into()),
            label: "data".into(),
            mount: "/var/mnt/data".into(),
        };
        assert_eq!(system.disks["data"], disk);
        assert_eq!(System::parse(&system.to_bytes()).ok(), Some(system));
    }

    #[tokio::test]
    async fn init_is_asked_once_for_each_change_and_once_at_the_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        let init = FakeInit::start(&root, |_| Answer::Accepted.line());
        let mut machine = Machine::new(root.clone());
        for _ in 0..2 {
            assert_eq!(machine.reconcile(&wanted(Settings::default(), None)).await, []);
            assert_eq!(init.asked().len(), 1);
        }
        assert_eq!(machine.reconcile(&wanted(Settings::default(), Some("offered"))).await, []);
        assert_eq!(init.asked(), [Request::Apply, Request::Apply]);
        assert_eq!(written(&root).hostname.as_deref(), Some("offered"));
        let mut next = Machine::new(root.clone());
        assert_eq!(next.reconcile(&wanted(Settings::default(), Some("offered"))).await, []);
        assert_eq!(init.asked().len(), 3);
    }

    #[tokio::test]
    async fn what_init_could_not_do_is_told_piece_by_piece_and_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        let well = Arc::new(AtomicBool::new(false));
        let is_well = well.clone();
        let why = "kernel.sysctl.\"a.b\": no such setting; storage.disks.data: no such disk".to_owned();
        let init = FakeInit::start(&root, move |_| {
            let why = why.clone();
            if is_well.load(Ordering::SeqCst) {
                Answer::Accepted.line()
            } else {
                Answer::Refused { why }.line()
            }
        });
        let mut machine = Machine::new(root.clone());
        let problems = machine.reconcile(&wanted(Settings::default(), None)).await;
        let messages: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(messages, ["kernel.sysctl.\"a.b\": no such setting", "storage.disks.data: no such disk"]);
        assert!(problems.iter().all(|problem| problem.document.is_empty()));
        well.store(true, Ordering::SeqCst);
        assert_eq!(machine.reconcile(&wanted(Settings::default(), None)).await, []);
        assert_eq!(init.asked().len(), 2);
    }

    #[tokio::test]
    async fn without_an_init_the_file_is_there_and_the_problem_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        let problems = Machine::new(root.clone()).reconcile(&wanted(Settings::default(), None)).await;
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains("init.sock"), "{problems:?}");
        assert_eq!(written(&root), System::default());
    }
}
