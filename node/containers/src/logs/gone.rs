//! Logs of containers that are not there any more: which are kept.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::LogError;
use super::name::ContainerName;

/// Bytes of all of them together: three that printed all that is kept of one, or hundreds of usual ones.
const MAX_BYTES: u64 = 100 << 20;
/// Containers; each costs a folder and some memory, however little it printed.
const MAX_COUNT: usize = 256;
/// Containers whose logs are found at a start. More than a node can run and keep; what is beyond was put there by others.
const MAX_FOUND: usize = 4096;

/// The log of a container that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) name: ContainerName,
    pub(super) bytes: u64,
    pub(super) last: SystemTime,
}

impl Gone {
    /// How large it is, and when it was written last. What can't be read counts as empty and old.
    pub(super) fn look(folder: &Path, name: ContainerName) -> Self {
        let mut gone = Self { name, bytes: 0, last: UNIX_EPOCH };
        for file in fs::read_dir(folder).into_iter().flatten().flatten() {
            if let Ok(metadata) = file.metadata() {
                gone.bytes += metadata.len();
                gone.last = gone.last.max(metadata.modified().unwrap_or(UNIX_EPOCH));
            }
        }
        gone
    }
}

/// Those to be removed so that the newest others are within the limits.
pub(super) fn too_many(mut gone: Vec<Gone>) -> Vec<ContainerName> {
    gone.sort_by(|one, other| other.last.cmp(&one.last).then_with(|| one.name.cmp(&other.name)));
    let mut bytes = 0_u64;
    let is_kept = |(at, gone): (usize, &Gone)| {
        bytes = bytes.saturating_add(gone.bytes);
        at < MAX_COUNT && bytes <= MAX_BYTES
    };
    let kept = gone.iter().enumerate().map(is_kept).take_while(|kept| *kept).count();
    gone.into_iter().skip(kept).map(|gone| gone.name).collect()
}

/// The containers of which there are logs, `WORKLOAD/CONTAINER` below a folder. Others' files are passed over.
pub(super) fn names(kept: &Path) -> Result<Vec<ContainerName>, LogError> {
    let mut names = Vec::new();
    for (workload, folder) in folders(kept)? {
        for (container, _) in folders(&folder)? {
            if let Ok(name) = ContainerName::new(&workload, &container)
                && names.len() < MAX_FOUND
            {
                names.push(name);
            }
        }
    }
    Ok(names)
}

fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>, LogError> {
    let failed = |error| LogError::Folder { path: folder.into(), error };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let (true, Ok(name)) =
            (entry.file_type().map_err(failed)?.is_dir(), entry.file_name().into_string())
        {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn gone(number: u64, bytes: u64, last: u64) -> Gone {
        let name = ContainerName::new(&format!("w{number}"), "c").expect("a name");
        Gone { name, bytes, last: UNIX_EPOCH + Duration::from_secs(last) }
    }

    #[test]
    fn the_oldest_go_first() {
        let all = vec![gone(1, 60 << 20, 1), gone(2, 60 << 20, 3), gone(3, 40 << 20, 2)];
        assert_eq!(too_many(all), [gone(1, 0, 0).name]);
        let many = (0..300).map(|number| gone(number, 1, number)).collect();
        assert_eq!(too_many(many).len(), 300 - MAX_COUNT);
    }

    proptest! {
        #[test]
        fn what_is_left_is_within_the_limits_and_newer(sizes in prop::collection::vec((0_u64..60, 0_u64..20), 0..20)) {
            let all: Vec<Gone> = sizes.iter().zip(0..).map(|((mib, last), number)| gone(number, mib << 20, *last)).collect();
            let removed = too_many(all.clone());
            let (out, left): (Vec<&Gone>, Vec<&Gone>) = all.iter().partition(|gone| removed.contains(&gone.name));
            prop_assert!(left.iter().map(|gone| gone.bytes).sum::<u64>() <= MAX_BYTES);
            prop_assert!(out.iter().all(|out| left.iter().all(|left| out.last <= left.last)));
            let total: u64 = all.iter().map(|gone| gone.bytes).sum();
            prop_assert!(total > MAX_BYTES || removed.is_empty());
        }
    }
}
