//! Whether containerd serves: it answers Version, and the plugins that containers need started.

use std::path::Path;
use std::time::Duration;

use crate::api::containerd::services::introspection::v1::introspection_client::IntrospectionClient;
use crate::api::containerd::services::introspection::v1::{Plugin, PluginsRequest};
use crate::api::containerd::services::version::v1::version_client::VersionClient;
use crate::containerd::{connect, refused};
use crate::{Error, api};

/// What a container needs: where its files lie, who keeps the records, who runs it. Type and id of containerd 1.7.
const NEEDED: [(&str, &str); 6] = [
    ("io.containerd.content.v1", "content"),
    ("io.containerd.metadata.v1", "bolt"),
    ("io.containerd.snapshotter.v1", "overlayfs"),
    ("io.containerd.runtime.v2", "task"),
    ("io.containerd.service.v1", "tasks-service"),
    ("io.containerd.grpc.v1", "tasks"),
];

/// A containerd that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// Version as it says it.
    pub version: String,
    /// Plugins that started, the needed ones among them.
    pub plugins: usize,
}

impl std::fmt::Display for Serving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "containerd {}, {} plugins ok", self.version, self.plugins)
    }
}

/// Waits until containerd serves.
pub async fn wait_until_serving(socket: &Path, timeout: Duration) -> Result<Serving, Error> {
    let channel = connect(socket, timeout).await?;
    let (mut versions, mut plugins) =
        (VersionClient::new(channel.clone()), IntrospectionClient::new(channel));
    // Asked together: each answer takes a moment of its own where a processor is emulated.
    let (version, plugins) =
        tokio::try_join!(async { versions.version(()).await.map_err(refused("tell its version")) }, async {
            let all = PluginsRequest { filters: Vec::new() };
            plugins.plugins(all).await.map_err(refused("list its plugins"))
        },)?;
    judge(version.into_inner().version, &plugins.into_inner().plugins)
}

fn judge(version: String, plugins: &[Plugin]) -> Result<Serving, Error> {
    for (kind, id) in NEEDED {
        let name = format!("{kind}.{id}");
        let plugin = plugins.iter().find(|plugin| plugin.r#type == kind && plugin.id == id);
        let Some(plugin) = plugin else { return Err(Error::PluginMissing(name)) };
        if let Some(api::google::rpc::Status { message, .. }) = &plugin.init_err {
            return Err(Error::PluginFailed { plugin: name, message: message.clone() });
        }
    }
    Ok(Serving { version, plugins: plugins.iter().filter(|plugin| plugin.init_err.is_none()).count() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(kind: &str, id: &str, error: Option<&str>) -> Plugin {
        let init_err = error.map(|message| api::google::rpc::Status {
            code: 2,
            message: message.into(),
            details: Vec::new(),
        });
        Plugin { r#type: kind.into(), id: id.into(), init_err, ..Plugin::default() }
    }

    fn all() -> Vec<Plugin> {
        NEEDED.iter().map(|(kind, id)| plugin(kind, id, None)).collect()
    }

    #[test]
    fn a_failed_plugin_that_nobody_needs_is_not_counted_and_does_not_matter() {
        let mut plugins = all();
        plugins.push(plugin("io.containerd.snapshotter.v1", "zfs", Some("no zfs here")));
        let serving = judge("1.7.24".into(), &plugins).expect("all needed plugins are ok");
        assert_eq!(serving.to_string(), "containerd 1.7.24, 6 plugins ok");
    }

    #[test]
    fn each_needed_plugin_is_missed_and_its_failure_is_told() {
        for (at, (kind, id)) in NEEDED.into_iter().enumerate() {
            let mut plugins = all();
            plugins[at] = plugin(kind, id, Some("broken"));
            let failed = judge("1".into(), &plugins).expect_err("a needed plugin failed");
            assert_eq!(failed.to_string(), format!("containerd's plugin {kind}.{id} failed: broken"));
            plugins.remove(at);
            let missing = judge("1".into(), &plugins).expect_err("a needed plugin is missing");
            assert_eq!(missing.to_string(), format!("containerd has no plugin {kind}.{id}"));
        }
    }
}
