//! Things of the node that a container sees: volumes, allowed folders, secrets, names of hosts, sockets.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use corten_config::settings::{Container, Containers, Mount, Variable, Workload};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use super::paths::Paths;
use crate::fleet::Id;
use crate::spec::{Bind, Identity, Place};

/// Bytes of the largest file of variables.
const MAX_VARIABLES: u64 = 256 << 10;

/// Why something can't be given to a container.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The system.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A secret that is gone meanwhile.
    #[error("there is no secret {0:?}")]
    Secret(String),
    /// A file of variables has a line that is none.
    #[error("{path}, line {line}: expected NAME=value")]
    Variable {
        /// The file.
        path: String,
        /// Where.
        line: usize,
    },
    /// A path that leads out of the allowed folders.
    #[error("{0}: not below one of the folders that containers.host-paths allows")]
    Outside(String),
}

fn failed(path: &Path) -> impl Fn(io::Error) -> BindError {
    let path = path.to_owned();
    move |error| BindError::File { path: path.clone(), error }
}

/// Opens something below one of the allowed folders. No link leads out of it, whoever may have put one there.
fn allowed(containers: &Containers, paths: &Paths, path: &str) -> Result<File, BindError> {
    let inside = |folder: &&String| Path::new(path).starts_with(folder.as_str());
    let folder = containers.host_paths.iter().find(inside);
    let folder = folder.ok_or_else(|| BindError::Outside(path.to_owned()))?;
    let rest = Path::new(path).strip_prefix(folder).unwrap_or(Path::new(""));
    let rest = if rest.as_os_str().is_empty() { Path::new(".") } else { rest };
    let top = paths.root().join(folder.trim_start_matches('/'));
    let open = || -> rustix::io::Result<File> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top = rustix::fs::open(&top, flags, Mode::empty())?;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        Ok(openat2(&top, rest, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve)?.into())
    };
    open().map_err(|error| failed(Path::new(path))(error.into()))
}

/// The variables of a container: those of its files, and over them its own.
pub(super) fn variables(
    container: &Container,
    containers: &Containers,
    paths: &Paths,
) -> Result<BTreeMap<String, String>, BindError> {
    let mut all = BTreeMap::new();
    for path in &container.environment_files {
        let file = allowed(containers, paths, path)?;
        let mut text = String::new();
        // A path can't be read from; the file that it leads to is opened through it.
        let opened = File::open(through(&file)).and_then(|file| {
            if !file.metadata()?.is_file() {
                return Err(io::Error::new(ErrorKind::InvalidInput, "it is no file"));
            }
            file.take(MAX_VARIABLES).read_to_string(&mut text)
        });
        opened.map_err(failed(Path::new(path)))?;
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || BindError::Variable { path: path.clone(), line: at + 1 };
            let (name, value) = line.split_once('=').ok_or_else(wrong)?;
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(wrong());
            }
            all.insert(name.to_owned(), value.to_owned());
        }
    }
    for (name, variable) in &container.environment {
        let value = match variable {
            Variable::Text { text } => text.clone(),
            Variable::Secret { name } => secret(containers, name)?.to_owned(),
        };
        all.insert(name.clone(), value);
    }
    Ok(all)
}

fn secret<'a>(containers: &'a Containers, name: &str) -> Result<&'a str, BindError> {
    let secret = containers.secrets.get(name).ok_or_else(|| BindError::Secret(name.to_owned()))?;
    Ok(&secret.0)
}

/// The path of what is open.
fn through(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd as _;
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Everything that a container is given; folders that have to be there for it are made.
pub(super) fn binds(
    id: &Id,
    (workload, container): (&Workload, &Container),
    identity: &Identity,
    containers: &Containers,
    paths: &Paths,
) -> Result<Vec<Bind>, BindError> {
    let mut binds = Vec::new();
    let mut add = |source: PathBuf, target: &str, place: Place| {
        binds.push(Bind { source, target: target.to_owned(), place });
    };
    let place = |read_only: bool| if read_only { Place::ReadOnly } else { Place::Writable };
    let shared = paths.shared(&id.workload);
    for (name, target) in
        [("resolv.conf", "/etc/resolv.conf"), ("hosts", "/etc/hosts"), ("hostname", "/etc/hostname")]
    {
        add(shared.join(name), target, Place::ReadOnly);
    }
    for (target, mount) in &container.mounts {
        match mount {
            Mount::Volume { name, read_only } => {
                let folder = paths.volumes().join(name);
                make_volume(&folder, identity)?;
                add(folder, target, place(*read_only));
            }
            Mount::Host { path, read_only } => {
                let file = allowed(containers, paths, path)?;
                let held = paths.held(id).join(target.trim_start_matches('/').replace('/', "."));
                hold(&file, &held)?;
                add(held, target, place(*read_only));
            }
            Mount::Secret { name } => {
                let file = paths.of_run(id).join("secrets").join(name);
                write_secret(&file, secret(containers, name)?, identity)?;
                add(file, target, Place::ReadOnly);
            }
            Mount::Tmpfs { .. } => {}
        }
    }
    if let Some(role) = &workload.system {
        // A folder, since the socket in it is another one when the agent restarts.
        add(paths.api().join(role), "/run/corten/api", Place::ReadOnly);
    }
    if workload.containerd {
        binds.push(containerd(paths));
    }
    Ok(binds)
}

/// The folder of containerd's socket, for those that may do all that root may.
pub(crate) fn containerd(paths: &Paths) -> Bind {
    Bind { source: paths.containerd(), target: "/run/containerd".to_owned(), place: Place::Writable }
}

/// Mounts what is open at a place of its own: from here on a name in a folder that containers write to means nothing any
/// more, and nobody can put a link there that the runtime would follow.
fn hold(file: &File, place: &Path) -> Result<(), BindError> {
    let failed = failed(place);
    let is_folder = file.metadata().map_err(&failed)?.is_dir();
    if let Some(above) = place.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(&failed)?;
    }
    if is_folder {
        DirBuilder::new().mode(0o700).create(place).map_err(&failed)?;
    } else {
        File::options().write(true).create_new(true).mode(0o600).open(place).map_err(&failed)?;
    }
    let mounted = rustix::mount::mount_bind_recursive(through(file), place);
    mounted.map_err(|error| failed(error.into()))
}

/// Lets go what was held for a container. Nothing below a place that can't be unmounted is ever removed.
pub(super) fn release(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
        match rustix::mount::unmount(&path, rustix::mount::UnmountFlags::DETACH) {
            // It was never mounted.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(error) => return Err(error.into()),
        }
        // Neither goes into what may be mounted there.
        if kind.is_dir() { fs::remove_dir(&path)? } else { fs::remove_file(&path)? }
    }
    fs::remove_dir(folder)
}

/// A volume that is named for the first time belongs to the user of the container that names it.
fn make_volume(folder: &Path, identity: &Identity) -> Result<(), BindError> {
    let failed = failed(folder);
    if let Some(above) = folder.parent() {
        DirBuilder::new().recursive(true).mode(0o711).create(above).map_err(&failed)?;
    }
    match DirBuilder::new().mode(0o755).create(folder) {
        Ok(()) => chown(folder, Some(identity.uid), Some(identity.gid)).map_err(failed),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Writes a secret for the container's user alone. It lies in memory.
fn write_secret(path: &Path, text: &str, identity: &Identity) -> Result<(), BindError> {
    let failed = failed(path);
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o711).create(folder).map_err(&failed)?;
    }
    let _ = fs::remove_file(path);
    let mut file = File::options().write(true).create_new(true).mode(0o400).open(path).map_err(&failed)?;
    file.write_all(text.as_bytes()).map_err(&failed)?;
    file.set_permissions(Permissions::from_mode(0o400)).map_err(&failed)?;
    chown(path, Some(identity.uid), Some(identity.gid)).map_err(failed)
}
