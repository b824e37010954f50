//! The probe's answer, kept for as long as nothing changed that it depends on.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::error::Error;

const FILE: &str = "kvm-probe.json";

/// What an answer depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// Changes with every start of the host, whose settings of KVM may differ then.
    boot_id: String,
    kernel: String,
    qemu: String,
}

impl Key {
    /// The key of this host, now, with this QEMU.
    pub fn of_host(qemu: String) -> Self {
        let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
        Self { boot_id: boot_id.trim().to_owned(), kernel, qemu }
    }
}

#[derive(Serialize, Deserialize)]
struct Entry {
    key: Key,
    verdict: Verdict,
}

/// The answer for this key. A file that can't be read or understood is no answer.
pub fn read(folder: &Path, key: &Key) -> Option<Verdict> {
    let text = fs::read_to_string(folder.join(FILE)).ok()?;
    let entry: Entry = serde_json::from_str(&text).ok()?;
    (entry.key == *key).then_some(entry.verdict)
}

/// Keeps an answer. Whoever writes last wins, and half a file is no answer.
pub fn write(folder: &Path, key: &Key, verdict: &Verdict) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(Error::host("creating", folder))?;
    let entry = Entry { key: key.clone(), verdict: verdict.clone() };
    let text = serde_json::to_string_pretty(&entry).expect("an entry is strings all the way");
    let path = folder.join(FILE);
    fs::write(&path, text).map_err(Error::host("writing", &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_until_something_changes() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let cache = folder.path().join("not/yet/there");
        let key = Key::of_host("10.0".into());
        assert_eq!(read(&cache, &key), None);
        let verdict = Verdict::DoesNotRun("the guest hung".into());
        write(&cache, &key, &verdict).expect("write");
        assert_eq!(read(&cache, &key), Some(verdict));
        assert_eq!(read(&cache, &Key::of_host("10.1".into())), None);
        assert_eq!(read(&cache, &Key { boot_id: "another start".into(), ..key.clone() }), None);
        fs::write(cache.join(FILE), "{").expect("write");
        assert_eq!(read(&cache, &key), None);
    }
}
