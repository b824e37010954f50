//! Hands documents to who may read them: files in one folder, each whole or not there.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::Path;

use crate::Found;

/// Makes the folder hold these documents and no others, for root and one group. A folder that is not there yet appears
/// with all of them in it: whoever waits for it has what there is to have.
pub fn keep(folder: &Path, documents: &[Found], group: u32) -> io::Result<()> {
    if folder.exists() {
        return fill(folder, documents, group);
    }
    let new = folder.with_extension("new");
    match DirBuilder::new().recursive(true).mode(0o750).create(&new) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fill(&new, documents, group)?;
    fs::rename(new, folder)
}

fn fill(folder: &Path, documents: &[Found], group: u32) -> io::Result<()> {
    chown(folder, None, Some(group))?;
    fs::set_permissions(folder, Permissions::from_mode(0o750))?;
    for Found { name, bytes } in documents {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|there| there == *bytes) {
            continue;
        }
        let new = folder.join(format!(".{name}"));
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o640).open(&new)?;
        file.write_all(bytes)?;
        chown(&new, None, Some(group))?;
        fs::rename(&new, &path)?;
    }
    for entry in fs::read_dir(folder)?.flatten() {
        let known = documents.iter().any(|found| entry.file_name() == found.name.as_str());
        if !known {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn the_folder_holds_what_was_found_last_for_one_group() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        let group = fs::metadata(folder.path()).expect("it is there").gid();
        let found = |name: &str, text: &str| Found { name: name.into(), bytes: text.into() };
        keep(&path, &[found("a", "1"), found("b", "2")], group).expect("it can be written");
        keep(&path, &[found("b", "3")], group).expect("it can be written");
        let names: Vec<_> = fs::read_dir(&path).expect("a folder").flatten().map(|e| e.file_name()).collect();
        assert_eq!(names, ["b"]);
        assert_eq!(fs::read_to_string(path.join("b")).ok().as_deref(), Some("3"));
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o7777;
        assert_eq!((mode(&path), mode(&path.join("b"))), (0o750, 0o640));
    }
}
