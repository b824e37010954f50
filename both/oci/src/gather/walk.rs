//! Going through a folder.

use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Addition, GatherError, Place};
use crate::layer::Kind;
use crate::tar::shown;

/// Takes what was found: where it is, where it goes, what it is, its permissions.
type Found<'a> = dyn FnMut(&Path, &[u8], Kind, u16) -> Result<(), GatherError> + 'a;

/// Permissions of folders, and of files that can be executed.
const EXECUTABLE: u16 = 0o755;

/// Permissions of other files.
const READABLE: u16 = 0o644;

/// Tells of a file, or a folder and all that is in it. A symbolic link that is named itself is followed; one in a
/// folder is kept.
pub fn walk(addition: &Addition, found: &mut Found<'_>) -> Result<(), GatherError> {
    let mut open = vec![(addition.local.clone(), place(addition)?, Links::Followed)];
    while let Some((path, place, links)) = open.pop() {
        let io = |source| GatherError::Io { path: path.clone(), source };
        let metadata = match links {
            Links::Followed => fs::metadata(&path).map_err(io)?,
            Links::Kept => fs::symlink_metadata(&path).map_err(io)?,
        };
        if metadata.is_dir() {
            found(&path, &place, Kind::Directory, EXECUTABLE)?;
            let entries = fs::read_dir(&path).map_err(io)?;
            for entry in entries {
                let name = entry.map_err(io)?.file_name();
                let slash: &[u8] = if place.is_empty() { b"" } else { b"/" };
                open.push((path.join(&name), [&place[..], slash, name.as_bytes()].concat(), Links::Kept));
            }
        } else {
            let kind = kind(&path, &metadata)?;
            let own = if metadata.permissions().mode() & 0o111 == 0 { READABLE } else { EXECUTABLE };
            let mode = match kind {
                Kind::Symlink(_) => 0o777,
                _ => addition.mode.unwrap_or(own),
            };
            found(&path, &place, kind, mode)?;
        }
    }
    Ok(())
}

/// Where the file or folder itself goes.
fn place(addition: &Addition) -> Result<Vec<u8>, GatherError> {
    let path = &addition.local;
    let folder = match &addition.place {
        Place::Into(folder) if !path.is_dir() => folder,
        Place::At(place) | Place::Into(place) => return Ok(place.clone()),
    };
    let no_name = || GatherError::Place { path: path.clone(), place: shown(folder) };
    let name = path.file_name().ok_or_else(no_name)?.as_bytes();
    Ok(if folder.is_empty() { name.to_vec() } else { [folder, &b"/"[..], name].concat() })
}

#[derive(Clone, Copy)]
enum Links {
    Followed,
    Kept,
}

fn kind(path: &Path, metadata: &Metadata) -> Result<Kind, GatherError> {
    if metadata.is_symlink() {
        let target =
            fs::read_link(path).map_err(|source| GatherError::Io { path: path.to_owned(), source })?;
        return Ok(Kind::Symlink(target.as_os_str().as_bytes().to_vec()));
    }
    if metadata.is_file() { Ok(Kind::File(metadata.len())) } else { Err(GatherError::Kind(path.to_owned())) }
}
