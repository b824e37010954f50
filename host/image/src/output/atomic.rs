//! Writing a file so that its name only ever stands for the whole of it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Creates the file under a temporary name, has it filled, syncs it and renames it. When anything fails, the
/// temporary file is removed and what had the name before still has it. A link stays, and the file that it leads to is
/// written; a device, a socket or a folder is refused.
pub fn write_atomically(
    path: &Path,
    fill: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), Error> {
    write(path, |file| {
        fill(file)?;
        file.sync_data()
    })
}

/// The same without the sync: for what may be lost with the power, since it can be made again and is checked when
/// it is read.
pub fn write_unsynced(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Error> {
    write(path, fill)
}

fn write(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), Error> {
    let place = place(path).map_err(|why| Error::write(path, why))?;
    let folder = place.parent().unwrap_or(Path::new("."));
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    remove_leftovers(folder, &name);
    let temporary = folder.join(format!(".{name}.{}.part", std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        fill(&mut file)?;
        std::fs::rename(&temporary, &place)
    });
    written.map_err(|why| {
        // What failed is told; that the rest can't be removed as well adds nothing to it.
        let _ = std::fs::remove_file(&temporary);
        Error::write(path, why)
    })
}

/// Where the bytes go: the file that a link leads to. A rename would put a file in place of a link, or of a device,
/// so what is there and no file is refused.
fn place(path: &Path) -> std::io::Result<PathBuf> {
    let place = match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_symlink() => path.canonicalize()?,
        Ok(_) => path.to_owned(),
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(path.to_owned()),
        Err(why) => return Err(why),
    };
    let kind = place.metadata()?.file_type();
    if kind.is_file() {
        Ok(place)
    } else if kind.is_dir() {
        Err(ErrorKind::IsADirectory.into())
    } else {
        Err(std::io::Error::other("it is there and no regular file"))
    }
}

/// Removes what processes left that were ended while they wrote this file. It is in nobody's way, so what fails here
/// is not told.
fn remove_leftovers(folder: &Path, name: &str) {
    // The parent of a bare name is empty, and means this folder.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let start = format!(".{name}.");
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let pid = file.to_str().and_then(|file| file.strip_prefix(&start)?.strip_suffix(".part"));
        if let Some(pid) = pid.and_then(|pid| pid.parse::<u32>().ok())
            && !Path::new(&format!("/proc/{pid}")).exists()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn put(path: &Path) -> Result<(), String> {
        write(path, |file| file.write_all(b"new")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_link_stays_and_its_target_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").expect("a file");
        std::os::unix::fs::symlink("file", &link).expect("a link");
        put(&link).expect("it is written");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&file).expect("it is there"), b"new");
    }

    #[test]
    fn what_is_no_file_stays_what_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        let told = put(&socket).expect_err("no file");
        assert_eq!(told, format!("writing {}: it is there and no regular file", socket.display()));
        std::os::unix::fs::symlink(&socket, folder.path().join("link")).expect("a link");
        put(&folder.path().join("link")).expect_err("no file");
        assert_eq!(
            put(Path::new("/dev/null")),
            Err("writing /dev/null: it is there and no regular file".into())
        );
        let told = put(folder.path()).expect_err("a folder");
        assert_eq!(told, format!("writing {}: is a directory", folder.path().display()));
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing else is left");
    }

    #[test]
    fn what_a_dead_process_left_goes_with_the_next_write() {
        let folder = tempfile::tempdir().expect("a folder");
        // Above the most that the kernel gives a process.
        let dead = u32::MAX;
        let names = [
            format!(".out.{dead}.part"),
            ".out.1.part".into(),
            ".out.x.part".into(),
            format!(".other.{dead}.part"),
        ];
        for name in &names {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        put(&folder.path().join("out")).expect("it is written");
        let left: Vec<bool> = names.iter().map(|name| folder.path().join(name).exists()).collect();
        assert_eq!(left, [false, true, true, true]);
    }
}
