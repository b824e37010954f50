//! What QEMU was given with `-fw_cfg name=opt/org.corten.config/NAME,file=FILE`, through the kernel's `qemu_fw_cfg`.
//! Only root reads it there.

use std::fs;
use std::path::Path;

use crate::{Findings, MAX_DOCUMENTS, file_name, read};

const FOLDER: &str = "sys/firmware/qemu_fw_cfg/by_name/opt/org.corten.config";

/// The documents, in the order of their names.
pub fn of_fw_cfg(root: &Path) -> Findings {
    let entries = fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).take(MAX_DOCUMENTS).collect();
    names.sort_unstable();
    let mut findings = Findings::default();
    for name in names {
        let path = root.join(FOLDER).join(&name).join("raw");
        findings.take(read(&path, file_name("40-fw-cfg", &name)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MAX_DOCUMENT, PlatformError};

    #[test]
    fn documents_are_found_by_name_and_one_that_is_too_large_is_named() {
        let root = tempfile::tempdir().expect("a folder");
        for (name, bytes) in
            [("b.toml", vec![b'b']), ("a.yaml", vec![b'a']), ("c", vec![0; MAX_DOCUMENT + 1])]
        {
            let folder = root.path().join(FOLDER).join(name);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("raw"), bytes).expect("a file");
        }
        let Findings { documents, problems } = of_fw_cfg(root.path());
        let names: Vec<_> = documents.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["40-fw-cfg-a.yaml", "40-fw-cfg-b.toml"]);
        assert!(matches!(problems.as_slice(), [PlatformError::Size(..)]), "{problems:?}");
    }
}
