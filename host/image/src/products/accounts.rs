//! `/etc/passwd` and `/etc/group`: what adduser would have written for the packages' users.
//!
//! There is no `/etc/shadow`: nobody logs in, so there is no password to keep.

use std::fmt::Write as _;

use bytes::Bytes;
use corten_recipe::plan::Userland;

use crate::assembly::{Assembly, Origin};
use crate::error::Error;

/// The shell of every user. It does not exist in the image, and would let nobody in where it did.
const SHELL: &str = "/usr/sbin/nologin";

/// Writes both files, by number and then by name.
pub fn accounts(assembly: &mut Assembly, userland: Userland<'_>) -> Result<(), Error> {
    let mut users: Vec<_> = userland.users.iter().collect();
    users.sort_by_key(|(name, user)| (user.uid, name.as_str().to_owned()));
    let mut passwd = String::new();
    for (name, user) in users {
        let (home, comment) = (user.home.as_str(), user.comment.as_str());
        let _ = writeln!(passwd, "{}:x:{}:{}:{comment}:{home}:{SHELL}", name.as_str(), user.uid, user.gid);
    }
    let mut groups: Vec<_> = userland.groups.iter().collect();
    groups.sort_by_key(|(name, group)| (group.gid, name.as_str().to_owned()));
    let mut group = String::new();
    for (name, entry) in groups {
        let _ = writeln!(group, "{}:x:{}:", name.as_str(), entry.gid);
    }
    assembly.file("/etc/passwd", Bytes::from(passwd), 0o644, Origin::Produced("accounts"))?;
    assembly.file("/etc/group", Bytes::from(group), 0o644, Origin::Produced("accounts"))
}
