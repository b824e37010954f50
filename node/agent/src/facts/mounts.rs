//! What is mounted, from `/proc/self/mountinfo`. Format: proc_pid_mountinfo(5).

use corten_api::v1;

use super::{FactError, files};
use crate::root::Root;

/// Mounts that are listed; a host of many containers has some hundreds.
const MAX_MOUNTS: usize = 4096;
/// File systems that answer without asking another machine or a program, so that asking them does not hang.
const LOCAL: [&str; 14] = [
    "btrfs", "devtmpfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "iso9660", "overlay", "squashfs",
    "tmpfs", "vfat", "xfs",
];

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Device number, `253:0`.
    pub device: String,
    /// What is mounted.
    pub source: String,
    /// Where.
    pub target: String,
    /// Kind of file system.
    pub kind: String,
    /// Options of the mount and then of the file system, each once.
    pub options: Vec<String>,
}

/// All mounts that the agent sees, in the order in which they were made. The size of one that is of another machine,
/// or that can't be reached, is 0.
pub fn list(root: &Root) -> Result<Vec<v1::Mount>, FactError> {
    let lines = lines(root)?;
    Ok(lines.into_iter().map(|line| measured(root, line)).collect())
}

/// The same, without sizes.
pub fn lines(root: &Root) -> Result<Vec<Line>, FactError> {
    Ok(parse(&files::text(root, "/proc/self/mountinfo")?))
}

fn measured(root: &Root, line: Line) -> v1::Mount {
    let Line { source, target, kind, options, .. } = line;
    let is_local = LOCAL.contains(&kind.as_str());
    let size = is_local.then(|| rustix::fs::statvfs(root.path(&target)).ok()).flatten();
    let bytes = |blocks: u64| size.as_ref().map_or(0, |size| blocks.saturating_mul(size.f_frsize));
    let (all, free, available) =
        size.as_ref().map_or((0, 0, 0), |size| (size.f_blocks, size.f_bfree, size.f_bavail));
    v1::Mount {
        source,
        target,
        kind,
        options,
        bytes: bytes(all),
        used_bytes: bytes(all.saturating_sub(free)),
        available_bytes: bytes(available),
    }
}

/// Reads `mountinfo`. Lines that are none are passed over.
pub fn parse(text: &str) -> Vec<Line> {
    text.lines().filter_map(parse_line).take(MAX_MOUNTS).collect()
}

fn parse_line(line: &str) -> Option<Line> {
    // Optional fields of any number end in a hyphen.
    let (mount, file_system) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(2);
    let (device, target, own) = (mount.next()?, mount.nth(1)?, mount.next()?);
    let mut file_system = file_system.split(' ');
    let (kind, source) = (file_system.next()?, file_system.next()?);
    let mut options: Vec<String> = own.split(',').map(unescaped).collect();
    for option in file_system.next().unwrap_or_default().split(',').map(unescaped) {
        if !option.is_empty() && !options.contains(&option) {
            options.push(option);
        }
    }
    Some(Line {
        device: device.into(),
        source: unescaped(source),
        target: unescaped(target),
        kind: kind.into(),
        options,
    })
}

/// Space, tab, newline and backslash stand as a backslash and three octal digits.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let code = after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(code) = code.filter(u8::is_ascii) {
            out.push(char::from(code));
            rest = after.get(3..).unwrap_or_default();
        } else {
            out.push('\\');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "24 1 253:0 / / ro,relatime shared:1 - erofs /dev/mapper/root ro,seclabel
31 24 254:6 / /var rw,nosuid,nodev,noexec,relatime shared:9 master:2 - ext4 /dev/vda6 rw,errors=panic
40 24 0:31 / /mnt/a\\040b rw - nfs4 10.0.0.1:/x rw
short line
";

    #[test]
    fn mounts_are_read() {
        let lines = parse(TEXT);
        assert_eq!(lines.len(), 3);
        let state = Line {
            device: "254:6".into(),
            source: "/dev/vda6".into(),
            target: "/var".into(),
            kind: "ext4".into(),
            options: ["rw", "nosuid", "nodev", "noexec", "relatime", "errors=panic"].map(String::from).into(),
        };
        assert_eq!(lines[1], state);
        assert_eq!(lines[2].target, "/mnt/a b");
    }

    #[test]
    fn the_size_is_asked_of_local_file_systems_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("proc/self")).expect("a folder");
        std::fs::create_dir_all(folder.path().join("mnt/a b")).expect("a folder");
        std::fs::write(folder.path().join("proc/self/mountinfo"), TEXT).expect("a file");
        let mounts = list(&Root::new(folder.path())).expect("mounts");
        assert!(mounts[0].bytes > 0 && mounts[0].used_bytes <= mounts[0].bytes);
        // `/var` is not there below this root, and the last one is another machine's.
        assert_eq!((mounts[1].bytes, mounts[2].bytes), (0, 0));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}", escaped in "[0-7é\\\\]{0,20}") {
            let _ = parse(&format!("1 2 3 4 5 {text} - {text}"));
            let _ = parse(&text);
            let _ = unescaped(&escaped);
        }

        #[test]
        fn escapes_are_undone(text in "[ -~]{0,30}") {
            let escaped: String = text.chars().map(|c| match c {
                ' ' | '\\' => format!("\\{:03o}", c as u32),
                c => c.to_string(),
            }).collect();
            prop_assert_eq!(unescaped(&escaped), text);
        }
    }
}
