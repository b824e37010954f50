//! What the container service told last, and what is new in it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use corten_api::v1;

use crate::events::Kind;

/// What is known of workloads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// What the service told last; `None` before it did.
    pub list: Option<v1::ListWorkloadsResponse>,
    /// Why it has told nothing for a while.
    pub silent: Option<String>,
    /// Containers that were ready since the agent began to ask.
    pub were_ready: BTreeSet<String>,
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub kind: Kind,
    /// A container or an image.
    pub subject: String,
    /// What it is now.
    pub text: String,
}

impl Known {
    /// All containers.
    pub fn containers(&self) -> impl Iterator<Item = &v1::ContainerStatus> {
        self.workloads().iter().flat_map(|workload| &workload.containers)
    }

    /// All workloads.
    pub fn workloads(&self) -> &[v1::WorkloadStatus] {
        self.list.as_ref().map(|list| list.workloads.as_slice()).unwrap_or_default()
    }

    /// Takes what the service tells now, and returns what is new. What it tells first is not new: it was so before.
    pub fn hear(&mut self, list: v1::ListWorkloadsResponse) -> Vec<Change> {
        let before = self.list.replace(list);
        self.silent = None;
        let containers = self.list.iter().flat_map(|list| &list.workloads).flat_map(|one| &one.containers);
        let now: BTreeMap<&str, &v1::ContainerStatus> =
            containers.map(|container| (container.name.as_str(), container)).collect();
        let ready = now.values().filter(|container| container.state == "ready");
        self.were_ready.extend(ready.map(|container| container.name.clone()));
        self.were_ready.retain(|name| now.contains_key(name.as_str()));
        let Some(before) = before else { return Vec::new() };
        let containers = before.workloads.iter().flat_map(|workload| &workload.containers);
        changes(&containers.map(|container| (container.name.as_str(), container)).collect(), &now)
    }
}

fn changes(
    before: &BTreeMap<&str, &v1::ContainerStatus>,
    now: &BTreeMap<&str, &v1::ContainerStatus>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut images = BTreeSet::new();
    for (name, container) in now {
        let known = before.get(name);
        let digest = &container.image_digest;
        if !digest.is_empty()
            && known.is_none_or(|known| known.image_digest != *digest)
            && images.insert((&container.image, digest))
        {
            let text = format!("{digest} ({})", container.image_from);
            changes.push(Change { kind: Kind::Image, subject: container.image.clone(), text });
        }
        if known.is_none_or(|known| is_new(known, container)) {
            let text = described(container);
            changes.push(Change { kind: Kind::Workload, subject: (*name).into(), text });
        }
    }
    for name in before.keys().filter(|name| !now.contains_key(*name)) {
        changes.push(Change { kind: Kind::Workload, subject: (*name).into(), text: "gone".into() });
    }
    changes
}

/// Whether a container is in another state, or in the same one anew: it may run and end between two looks.
fn is_new(before: &v1::ContainerStatus, now: &v1::ContainerStatus) -> bool {
    before.state != now.state || now.since_ms < before.since_ms
}

/// State and what is behind it.
pub fn described(container: &v1::ContainerStatus) -> String {
    if container.detail.is_empty() {
        container.state.clone()
    } else {
        format!("{}: {}", container.state, container.detail)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(containers: &[(&str, &str, &str)]) -> v1::ListWorkloadsResponse {
        let container = |(name, state, digest): &(&str, &str, &str)| v1::ContainerStatus {
            name: (*name).into(),
            state: (*state).into(),
            detail: if *state == "failed" { "exited with 1".into() } else { String::new() },
            image: "registry.example/web:1".into(),
            image_digest: (*digest).into(),
            image_from: "store".into(),
            ..Default::default()
        };
        let containers = containers.iter().map(container).collect();
        let workload = v1::WorkloadStatus { name: "web".into(), containers, ..Default::default() };
        v1::ListWorkloadsResponse { workloads: vec![workload], problem: String::new() }
    }

    fn told(changes: Vec<Change>) -> Vec<String> {
        let told = |change: Change| format!("{:?} {}: {}", change.kind, change.subject, change.text);
        changes.into_iter().map(told).collect()
    }

    #[test]
    fn what_runs_and_ends_between_two_looks_is_told() {
        let failed = |since_ms| {
            let mut list = list(&[("web/a", "failed", "sha256:1")]);
            list.workloads[0].containers[0].since_ms = since_ms;
            list
        };
        let mut known = Known::default();
        known.hear(failed(1_000));
        assert_eq!(told(known.hear(failed(3_000))), [""; 0]);
        assert_eq!(told(known.hear(failed(10))), ["Workload web/a: failed: exited with 1"]);
    }

    #[test]
    fn what_is_new_is_told_once_and_what_was_so_before_is_not() {
        let mut known = Known { silent: Some("not there".into()), ..Known::default() };
        assert_eq!(
            told(known.hear(list(&[("web/a", "pulling", ""), ("web/b", "ready", "sha256:1")]))),
            [""; 0]
        );
        assert_eq!(known.silent, None);
        let next = list(&[("web/a", "ready", "sha256:1"), ("web/c", "failed", "sha256:1")]);
        assert_eq!(
            told(known.hear(next.clone())),
            [
                "Image registry.example/web:1: sha256:1 (store)",
                "Workload web/a: ready",
                "Workload web/c: failed: exited with 1",
                "Workload web/b: gone",
            ]
        );
        assert_eq!(told(known.hear(next)), [""; 0]);
        assert_eq!(known.were_ready, ["web/a".to_string()].into());
    }

    proptest! {
        #[test]
        fn the_same_is_never_new(states in prop::collection::vec(("[a-c]", "[rs]", "[12]?"), 0..6)) {
            let states: Vec<_> = states.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
            let mut known = Known::default();
            known.hear(list(&[]));
            let new: BTreeSet<_> = states.iter().map(|(name, ..)| *name).collect();
            prop_assert!(known.hear(list(&states)).len() >= new.len());
            prop_assert!(known.hear(list(&states)).is_empty());
        }
    }
}
