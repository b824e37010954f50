//! Kernel settings of the image, written below `/proc/sys` before any service starts.
//!
//! A setting of a module or an interface exists only once that is there. Such settings are kept and tried again
//! when the kernel announces a module or an interface.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use corten_services::SYSCTL_PATH;

use crate::log::{Level, Log};

const PROC_SYS: &str = "/proc/sys";
/// A module is announced before it registers its settings.
const SETTLE_MS: u64 = 500;

/// Settings that could not be written yet.
#[derive(Debug, Default)]
pub struct Pending {
    settings: BTreeMap<String, String>,
    again_ms: Option<u64>,
}

impl Pending {
    /// Writes the settings of the image and keeps those whose files do not exist.
    pub fn apply(log: &Log) -> Self {
        let settings = read().unwrap_or_else(|why| {
            log.write(Level::Error, format_args!("kernel settings: {why}"));
            BTreeMap::new()
        });
        let mut pending = Self { settings, again_ms: None };
        pending.write(Path::new(PROC_SYS), log);
        pending
    }

    /// Something new is there, which may have brought settings along.
    pub fn announced(&mut self, now_ms: u64) {
        if !self.settings.is_empty() {
            self.again_ms.get_or_insert(now_ms.saturating_add(SETTLE_MS));
        }
    }

    /// When [`Self::again`] is due.
    pub fn deadline(&self) -> Option<u64> {
        self.again_ms
    }

    /// Tries again what is due.
    pub fn again(&mut self, now_ms: u64, log: &Log) {
        if self.again_ms.is_some_and(|due| due <= now_ms) {
            self.again_ms = None;
            self.write(Path::new(PROC_SYS), log);
        }
    }

    /// Tries once more and names what is still missing: the drivers of all devices are loaded.
    pub fn devices_settled(&mut self, log: &Log) {
        self.write(Path::new(PROC_SYS), log);
        for key in self.settings.keys() {
            log.write(
                Level::Warning,
                format_args!("kernel setting {key} does not exist; it is set if its module is loaded later"),
            );
        }
    }

    fn write(&mut self, root: &Path, log: &Log) {
        self.settings.retain(|key, value| {
            let Some(path) = path(key) else {
                log.write(Level::Warning, format_args!("{key:?} is not the name of a kernel setting"));
                return false;
            };
            // Without creating: a file that is not there is the answer that is wanted.
            let file = File::options().write(true).open(root.join(path));
            match file.and_then(|mut file| file.write_all(value.as_bytes())) {
                Ok(()) => false,
                Err(error) if error.kind() == ErrorKind::NotFound => true,
                Err(error) => {
                    log.write(Level::Warning, format_args!("kernel setting {key} = {value}: {error}"));
                    false
                }
            }
        });
    }
}

fn read() -> Result<BTreeMap<String, String>, String> {
    let text = fs::read(SYSCTL_PATH).map_err(|error| format!("{SYSCTL_PATH}: {error}"))?;
    serde_json::from_slice(&text).map_err(|error| format!("{SYSCTL_PATH}: {error}"))
}

/// The file of a setting below `/proc/sys`. As in sysctl.d(5), the first separator decides: names with full stops
/// have a slash where an interface's name has a full stop, and names with slashes are paths already.
pub(crate) fn path(key: &str) -> Option<PathBuf> {
    let swap = |c| match c {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    let first = key.find(['.', '/'])?;
    let path: String =
        if key.get(first..)?.starts_with('.') { key.chars().map(swap).collect() } else { key.into() };
    let sound = path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\0');
    sound.then(|| path.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_separator_says_what_the_others_mean() {
        let of = |key| path(key).map(|path| path.display().to_string());
        assert_eq!(of("kernel.dmesg_restrict").as_deref(), Some("kernel/dmesg_restrict"));
        assert_eq!(
            of("net.ipv4.conf.eth0/100.forwarding").as_deref(),
            Some("net/ipv4/conf/eth0.100/forwarding")
        );
        assert_eq!(
            of("net/ipv4/conf/eth0.100/forwarding").as_deref(),
            Some("net/ipv4/conf/eth0.100/forwarding")
        );
        for wrong in ["kernel", "", ".kernel", "a..b", "a/../b", "/etc/passwd", "../x", "a.b."] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_does_not_exist_is_kept_until_it_does() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("kernel")).expect("a folder");
        fs::write(root.path().join("kernel/there"), "0").expect("a file");
        let settings = [("kernel.there", "1"), ("net.bridge.later", "2")];
        let settings = settings.map(|(key, value)| (key.to_string(), value.to_string())).into();
        let mut pending = Pending { settings, again_ms: None };
        let log = Log::open();
        pending.write(root.path(), &log);
        assert_eq!(fs::read_to_string(root.path().join("kernel/there")).ok().as_deref(), Some("1"));
        assert_eq!(pending.settings.keys().collect::<Vec<_>>(), ["net.bridge.later"]);
        fs::create_dir_all(root.path().join("net/bridge")).expect("a folder");
        // Stands for the module; the kernel's files exist before they are written to.
        fs::write(root.path().join("net/bridge/later"), "0").expect("a file");
        pending.write(root.path(), &log);
        assert!(pending.settings.is_empty());
    }

    #[test]
    fn an_announcement_is_followed_up_once_and_only_if_something_waits() {
        let mut none = Pending::default();
        none.announced(10);
        assert_eq!(none.deadline(), None);
        let settings = [("no.such.setting".to_string(), String::new())].into();
        let mut pending = Pending { settings, again_ms: None };
        pending.announced(10);
        pending.announced(100);
        assert_eq!(pending.deadline(), Some(510));
        pending.again(510, &Log::open());
        assert_eq!(pending.deadline(), None);
    }

    proptest! {
        #[test]
        fn no_key_leads_out_of_the_folder(key in "[a-z./]{0,20}|\\PC{0,20}") {
            if let Some(path) = path(&key) {
                prop_assert!(path.is_relative());
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
