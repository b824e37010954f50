//! Containers: an order for the service that runs them. It holds secrets: nobody but that service and the agent reads
//! it, and no text here says what is in it.

use corten_config::Problem;
use corten_control::{CONTAINERS_PATH, ContainersOrder, MAX_CONTAINERS};

use super::files;
use super::inputs::Wanted;
use super::keep::{Reconcile, problem};
use crate::root::Root;

/// Under which key what is wrong stands.
const KEY: &str = "containers";

/// Keeps the order what the settings say.
pub struct Containers {
    root: Root,
}

impl Containers {
    /// Keeps it below a root.
    pub fn new(root: Root) -> Self {
        Self { root }
    }
}

fn order(wanted: &Wanted) -> ContainersOrder {
    let settings = &wanted.settings;
    ContainersOrder {
        hostname: settings.identity.hostname.clone().or_else(|| wanted.offered_name.clone()),
        containers: settings.containers.clone(),
        authorities: settings.authorities.clone(),
    }
}

impl Reconcile for Containers {
    const NAME: &'static str = "containers";

    async fn reconcile(&mut self, wanted: &Wanted) -> Vec<Problem> {
        let bytes = order(wanted).to_bytes();
        if bytes.len() as u64 > MAX_CONTAINERS {
            let message = format!("{} bytes of workloads, expected {MAX_CONTAINERS} at most", bytes.len());
            return vec![problem(KEY, message)];
        }
        let written = files::replace_secret(&self.root.path(CONTAINERS_PATH), &bytes);
        let failed = |error| problem(KEY, format!("{CONTAINERS_PATH}: {error}"));
        written.err().map(failed).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use corten_config::Settings;
    use corten_config::settings::{Containers as Wants, Secret};

    use super::*;

    fn wanted(settings: Settings) -> Wanted {
        Wanted { settings: Arc::new(settings), offered_name: Some("offered".into()), offered_ntp: Vec::new() }
    }

    fn settings() -> Settings {
        let secrets = [("token".to_string(), Secret("hunter2".into()))].into();
        let containers = Wants { secrets, ..Wants::default() };
        Settings { containers, authorities: vec!["PEM".into()], ..Settings::default() }
    }

    #[tokio::test]
    async fn the_order_says_what_is_wanted_and_is_for_the_agent_and_root_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        let mut containers = Containers::new(root.clone());
        assert_eq!(containers.reconcile(&wanted(settings())).await, []);
        let order = ContainersOrder::read(root.folder()).expect("it is one").expect("it is there");
        assert_eq!(order.containers, settings().containers);
        assert_eq!(
            (order.hostname.as_deref(), order.authorities),
            (Some("offered"), vec!["PEM".to_string()])
        );
        let path = root.path(CONTAINERS_PATH);
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o7777, 0o600);
        let before = files::identity(&path);
        assert_eq!(containers.reconcile(&wanted(settings())).await, []);
        assert_eq!(files::identity(&path), before, "nothing is new");
        assert_eq!(containers.reconcile(&wanted(Settings::default())).await, []);
        assert!(!fs::read_to_string(&path).expect("it is there").contains("hunter2"), "it is withdrawn");
    }

    #[tokio::test]
    async fn what_stands_in_the_way_is_told_without_secrets() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        fs::write(root.path("/run"), "").expect("it can be written");
        let problems = Containers::new(root).reconcile(&wanted(settings())).await;
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.starts_with("/run/corten/settings/containers.json: "), "{problems:?}");
        assert!(!format!("{problems:?}").contains("hunter2"));
    }
}
