//! A file or folder of this machine as an archive. Owners are left out, and so is what runs with somebody's rights; what
//! is neither file, folder nor link is passed over.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use corten_oci::tar::{Form, Member, TarWriter};

use super::CopyError;

/// Permissions that travel.
const PERMISSIONS: u32 = 0o777;

/// Writes what lies at a path under this name, folders with all that is in them. Returns what was passed over.
pub fn pack(path: &Path, name: &str, out: impl Write) -> Result<Vec<PathBuf>, CopyError> {
    let mut archive = TarWriter::new(out);
    let mut passed_over = Vec::new();
    // What a person names is meant, whatever links lead there; below it links are links.
    let first = fs::metadata(path).map_err(CopyError::at(path))?;
    if !first.is_dir() && !first.is_file() {
        return Err(CopyError::Special(path.to_owned()));
    }
    let mut todo = vec![(path.to_owned(), name.as_bytes().to_vec(), first)];
    while let Some((path, name, metadata)) = todo.pop() {
        let at = |source| CopyError::Pack { path: path.clone(), source };
        let Some(form) = form(&path, &metadata).map_err(CopyError::at(&path))? else {
            passed_over.push(path);
            continue;
        };
        let member = Member {
            path: name.clone(),
            mode: (metadata.permissions().mode() & PERMISSIONS) as u16,
            uid: 0,
            gid: 0,
            mtime: metadata.mtime(),
            xattrs: std::collections::BTreeMap::default(),
            form,
        };
        match member.form {
            Form::File(size) => {
                // One that grows meanwhile is as long as it was.
                let file = File::open(&path).map_err(CopyError::at(&path))?;
                archive.add(&member, &mut file.take(size)).map_err(at)?;
            }
            _ => archive.add(&member, &mut io::empty()).map_err(at)?,
        }
        if metadata.is_dir() {
            todo.extend(below(&path, &name)?);
        }
    }
    let finished = archive.finish().and_then(|mut out| out.flush());
    finished.map_err(CopyError::at(path))?;
    Ok(passed_over)
}

/// What is in a folder, the last by name first: it is taken from the end.
fn below(folder: &Path, name: &[u8]) -> Result<Vec<(PathBuf, Vec<u8>, Metadata)>, CopyError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(CopyError::at(folder))? {
        let entry = entry.map_err(CopyError::at(folder))?;
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path).map_err(CopyError::at(&path))?;
        let name = [name, b"/", entry.file_name().as_bytes()].concat();
        found.push((path, name, metadata));
    }
    found.sort_by(|(one, ..), (other, ..)| other.cmp(one));
    Ok(found)
}

fn form(path: &Path, metadata: &Metadata) -> io::Result<Option<Form>> {
    let kind = metadata.file_type();
    Ok(if kind.is_dir() {
        Some(Form::Directory)
    } else if kind.is_symlink() {
        Some(Form::Symlink(fs::read_link(path)?.into_os_string().into_vec()))
    } else {
        kind.is_file().then_some(Form::File(metadata.len()))
    })
}
