//! Files of a container, as tar archives.
//!
//! The container may be hostile and change its files meanwhile. So every path is resolved by the kernel within the
//! container's root (`openat2`, `RESOLVE_IN_ROOT`), and everything is done through open folders: no name leads out.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Gid, Mode, OFlags, ResolveFlags, Uid};
use tar::{EntryType, Header};

/// Folders within one another.
const DEPTH: usize = 128;

fn other(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// The root of a process, mounts and all.
fn root(pid: u32) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(format!("/proc/{pid}/root"), flags, Mode::empty())?)
}

fn open_in(root: &OwnedFd, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    Ok(rustix::fs::openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve)?)
}

/// Writes what lies at a path of a container as an archive, under its last name.
pub(super) fn archive(pid: u32, path: &Path, out: impl Write) -> io::Result<()> {
    let root = root(pid)?;
    let name = path.file_name().map_or_else(|| PathBuf::from("root"), PathBuf::from);
    let (folder, last) = match (path.parent(), path.file_name()) {
        (Some(above), Some(last)) => (open_in(&root, above, OFlags::PATH | OFlags::DIRECTORY)?, last),
        _ => (open_in(&root, Path::new("."), OFlags::PATH | OFlags::DIRECTORY)?, std::ffi::OsStr::new(".")),
    };
    let mut archive = tar::Builder::new(out);
    add(&mut archive, (&folder, Path::new(last)), &name, DEPTH)?;
    archive.finish()
}

/// Adds one thing and what lies in it. What is neither a file nor a folder nor a link is left out.
fn add(
    archive: &mut tar::Builder<impl Write>,
    (folder, last): (&OwnedFd, &Path),
    name: &Path,
    depth: usize,
) -> io::Result<()> {
    let stat = rustix::fs::statat(folder, last, AtFlags::SYMLINK_NOFOLLOW)?;
    let mut header = Header::new_gnu();
    header.set_mode(stat.st_mode & 0o7777);
    header.set_uid(stat.st_uid.into());
    header.set_gid(stat.st_gid.into());
    header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
    header.set_size(0);
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = File::from(rustix::fs::openat(folder, last, flags, Mode::empty())?);
            let what = file.metadata()?;
            if !what.is_file() {
                return Ok(());
            }
            header.set_entry_type(EntryType::Regular);
            header.set_size(what.len());
            // One that grows or shrinks meanwhile has the size that it had.
            let content = file.take(what.len()).chain(io::repeat(0)).take(what.len());
            archive.append_data(&mut header, name, content)
        }
        FileType::Symlink => {
            let target = rustix::fs::readlinkat(folder, last, Vec::new())?;
            header.set_entry_type(EntryType::Symlink);
            archive.append_link(&mut header, name, Path::new(std::ffi::OsStr::from_bytes(target.as_bytes())))
        }
        FileType::Directory => {
            header.set_entry_type(EntryType::Directory);
            archive.append_data(&mut header, name, io::empty())?;
            let Some(depth) = depth.checked_sub(1) else {
                return Err(other("folders are nested too deeply"));
            };
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let inner = rustix::fs::openat(folder, last, flags, Mode::empty())?;
            let mut names: Vec<Vec<u8>> = Vec::new();
            for entry in Dir::read_from(&inner)? {
                let own = entry?.file_name().to_bytes().to_vec();
                if own != b"." && own != b".." {
                    names.push(own);
                }
            }
            names.sort();
            for own in names {
                let own = Path::new(std::ffi::OsStr::from_bytes(&own));
                match add(archive, (&inner, own), &name.join(own), depth) {
                    // It went meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    added => added?,
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What was unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unpacked {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// Unpacks an archive in a folder of a container. All gets the owner that the archive says; devices are refused.
pub(super) fn unpack(pid: u32, folder: &Path, input: impl Read) -> io::Result<Unpacked> {
    let root = root(pid)?;
    let top = open_in(&root, folder, OFlags::RDONLY | OFlags::DIRECTORY)?;
    let mut archive = tar::Archive::new(input);
    let mut unpacked = Unpacked::default();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = plain(&entry.path()?)?;
        let header = entry.header().clone();
        let kind = header.entry_type();
        let above = make_folders(&top, path.parent().unwrap_or(Path::new("")))?;
        let Some(last) = path.file_name().map(Path::new) else { continue };
        // No setuid: who copies files in is not to give rights by that.
        let mode = Mode::from_raw_mode(header.mode()? & 0o777);
        match kind {
            EntryType::Directory => {
                let folder = make_folders(&top, &path)?;
                rustix::fs::fchmod(&folder, mode)?;
                own(&folder, &header)?;
            }
            EntryType::Regular | EntryType::Continuous => {
                let _ = rustix::fs::unlinkat(&above, last, AtFlags::empty());
                let flags =
                    OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let mut file = File::from(rustix::fs::openat(&above, last, flags, mode)?);
                unpacked.bytes += io::copy(&mut entry, &mut file)?;
                rustix::fs::fchmod(&file, mode)?;
                own(&file, &header)?;
                unpacked.files += 1;
            }
            EntryType::Symlink => {
                let target = entry.link_name()?.ok_or_else(|| other("a link without a target"))?;
                let _ = rustix::fs::unlinkat(&above, last, AtFlags::empty());
                rustix::fs::symlinkat(&*target, &above, last)?;
                let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let link = rustix::fs::openat(&above, last, flags, Mode::empty())?;
                // The container may have put something else in its place.
                if FileType::from_raw_mode(rustix::fs::fstat(&link)?.st_mode) == FileType::Symlink {
                    own(&link, &header)?;
                }
                unpacked.files += 1;
            }
            EntryType::XGlobalHeader => {}
            _ => {
                return Err(other(&format!(
                    "{}: only files, folders and links can be copied",
                    path.display()
                )));
            }
        }
    }
    Ok(unpacked)
}

/// Gives what is open the owner that the archive says.
fn own(open: impl AsFd, header: &Header) -> io::Result<()> {
    let (uid, gid) = (header.uid()?, header.gid()?);
    let number =
        |value: u64| u32::try_from(value).map_err(|_| other("an owner that is no number of 32 bits"));
    let (uid, gid) = (Uid::from_raw(number(uid)?), Gid::from_raw(number(gid)?));
    // Unlike fchown(2) this takes links too.
    Ok(rustix::fs::chownat(open, "", Some(uid), Some(gid), AtFlags::EMPTY_PATH)?)
}

/// A path of an archive without what leads upwards.
fn plain(path: &Path) -> io::Result<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return Err(other("a path with ..")),
        }
    }
    Ok(plain)
}

/// Opens a folder below another one, making what is not there. No link is followed.
fn make_folders(top: &OwnedFd, path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut folder = rustix::fs::openat(top, ".", flags, Mode::empty())?;
    for component in path.components() {
        match rustix::fs::mkdirat(&folder, component.as_os_str(), Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        folder = rustix::fs::openat(&folder, component.as_os_str(), flags, Mode::empty())?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    /// The tests' own root stands for that of a container.
    fn own_pid() -> u32 {
        std::process::id()
    }

    #[test]
    fn what_is_copied_out_comes_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::create_dir_all(from.join("deep")).expect("folders");
        std::fs::create_dir(&to).expect("a folder");
        std::fs::write(from.join("deep/file"), "text").expect("a file");
        std::os::unix::fs::symlink("../nowhere", from.join("deep/link")).expect("a link");
        for (path, mode) in [("", 0o755), ("deep", 0o1730), ("deep/file", 0o4641)] {
            std::fs::set_permissions(from.join(path), Permissions::from_mode(mode)).expect("ours");
        }
        // Only root can give things away.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::lchown(from.join("deep"), Some(7), Some(8)).expect("root may");
            std::os::unix::fs::lchown(from.join("deep/link"), Some(9), Some(10)).expect("root may");
        }
        let mut bytes = Vec::new();
        archive(own_pid(), &from, &mut bytes).expect("an archive");
        let unpacked = unpack(own_pid(), &to, bytes.as_slice()).expect("it can be unpacked");
        assert_eq!(unpacked, Unpacked { files: 2, bytes: 4 });
        assert_eq!(std::fs::read_to_string(to.join("from/deep/file")).expect("a file"), "text");
        let link = std::fs::read_link(to.join("from/deep/link")).expect("a link");
        assert_eq!(link, Path::new("../nowhere"));
        for (path, mode) in [("", 0o755), ("deep", 0o730), ("deep/file", 0o641), ("deep/link", 0o777)] {
            let of = |folder: &Path| std::fs::symlink_metadata(folder.join(path)).expect("it is there");
            let (before, after) = (of(&from), of(&to.join("from")));
            assert_eq!(after.mode() & 0o7777, mode, "{path}");
            assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()), "{path}");
        }
    }

    #[test]
    fn no_archive_leads_out_of_its_folder_or_through_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (inside, outside) = (folder.path().join("inside"), folder.path().join("outside"));
        std::fs::create_dir(&inside).expect("a folder");
        std::fs::create_dir(&outside).expect("a folder");
        std::os::unix::fs::symlink(&outside, inside.join("door")).expect("a link");
        let with = |name: &str, kind: EntryType| {
            let mut builder = tar::Builder::new(Vec::new());
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_size(0);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            // The library does not write such names.
            header.as_gnu_mut().expect("it is one").name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, io::empty()).expect("a member");
            builder.into_inner().expect("an archive")
        };
        for (name, kind) in [
            ("../outside/file", EntryType::Regular),
            ("door/file", EntryType::Regular),
            ("device", EntryType::Char),
            ("fifo", EntryType::Fifo),
        ] {
            let bytes = with(name, kind);
            assert!(unpack(own_pid(), &inside, bytes.as_slice()).is_err(), "{name}");
        }
        assert_eq!(std::fs::read_dir(&outside).expect("a folder").count(), 0);
        // A name that is absolute is one below the folder.
        let bytes = with("/etc/own", EntryType::Regular);
        unpack(own_pid(), &inside, bytes.as_slice()).expect("it can be unpacked");
        assert!(inside.join("etc/own").exists());
    }
}
