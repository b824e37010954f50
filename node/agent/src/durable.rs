//! Files on the state that are either the old ones or the new ones, whenever the power goes.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Puts a file with this content in the place of the one that is there, for its owner alone: under another name, on
/// the disk, then renamed, on the disk. Its folder is made if there is none.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    match DirBuilder::new().recursive(true).mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".new");
    let new = path.with_file_name(name);
    // What a cut left behind may have other permissions.
    let _ = fs::remove_file(&new);
    let written = (|| {
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if let Err(error) = written {
        // What a full disk left behind would keep it full.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    sync(folder)
}

/// Removes a file; one that is not there is removed already.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync(path.parent().unwrap_or(Path::new("/"))),
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_replaced_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/record.json");
        replace(&path, b"one").expect("it can be written");
        // What a cut left behind is in nobody's way.
        fs::write(folder.path().join("new/record.json.new"), "half").expect("it can be written");
        replace(&path, b"two").expect("it can be written");
        assert_eq!(fs::read(&path).expect("it is there"), b"two");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path().join("new")).expect("a folder").count(), 1);
        remove(&path).expect("it can be removed");
        remove(&path).expect("it is not there any more");
        assert!(!path.exists());
    }

    #[test]
    fn what_stands_in_the_way_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("record.json");
        fs::create_dir(&path).expect("a folder");
        fs::write(path.join("x"), "").expect("it can be written");
        replace(&path, b"one").expect_err("a folder is no file");
        assert!(!folder.path().join("record.json.new").exists());
    }
}
