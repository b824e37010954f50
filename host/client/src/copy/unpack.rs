//! An archive of a node on this machine.
//!
//! - Each name has to be that which was asked for, or below it.
//! - Nothing is written through a link: a folder that is one is an error, a file that is one is replaced. Links of the
//!   archive are made last, so none of them is there while something is written.
//! - Devices and pipes are passed over, and permissions are those for reading, writing and running alone.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use corten_oci::tar::{Form, Input, Member, Members};

use super::CopyError;

/// Permissions that are taken.
const PERMISSIONS: u16 = 0o777;
/// Links, and folders with their permissions, that are remembered until the end.
const MAX_LATER: usize = 100_000;

/// Unpacks below a folder.
#[derive(Debug)]
pub struct Unpacker {
    folder: PathBuf,
    asked: Option<String>,
    name: Option<String>,
    links: Vec<(PathBuf, Vec<u8>)>,
    folders: Vec<(PathBuf, u16)>,
    done: Unpacked,
}

/// What was unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Files.
    pub files: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Devices and pipes that were passed over.
    pub passed_over: u64,
}

impl Unpacker {
    /// Into a folder that is there. Names of the archive begin with what was asked for; `name` takes its place. Without
    /// both, as with the root of a container, everything lands in the folder itself.
    pub fn new(folder: PathBuf, asked: Option<String>, name: Option<String>) -> Self {
        Self { folder, asked, name, links: Vec::new(), folders: Vec::new(), done: Unpacked::default() }
    }

    /// Unpacks an archive to its end.
    pub fn unpack(mut self, archive: impl Input) -> Result<Unpacked, CopyError> {
        let mut members = Members::new(archive);
        while let Some(member) = members.next().map_err(CopyError::Archive)? {
            self.member(&member, &mut members)?;
        }
        for (path, target) in std::mem::take(&mut self.links) {
            let place = self.clear(&path)?;
            symlink(OsStr::from_bytes(&target), &place).map_err(CopyError::at(&place))?;
        }
        // The deepest first: a folder that can't be entered any more is not entered any more.
        for (path, mode) in self.folders.iter().rev() {
            let permissions = Permissions::from_mode(u32::from(*mode));
            fs::set_permissions(path, permissions).map_err(CopyError::at(path))?;
        }
        Ok(self.done)
    }

    fn member(&mut self, member: &Member, content: &mut impl Read) -> Result<(), CopyError> {
        let path = self.place(&member.path)?;
        match &member.form {
            Form::Directory => {
                let place = self.make_folders(&path)?;
                if !path.as_os_str().is_empty() {
                    self.later()?;
                    self.folders.push((place, member.mode & PERMISSIONS));
                }
            }
            Form::File(_) => self.file(&path, member, content)?,
            Form::Symlink(target) => {
                self.later()?;
                self.links.push((path, target.clone()));
            }
            Form::HardLink(target) => {
                let target = self.regular(&self.place(target)?)?;
                let place = self.clear(&path)?;
                fs::hard_link(&target, &place).map_err(CopyError::at(&place))?;
            }
            Form::CharDevice(..) | Form::BlockDevice(..) | Form::Fifo => self.done.passed_over += 1,
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, member: &Member, content: &mut impl Read) -> Result<(), CopyError> {
        let place = self.clear(path)?;
        let at = || CopyError::at(&place);
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&place).map_err(at())?;
        self.done.bytes += io::copy(content, &mut file).map_err(at())?;
        self.done.files += 1;
        let permissions = Permissions::from_mode(u32::from(member.mode & PERMISSIONS));
        file.set_permissions(permissions).map_err(at())?;
        if let Ok(seconds) = u64::try_from(member.mtime)
            && let Some(time) = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
        {
            // A file system that can't keep this time has another one.
            let _ = file.set_modified(time);
        }
        Ok(())
    }

    fn later(&self) -> Result<(), CopyError> {
        if self.links.len() + self.folders.len() < MAX_LATER {
            Ok(())
        } else {
            Err(CopyError::TooMany(MAX_LATER))
        }
    }

    /// Where a name of the archive lies below the folder.
    fn place(&self, name: &[u8]) -> Result<PathBuf, CopyError> {
        let outside =
            || CopyError::Outside { name: String::from_utf8_lossy(name).chars().take(300).collect() };
        if name.starts_with(b"/") || name.contains(&0) {
            return Err(outside());
        }
        let mut parts = name.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
        let mut path = PathBuf::new();
        if let Some(asked) = &self.asked {
            if parts.next() != Some(asked.as_bytes()) {
                return Err(outside());
            }
            path.push(self.name.as_ref().unwrap_or(asked));
        }
        for part in parts {
            if part == b".." {
                return Err(outside());
            }
            path.push(OsStr::from_bytes(part));
        }
        Ok(path)
    }

    /// The place for something new: its folders are there, and it is not.
    fn clear(&self, path: &Path) -> Result<PathBuf, CopyError> {
        let Some(parent) = path.parent() else { return Err(CopyError::NoName(self.folder.clone())) };
        self.make_folders(parent)?;
        let place = self.folder.join(path);
        match fs::symlink_metadata(&place) {
            Ok(there) if there.is_dir() => {
                Err(CopyError::Io { path: place, source: io::ErrorKind::IsADirectory.into() })
            }
            Ok(_) => fs::remove_file(&place).map(|()| place.clone()).map_err(CopyError::at(&place)),
            Err(_) => Ok(place),
        }
    }

    /// Makes folders that are not there, and goes through none that is a link.
    fn make_folders(&self, path: &Path) -> Result<PathBuf, CopyError> {
        let mut place = self.folder.clone();
        for part in path {
            place.push(part);
            match fs::symlink_metadata(&place) {
                Ok(there) if there.is_symlink() => return Err(CopyError::Link(place)),
                Ok(there) if there.is_dir() => {}
                Ok(_) => {
                    return Err(CopyError::Io { path: place, source: io::ErrorKind::NotADirectory.into() });
                }
                Err(_) => fs::create_dir(&place).map_err(CopyError::at(&place))?,
            }
        }
        Ok(place)
    }

    /// A file of the archive that is there already.
    fn regular(&self, path: &Path) -> Result<PathBuf, CopyError> {
        let parent = path.parent().unwrap_or(Path::new(""));
        let place = self.make_folders(parent)?.join(path.file_name().unwrap_or_default());
        let there = fs::symlink_metadata(&place).map_err(CopyError::at(&place))?;
        if there.is_file() { Ok(place) } else { Err(CopyError::Link(place)) }
    }
}

#[cfg(test)]
mod tests;
