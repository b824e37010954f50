//! The root of a container: what containerd says is mounted on it.

use std::ffi::CString;
use std::path::Path;

use corten_sys::mount::unmount_all;
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, mount, mount_change,
    mount_remount, move_mount,
};

use crate::api::containerd::types::Mount;
use crate::wire::Fault;

/// Mounts all of them, one over the other. What was mounted before one that can't be is taken away again.
///
/// # Errors
/// If the kernel refuses one.
pub fn assemble(mounts: &[Mount], root: &Path) -> Result<(), Fault> {
    for one in mounts {
        let target = root.join(one.target.trim_start_matches('/'));
        if let Err(errno) = mount_one(one, &target) {
            let _ = unmount_all(root);
            let what = format!("mounting {} ({}) as root", one.source, one.r#type);
            return Err(Fault::unknown(format!("{what}: {}", std::io::Error::from(errno))));
        }
    }
    Ok(())
}

/// Options as mount(8) has them, apart.
#[derive(Debug, PartialEq, Eq)]
struct Options<'a> {
    flags: MountFlags,
    is_bind: bool,
    is_recursive: bool,
    propagation: Option<MountPropagationFlags>,
    data: Vec<&'a str>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        let flags = MountFlags::empty();
        Self { flags, is_bind: false, is_recursive: false, propagation: None, data: Vec::new() }
    }
}

fn options(words: &[String]) -> Options<'_> {
    let mut options = Options::default();
    for word in words {
        let flag = match word.as_str() {
            "bind" | "rbind" => {
                options.is_bind = true;
                options.is_recursive = word == "rbind";
                continue;
            }
            "private" => {
                options.propagation = Some(MountPropagationFlags::PRIVATE);
                continue;
            }
            "rprivate" => {
                options.propagation = Some(MountPropagationFlags::PRIVATE | MountPropagationFlags::REC);
                continue;
            }
            "defaults" | "rw" | "suid" | "dev" | "exec" => continue,
            "ro" => MountFlags::RDONLY,
            "nosuid" => MountFlags::NOSUID,
            "nodev" => MountFlags::NODEV,
            "noexec" => MountFlags::NOEXEC,
            "noatime" => MountFlags::NOATIME,
            "nodiratime" => MountFlags::NODIRATIME,
            "relatime" => MountFlags::RELATIME,
            "sync" => MountFlags::SYNCHRONOUS,
            data => {
                options.data.push(data);
                continue;
            }
        };
        options.flags |= flag;
    }
    options
}

fn mount_one(one: &Mount, target: &Path) -> rustix::io::Result<()> {
    let options = options(&one.options);
    if options.is_bind {
        let recursive = if options.is_recursive { MountFlags::REC } else { MountFlags::empty() };
        let none = None::<&std::ffi::CStr>;
        mount(one.source.as_str(), target, c"", MountFlags::BIND | recursive, none)?;
        // The kernel takes flags of a bind mount only afterwards.
        if !options.flags.is_empty() {
            mount_remount(target, MountFlags::BIND | options.flags, c"")?;
        }
    } else if one.r#type == "overlay" {
        overlay(one, &options, target)?;
    } else {
        let data = CString::new(options.data.join(",")).map_err(|_| Errno::INVAL)?;
        mount(one.source.as_str(), target, one.r#type.as_str(), options.flags, Some(data.as_c_str()))?;
    }
    options.propagation.map_or(Ok(()), |propagation| mount_change(target, propagation))
}

/// An overlay takes its options one by one: all of them at once may have 4,096 bytes, which many layers exceed.
fn overlay(one: &Mount, options: &Options<'_>, target: &Path) -> rustix::io::Result<()> {
    let context = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let context = &context;
    fsconfig_set_string(context, "source", one.source.as_str())?;
    for option in &options.data {
        match option.split_once('=') {
            Some(("lowerdir", layers)) => {
                for layer in layers_of(layers) {
                    fsconfig_set_string(context, "lowerdir+", layer)?;
                }
            }
            Some((name, value)) => fsconfig_set_string(context, name, value)?,
            None => fsconfig_set_flag(context, *option)?,
        }
    }
    if options.flags.contains(MountFlags::RDONLY) {
        fsconfig_set_flag(context, "ro")?;
    }
    fsconfig_create(context)?;
    let mounted = fsmount(context, FsMountFlags::FSMOUNT_CLOEXEC, attributes(options.flags))?;
    move_mount(mounted, c"", CWD, target, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
}

fn attributes(flags: MountFlags) -> MountAttrFlags {
    let pairs = [
        (MountFlags::RDONLY, MountAttrFlags::MOUNT_ATTR_RDONLY),
        (MountFlags::NOSUID, MountAttrFlags::MOUNT_ATTR_NOSUID),
        (MountFlags::NODEV, MountAttrFlags::MOUNT_ATTR_NODEV),
        (MountFlags::NOEXEC, MountAttrFlags::MOUNT_ATTR_NOEXEC),
        (MountFlags::NOATIME, MountAttrFlags::MOUNT_ATTR_NOATIME),
        (MountFlags::NODIRATIME, MountAttrFlags::MOUNT_ATTR_NODIRATIME),
    ];
    let set = pairs.into_iter().filter(|(flag, _)| flags.contains(*flag));
    set.fold(MountAttrFlags::empty(), |all, (_, attribute)| all | attribute)
}

/// Layers, the topmost first, as one option has them: with colons between them, and before one that is part of a path a
/// backslash.
fn layers_of(layers: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut letters = layers.chars();
    while let Some(letter) = letters.next() {
        match (letter, all.last_mut()) {
            (':', _) => all.push(String::new()),
            ('\\', Some(last)) => last.extend(letters.next()),
            (letter, Some(last)) => last.push(letter),
            (_, None) => {}
        }
    }
    all.retain(|layer| !layer.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_told_apart_as_the_kernel_does() {
        assert_eq!(layers_of("/a"), ["/a"]);
        assert_eq!(layers_of("/a:/b\\:c:/d\\\\e"), ["/a", "/b:c", "/d\\e"]);
        assert_eq!(layers_of("/a::/b"), ["/a", "/b"]);
    }

    #[test]
    fn options_are_flags_or_words_of_the_file_system() {
        let words = ["rbind", "ro", "nosuid", "rprivate", "index=off", "volatile"].map(str::to_owned);
        let expected = Options {
            flags: MountFlags::RDONLY | MountFlags::NOSUID,
            is_bind: true,
            is_recursive: true,
            propagation: Some(MountPropagationFlags::PRIVATE | MountPropagationFlags::REC),
            data: vec!["index=off", "volatile"],
        };
        assert_eq!(options(&words), expected);
        assert_eq!(options(&["rw".to_owned()]), Options::default());
    }
}
