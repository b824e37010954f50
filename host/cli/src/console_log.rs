//! The file that keeps the console of a run. It is of one run alone: while another one of the same image has it, the
//! next number is taken. On a file system without locks nobody can tell, and two runs share it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A log that no other run writes to while this lives.
#[derive(Debug)]
pub struct ConsoleLog {
    /// Its file.
    pub path: PathBuf,
    /// Locked; the lock goes with the process, however that ends.
    _file: File,
}

impl ConsoleLog {
    /// Takes `NAME.log` in a folder, or the first of `NAME.2.log` and so on that is free. The folder is made.
    pub fn take(folder: &Path, name: &str) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let mut number = 1;
        loop {
            let number_part = if number == 1 { String::new() } else { format!(".{number}") };
            let path = folder.join(format!("{name}{number_part}.log"));
            let file = File::options().create(true).append(true).open(&path);
            let file = file.with_context(|| path.display().to_string())?;
            match file.try_lock() {
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(Self { path, _file: file }),
                Err(TryLockError::WouldBlock) => number += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_runs_at_a_time_have_two_logs_and_later_ones_the_first_again() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let place = folder.path().join("consoles");
        let name = |log: &ConsoleLog| log.path.file_name().expect("a name").to_string_lossy().into_owned();
        let first = ConsoleLog::take(&place, "host_1.0").expect("it is free");
        std::fs::write(&first.path, "what the first one says").expect("it is ours");
        let second = ConsoleLog::take(&place, "host_1.0").expect("the next one is free");
        assert_eq!((name(&first), name(&second)), ("host_1.0.log".into(), "host_1.0.2.log".into()));
        assert_eq!(std::fs::read(&first.path).expect("it is there"), b"what the first one says");
        drop(first);
        assert_eq!(name(&ConsoleLog::take(&place, "host_1.0").expect("it is free again")), "host_1.0.log");
    }
}
