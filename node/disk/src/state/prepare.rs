//! Makes, checks and mounts the state.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::ExitStatus;

use corten_formats::ext4::{BACKUP_BLOCK, BACKUP_OFFSET, OFFSET, SIZE, Superblock, SuperblockError};
use corten_sys::mount::{Mount, MountFlags, mount};
use corten_sys::{SysError, aside};

use super::rule::{Begin, begin, grows};
use super::{MOUNT_POINT, tool};
use crate::device::{Disk, io};
use crate::error::NoState;
use crate::table::{STATE_LABEL, StatePartition, complete};

const MAKE: &str = "/usr/sbin/mke2fs";
const CHECK: &str = "/usr/sbin/e2fsck";
/// Grows a mounted file system; run beside the services.
pub const GROW: &str = "/usr/sbin/resize2fs";

/// Whether the state was there before this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It was made just now.
    New,
    /// It was kept.
    Kept,
}

/// Whether the file system is as large as its partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// It is.
    Full,
    /// It has to grow: [`GROW`] with the device as argument.
    Wanted,
}

/// The state, mounted at [`MOUNT_POINT`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// Its device.
    pub device: String,
    /// UUID of the file system.
    pub uuid: [u8; 16],
    /// Size of the partition.
    pub bytes: u64,
    /// Whether it was there before.
    pub age: Age,
    /// Whether it has to grow.
    pub growth: Growth,
}

/// What goes on around the preparation.
pub struct Around<'a> {
    /// Called again and again while something takes time.
    pub wait: &'a mut dyn FnMut(),
    /// Gets what a person may want to know.
    pub say: &'a mut dyn FnMut(&str),
}

/// Makes the state usable and mounts it.
pub fn prepare(disk: &Disk, state: &StatePartition, around: &mut Around<'_>) -> Result<Mounted, NoState> {
    let device = state.path.display().to_string();
    let found = look(&state.path)?;
    let mut age = Age::Kept;
    match begin(state.mark, &found.superblock, &found.backup, state.bytes) {
        Begin::Make => {
            make(state, &device, around)?;
            complete(disk, state)?;
            age = Age::New;
        }
        Begin::Mount => {}
        Begin::Check(why) => check(&device, &why, &[], around)?,
        Begin::CheckByBackup(why) => {
            let block = BACKUP_BLOCK.to_string();
            check(&device, &why, &["-b", &block, "-B", "4096"], around)?;
        }
        Begin::Refuse(why) => return Err(NoState::Damaged(device, why)),
    }
    // Before the mount: the kernel writes the superblock of what is mounted when it likes.
    let now = look(&state.path)?.superblock;
    let now = now.map_err(|why| NoState::Damaged(device.clone(), why.to_string()))?;
    if let Err(error) = mount_state(&device, around) {
        check(&device, &error.to_string(), &["-f"], around)?;
        mount_state(&device, around)?;
    }
    let growth = if grows(&now, state.bytes) { Growth::Wanted } else { Growth::Full };
    Ok(Mounted { device, uuid: now.uuid, bytes: state.bytes, age, growth })
}

struct Look {
    superblock: Result<Superblock, SuperblockError>,
    backup: Result<Superblock, SuperblockError>,
}

fn look(path: &Path) -> Result<Look, NoState> {
    let device = File::open(path).map_err(|error| io(path, error))?;
    let read = |offset| {
        let mut bytes = [0; SIZE];
        device.read_exact_at(&mut bytes, offset).map(|()| Superblock::parse(&bytes))
    };
    let superblock = read(OFFSET).map_err(|error| io(path, error))?;
    // A small file system has no backup there.
    let backup = read(BACKUP_OFFSET).unwrap_or(Err(SuperblockError::Magic(0)));
    Ok(Look { superblock, backup })
}

/// How mke2fs(8) makes a state of so many bytes: its arguments but for the device.
pub fn make_options(bytes: u64) -> Vec<String> {
    // A journal that holds some seconds of a fast disk and is cleared in no time: it is written in full, since an old
    // one on a disk that had another life must not be taken for ours. The rest is cleared by the kernel later on.
    let journal = (bytes >> 26).clamp(8, 128);
    let extended = "lazy_itable_init=1,lazy_journal_init=0";
    let options = format!("-q -F -t ext4 -b 4096 -L {STATE_LABEL} -m 1 -J size={journal} -E {extended}");
    options.split(' ').map(String::from).collect()
}

fn make(state: &StatePartition, device: &str, around: &mut Around<'_>) -> Result<(), NoState> {
    let mib = state.bytes >> 20;
    (around.say)(&format!("{device}: making the file system of the state, {mib} MiB"));
    let options = make_options(state.bytes);
    let arguments: Vec<&str> = options.iter().map(String::as_str).chain([device]).collect();
    tool::run(MAKE, &arguments, |status| status.success(), around.wait)
        .map_err(|error| NoState::Tool(device.into(), error))?;
    let file = OpenOptions::new().write(true).open(&state.path).map_err(|error| io(&state.path, error))?;
    Ok(file.sync_all().map_err(|error| io(&state.path, error))?)
}

fn check(device: &str, why: &str, more: &[&str], around: &mut Around<'_>) -> Result<(), NoState> {
    (around.say)(&format!("{device}: checking the file system of the state: {why}"));
    let arguments: Vec<&str> = ["-p"].into_iter().chain(more.iter().copied()).chain([device]).collect();
    let (status, said) = tool::run(CHECK, &arguments, mended, around.wait)
        .map_err(|error| NoState::Tool(device.into(), error))?;
    (around.say)(&format!("{device}: checked, {status}: {said}"));
    Ok(())
}

/// e2fsck(8): 1 means errors were corrected, 2 that a mounted file system should be mounted anew; this one is not.
fn mended(status: ExitStatus) -> bool {
    status.code().is_some_and(|code| code & !3 == 0)
}

/// Aside, since the kernel replays the journal and removes what nobody has open any more before it returns.
fn mount_state(device: &str, around: &mut Around<'_>) -> Result<(), SysError> {
    // Containers run their programs from here, so not noexec. An error in the file system restarts the machine,
    // which has it checked: a node whose state became read-only would be neither alive nor dead.
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOATIME;
    let state = Mount { source: device, target: MOUNT_POINT, kind: "ext4", flags, data: "errors=panic" };
    aside::work(|| mount(&state), around.wait)
}
