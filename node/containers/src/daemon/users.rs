//! Users of an image: from the name in a configuration to numbers, by the image's own passwd(5) and group(5).

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use crate::spec::Identity;

/// Bytes of the largest file of users that is read.
const MAX: u64 = 1 << 20;

/// Why a user is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoUser {
    /// The image has none of this name.
    #[error("the image has no user {0:?}")]
    User(String),
    /// The image has no group of this name.
    #[error("the image has no group {0:?}")]
    Group(String),
}

/// A file of an image, from the topmost layer that has it. Links are followed within the layer.
fn read(layers: &[PathBuf], name: &str) -> String {
    for layer in layers {
        let open = || -> rustix::io::Result<File> {
            let folder =
                rustix::fs::open(layer, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
            // A whiteout is a device; a FIFO would keep us waiting.
            let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
            Ok(openat2(&folder, name, flags, Mode::empty(), ResolveFlags::IN_ROOT)?.into())
        };
        let Ok(file) = open() else { continue };
        if !file.metadata().is_ok_and(|what| what.is_file()) {
            return String::new();
        }
        let mut text = Vec::new();
        let _ = file.take(MAX).read_to_end(&mut text);
        return String::from_utf8_lossy(&text).into_owned();
    }
    String::new()
}

/// The lines of a file with this many fields at least.
fn lines(text: &str, fields: usize) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split(':').collect::<Vec<_>>()).filter(move |line| line.len() >= fields)
}

/// Who `USER[:GROUP]` is; empty for root.
pub(crate) fn identity(layers: &[PathBuf], user: &str) -> Result<Identity, NoUser> {
    from(user, || read(layers, "etc/passwd"), || read(layers, "etc/group"))
}

fn from(
    user: &str,
    passwd: impl FnOnce() -> String,
    group: impl FnOnce() -> String,
) -> Result<Identity, NoUser> {
    let (user, own_group) = match user.split_once(':') {
        Some((user, group)) => (user, Some(group).filter(|group| !group.is_empty())),
        None => (user, None),
    };
    let user = if user.is_empty() { "0" } else { user };
    let number = user.parse::<u32>().ok();
    let passwd = passwd();
    let known = lines(&passwd, 4).find(|line| match number {
        Some(number) => line[2].parse() == Ok(number),
        None => line[0] == user,
    });
    let uid = match (number, &known) {
        (Some(number), _) => number,
        (None, Some(line)) => line[2].parse().map_err(|_| NoUser::User(user.into()))?,
        (None, None) => return Err(NoUser::User(user.into())),
    };
    let group_text = group();
    let groups = || lines(&group_text, 3);
    let gid = match own_group {
        Some(name) => match name.parse() {
            Ok(number) => number,
            Err(_) => groups()
                .find(|line| line[0] == name)
                .and_then(|line| line[2].parse().ok())
                .ok_or_else(|| NoUser::Group(name.into()))?,
        },
        None => known.as_ref().and_then(|line| line[3].parse().ok()).unwrap_or(0),
    };
    // Groups that name the user are theirs unless one was chosen.
    let name = known.as_ref().map_or("", |line| line[0]);
    let is_member = |line: &Vec<&str>| {
        own_group.is_none()
            && line.get(3).is_some_and(|members| members.split(',').any(|member| member == name))
    };
    let further = groups().filter(is_member).filter_map(|line| line[2].parse().ok());
    let mut further: Vec<u32> = further.filter(|group| *group != gid).collect();
    further.sort_unstable();
    further.dedup();
    if name.is_empty() {
        further.clear();
    }
    Ok(Identity { uid, gid, groups: further })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/:/x\nbroken\nann:x:1000:1001::/:/x\n";
    const GROUP: &str = "root:x:0:\nwww-data:x:33:\nadm:x:4:ann,bob\nstaff:x:50:ann\n";

    fn who(user: &str) -> Result<(u32, u32, Vec<u32>), NoUser> {
        let identity = from(user, || PASSWD.into(), || GROUP.into())?;
        Ok((identity.uid, identity.gid, identity.groups))
    }

    #[test]
    fn names_and_numbers_are_looked_up_in_the_image() {
        assert_eq!(who(""), Ok((0, 0, vec![])));
        assert_eq!(who("www-data"), Ok((33, 33, vec![])));
        assert_eq!(who("33"), Ok((33, 33, vec![])));
        assert_eq!(who("ann"), Ok((1000, 1001, vec![4, 50])));
        assert_eq!(who("ann:staff"), Ok((1000, 50, vec![])));
        assert_eq!(who("7:8"), Ok((7, 8, vec![])));
        assert_eq!(who("7"), Ok((7, 0, vec![])));
        assert_eq!(who("eve"), Err(NoUser::User("eve".into())));
        assert_eq!(who("ann:eve"), Err(NoUser::Group("eve".into())));
    }

    #[test]
    fn the_topmost_layer_counts_and_links_stay_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let layer = |name: &str| folder.path().join(name);
        for name in ["top", "middle", "bottom"] {
            std::fs::create_dir_all(layer(name).join("etc")).expect("a folder");
        }
        std::fs::write(layer("bottom").join("etc/passwd"), "ann:x:1:1::/:/x\n").expect("a file");
        let layers = vec![layer("top"), layer("middle"), layer("bottom")];
        assert_eq!(identity(&layers, "ann").map(|identity| identity.uid), Ok(1));
        std::os::unix::fs::symlink("/own", layer("middle").join("etc/passwd")).expect("a link");
        std::fs::write(layer("middle").join("own"), "ann:x:2:2::/:/x\n").expect("a file");
        assert_eq!(identity(&layers, "ann").map(|identity| identity.uid), Ok(2));
        std::fs::create_dir(layer("top").join("etc/passwd")).expect("a folder");
        assert!(identity(&layers, "ann").is_err());
    }
}
