//! Kernel settings of the machine configuration, over those of the image.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use corten_services::sysctl::refused;

use crate::sysctl::path;

const PROC_SYS: &str = "/proc/sys";

/// Writes the settings that are wanted, and gives those that are not any more what they had before. `before` holds
/// what each had when it was first changed.
pub(super) fn apply(
    wanted: &BTreeMap<String, String>,
    before: &mut BTreeMap<String, String>,
    problems: &mut Vec<String>,
) {
    apply_in(Path::new(PROC_SYS), wanted, before, problems);
}

fn apply_in(
    root: &Path,
    wanted: &BTreeMap<String, String>,
    before: &mut BTreeMap<String, String>,
    problems: &mut Vec<String>,
) {
    let mut complain = |key: &str, why: &dyn std::fmt::Display| {
        problems.push(format!("kernel.sysctl.{key:?}: {why}"));
    };
    before.retain(|key, value| {
        if wanted.contains_key(key) {
            return true;
        }
        if let Some(Err(error)) = file(root, key).map(|path| write(&path, value)) {
            complain(key, &error);
        }
        false
    });
    for (key, value) in wanted {
        let Some(below) = path(key) else {
            complain(key, &"not the name of a kernel setting");
            continue;
        };
        if let Some(why) = below.to_str().and_then(|path| refused(path, value)) {
            complain(key, &why);
            continue;
        }
        let path = root.join(below);
        let now = match fs::read_to_string(&path) {
            Ok(now) => now.trim_end().to_string(),
            Err(error) => {
                complain(key, &error);
                continue;
            }
        };
        if let Err(error) = write(&path, value) {
            complain(key, &error);
            continue;
        }
        before.entry(key.clone()).or_insert(now);
    }
}

fn file(root: &Path, key: &str) -> Option<PathBuf> {
    Some(root.join(path(key)?))
}

fn write(path: &Path, value: &str) -> std::io::Result<()> {
    File::options().write(true).truncate(true).open(path)?.write_all(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_wanted_any_more_gets_back_what_it_was() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("vm")).expect("a folder");
        fs::write(root.path().join("vm/swappiness"), "60\n").expect("a file");
        let read = || fs::read_to_string(root.path().join("vm/swappiness")).expect("a file");
        let (mut before, mut problems) = (BTreeMap::new(), Vec::new());
        let mut set = |value: Option<&str>| {
            let wanted = value.map(|value| ("vm.swappiness".to_string(), value.to_string()));
            apply_in(root.path(), &wanted.into_iter().collect(), &mut before, &mut problems);
        };
        set(Some("10"));
        assert_eq!(read(), "10");
        set(Some("20"));
        assert_eq!(read(), "20");
        set(None);
        assert_eq!(read(), "60");
        assert_eq!((before.len(), problems), (0, Vec::new()));
    }

    #[test]
    fn what_can_not_be_set_is_named_and_the_rest_is_set() {
        let root = tempfile::tempdir().expect("a folder");
        fs::create_dir(root.path().join("vm")).expect("a folder");
        fs::write(root.path().join("vm/swappiness"), "60").expect("a file");
        let wanted = [("kernel.modprobe", "/bin/x"), ("no.such", "1"), ("vm.swappiness", "1")];
        let wanted = wanted.map(|(key, value)| (key.to_string(), value.to_string())).into();
        let (mut before, mut problems) = (BTreeMap::new(), Vec::new());
        apply_in(root.path(), &wanted, &mut before, &mut problems);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("kernel.sysctl.\"kernel.modprobe\": "), "{problems:?}");
        assert_eq!(fs::read_to_string(root.path().join("vm/swappiness")).ok().as_deref(), Some("1"));
    }
}
