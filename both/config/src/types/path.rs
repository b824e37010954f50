//! Paths: of the node, and in containers.

use corten_document::BadValue;

use super::form::{Checked, Form};

/// Longest path, bytes: PATH_MAX without its NUL.
const LONGEST: usize = 4095;

/// What the kernel makes. Nothing of it is handed out, nor covered by a mount.
const KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What the node keeps for itself, with all that lies below. The state of Corten, the record of its starts and its
/// sockets; the images and containers of containerd; programs that the node trusts.
const OWN: [&str; 5] =
    ["/var/lib/corten", "/run/corten", "/usr/lib/corten", "/var/lib/containerd", "/run/containerd"];

/// Folders that hold what is of the node alone beside what may be handed out.
const WHOLE: [&str; 4] = ["/run", "/usr", "/etc", "/var"];

/// A path in the one way in which it can be written: absolute, without `.`, `..`, `//` or a `/` at its end.
fn normal(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let is_path = text.starts_with('/')
        && text.len() <= LONGEST
        && !text.chars().any(char::is_control)
        && parts.iter().all(|part| *part != ".." && part.len() <= 255);
    is_path.then(|| format!("/{}", parts.join("/")))
}

/// A normal path, or what was expected.
fn read_normal(text: &str, expected: &str) -> Result<String, BadValue> {
    match normal(text) {
        Some(path) if path == text => Ok(path),
        Some(path) => Err(BadValue::or(expected, path)),
        None => Err(BadValue::new(expected)),
    }
}

/// Whether a path is a folder or lies below it.
pub(crate) fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The form of an [`AbsolutePath`].
#[derive(Debug)]
pub enum AbsoluteForm {}

/// An absolute path.
pub type AbsolutePath = Checked<AbsoluteForm>;

impl Form for AbsoluteForm {
    const NAME: &'static str = "AbsolutePath";
    const PATTERN: &'static str = "^/";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        read_normal(text, "an absolute path without `.`, `..` and `//`, for example `/srv/www`")
    }
}

/// The form of a [`HostPath`].
#[derive(Debug)]
pub enum HostPathForm {}

/// A folder of the node that containers may be given, with everything below it.
pub type HostPath = Checked<HostPathForm>;

impl Form for HostPathForm {
    const NAME: &'static str = "HostPath";
    const PATTERN: &'static str = "^/[^/]";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str =
            "the absolute path of a folder that may be handed out, for example `/var/lib/shared`";
        let path = read_normal(text, EXPECTED)?;
        let why = if path == "/" || WHOLE.contains(&path.as_str()) {
            format!("`{path}` holds what is of the node alone")
        } else if KERNEL.iter().any(|folder| is_within(&path, folder)) {
            format!("`{path}` is the kernel's")
        } else if let Some(own) = OWN.iter().find(|own| is_within(&path, own) || is_within(own, &path)) {
            format!("`{own}` is the node's own")
        } else {
            return Ok(path);
        };
        Err(BadValue::new(format!("{EXPECTED}; {why}")))
    }
}

/// The form of a [`MountPlace`].
#[derive(Debug)]
pub enum MountPlaceForm {}

/// Where something is mounted in a container.
pub type MountPlace = Checked<MountPlaceForm>;

impl Form for MountPlaceForm {
    const NAME: &'static str = "MountPlace";
    const PATTERN: &'static str = "^/[^/]";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str =
            "an absolute path that is not `/` nor in `/proc`, `/sys` or `/dev`, for example `/data`";
        let path = read_normal(text, EXPECTED)?;
        if path == "/" || KERNEL.iter().any(|folder| is_within(&path, folder)) {
            return Err(BadValue::new(EXPECTED));
        }
        Ok(path)
    }
}
