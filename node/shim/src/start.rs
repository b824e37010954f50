//! What containerd starts the shim's program for: to have a shim for a container (`start`), and to clean up after one
//! whose shim is gone (`delete`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use corten_sys::mount::unmount_all;
use corten_sys::privileges::Privileges;
use corten_sys::process::spawn;
use prost::Message as _;
use rustix::fs::{FlockOperation, OFlags, flock};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::api::containerd::task::v3::DeleteResponse;
use crate::events;
use crate::runtime::{Runtime, pid};

/// Where sockets of shims are.
pub const SOCKETS: &str = "/run/containerd/s";
/// Annotations that say which containers share a shim.
const GROUPS: [&str; 2] = ["io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id"];
/// The largest score with which the kernel ends a process when memory runs out.
const MOST_OOM_SCORE: i32 = 1000;

/// What containerd says on the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Whose containers.
    pub namespace: String,
    /// The container.
    pub id: String,
    /// The socket of containerd itself.
    pub address: String,
    /// The folder of the container, where it is not the one in which the program runs.
    pub bundle: Option<PathBuf>,
    /// `start` or `delete`; nothing for the shim itself.
    pub action: Option<String>,
}

impl Asked {
    /// Reads a command line, as Go's flags have it.
    ///
    /// # Errors
    /// If a word of it is not known.
    pub fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self::default();
        let mut words = words;
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix('-') else {
                if asked.action.replace(word).is_some() {
                    return Err("one action at a time".into());
                }
                continue;
            };
            let flag = flag.strip_prefix('-').unwrap_or(flag);
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (flag, None),
            };
            if name == "debug" {
                continue;
            }
            let value = value.or_else(|| words.next()).ok_or_else(|| format!("-{name} wants a value"))?;
            match name {
                "namespace" => asked.namespace = value,
                "id" => asked.id = value,
                "address" => asked.address = value,
                "bundle" => asked.bundle = Some(value.into()),
                // Both are for shims that need another program to tell containerd of events.
                "publish-binary" | "socket" => {}
                _ => return Err(format!("-{name} is not known")),
            }
        }
        if asked.namespace.is_empty() || asked.id.is_empty() {
            return Err("-namespace and -id have to be said".into());
        }
        Ok(asked)
    }
}

/// Sees to it that there is a shim for the container, and prints its address.
///
/// # Errors
/// If there can be none.
pub fn start(asked: &Asked, name: &str) -> io::Result<()> {
    let bundle = bundle(asked)?;
    let group = group(&bundle)?.unwrap_or_else(|| asked.id.clone());
    let parts = [asked.address.as_str(), &asked.namespace, &group];
    let path = Path::new(SOCKETS).join(hash(&parts));
    fs::DirBuilder::new().recursive(true).mode(0o711).create(SOCKETS)?;
    // Who starts at the same moment for the same workload finds the shim of the first.
    let folder = File::open(SOCKETS)?;
    flock(&folder, FlockOperation::LockExclusive)?;
    if let Some(listener) = listen(&path)? {
        spawn_shim(asked, name, &bundle, listener).inspect_err(|_| drop(fs::remove_file(&path)))?;
    }
    let address = format!("unix://{}", path.display());
    fs::write(bundle.join("address"), &address)?;
    let mut out = io::stdout();
    out.write_all(address.as_bytes())?;
    out.flush()
}

/// Removes what a container leaves whose shim is gone, and prints how it ended.
///
/// # Errors
/// If something of it can't be removed.
pub fn delete(asked: &Asked) -> io::Result<()> {
    let bundle = bundle(asked)?;
    let runtime = Runtime::remembered(&bundle, &asked.namespace);
    let log = bundle.join("delete-log.json");
    // containerd asks for this after each end of a shim, and mostly nothing is left.
    if runtime.knows(&asked.id) {
        let _ = runtime.command(&log, &["delete", "--force", &asked.id]).status();
    }
    unmount_all(&bundle.join("rootfs")).map_err(io::Error::other)?;
    let response = DeleteResponse {
        pid: pid(&bundle.join("init.pid")).unwrap_or_default(),
        exit_status: 128 + 9,
        exited_at: Some(events::now()),
    };
    let mut out = io::stdout();
    out.write_all(&response.encode_to_vec())?;
    out.flush()
}

/// The folder of the container: containerd starts the program in it.
fn bundle(asked: &Asked) -> io::Result<PathBuf> {
    asked.bundle.clone().map_or_else(std::env::current_dir, Ok)
}

/// Which containers have the same shim, by the annotations of this one.
fn group(bundle: &Path) -> io::Result<Option<String>> {
    #[derive(Deserialize)]
    struct Specification {
        #[serde(default)]
        annotations: BTreeMap<String, String>,
    }
    let path = bundle.join("config.json");
    let wrong = |error: &dyn std::fmt::Display| io::Error::other(format!("{}: {error}", path.display()));
    let bytes = fs::read(&path).map_err(|error| wrong(&error))?;
    let Specification { mut annotations } = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
    Ok(GROUPS.iter().find_map(|name| annotations.remove(*name)))
}

/// Listens there, unless somebody does. Nobody else may be about to.
fn listen(path: &Path) -> io::Result<Option<UnixListener>> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            if UnixStream::connect(path).is_ok() {
                return Ok(None);
            }
            // Of one that is gone.
            fs::remove_file(path)?;
        }
        Err(error) => return Err(error),
        Ok(listener) => return only_for_root(listener, path),
    }
    only_for_root(UnixListener::bind(path)?, path)
}

fn only_for_root(listener: UnixListener, path: &Path) -> io::Result<Option<UnixListener>> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(Some(listener))
}

/// Starts the shim itself. It gets the socket as its standard input, and says what goes wrong where containerd reads it.
fn spawn_shim(asked: &Asked, name: &str, bundle: &Path, listener: UnixListener) -> io::Result<()> {
    use std::os::unix::process::CommandExt as _;

    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let log = OpenOptions::new().read(true).write(true).custom_flags(flags).open(bundle.join("log"));
    let mut command = Command::new(std::env::current_exe()?);
    command.arg0(name).args(["-namespace", &asked.namespace, "-id", &asked.id, "-address", &asked.address]);
    command.current_dir("/").stdin(OwnedFd::from(listener)).stdout(Stdio::null());
    command.stderr(log.map_or_else(|_| Stdio::null(), Stdio::from));
    let pid = spawn(&mut command, None, &Privileges::default()).map_err(io::Error::other)?;
    // When memory runs out, it goes before containerd and after everything else.
    let own = fs::read_to_string("/proc/self/oom_score_adj")?.trim().parse::<i32>().unwrap_or_default();
    let score = own.saturating_add(1).min(MOST_OOM_SCORE);
    fs::write(format!("/proc/{pid}/oom_score_adj"), score.to_string())
}

/// Letters that stand for some words, in the name of a socket.
pub fn hash(words: &[&str]) -> String {
    Sha256::digest(words.join("/")).iter().fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Asked, String> {
        Asked::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_command_line_is_the_one_of_containerd() {
        let asked = Asked {
            namespace: "corten".into(),
            id: "web.main".into(),
            address: "/run/containerd/containerd.sock".into(),
            bundle: None,
            action: Some("start".into()),
        };
        let line = "-namespace corten -address /run/containerd/containerd.sock -publish-binary /usr/bin/containerd \
            -id web.main -debug start";
        assert_eq!(read(line), Ok(asked.clone()));
        let asked = Asked { action: Some("delete".into()), bundle: Some("/b".into()), ..asked };
        let line =
            "--namespace=corten --id=web.main -address=/run/containerd/containerd.sock -bundle /b delete";
        assert_eq!(read(line), Ok(asked));
        for wrong in
            ["", "-namespace a", "-namespace a -id", "-namespace a -id b -x c", "-namespace a -id b c d"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn containers_of_a_group_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |text: &str| {
            fs::write(folder.path().join("config.json"), text).expect("writable");
            group(folder.path())
        };
        assert_eq!(of(r#"{"ociVersion":"1.1.0"}"#).expect("readable"), None);
        let text = r#"{"annotations":{"io.containerd.runc.v2.group":"web"},"x":1}"#;
        assert_eq!(of(text).expect("readable").as_deref(), Some("web"));
        let error = of("{").expect_err("half");
        assert!(error.to_string().contains("config.json"), "{error}");
    }

    #[test]
    fn whoever_comes_second_finds_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("socket");
        let first = listen(&path).expect("free").expect("nobody listens");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert!(listen(&path).expect("taken").is_none());
        drop(first);
        assert!(listen(&path).expect("left behind").is_some());
    }
}
