//! Writing a set of files into an empty folder. Links come last, so nothing is ever written through one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File as HostFile, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;

use rayon::prelude::*;

use super::ToolsError;
use super::merge::File;

/// Writes all files.
pub fn write(folder: &Path, files: &BTreeMap<String, File>) -> Result<(), ToolsError> {
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    for (path, file) in files {
        folders.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
        if *file == File::Directory {
            folders.insert(path);
        }
    }
    for path in folders {
        let path = folder.join(path);
        std::fs::create_dir_all(&path).map_err(ToolsError::io(&path))?;
    }
    let write_one = |(path, file): (&String, &File)| {
        let path = folder.join(path);
        match file {
            File::Regular { content, executable } => {
                let mode = if *executable { 0o755 } else { 0o644 };
                let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
                file.and_then(|mut file| file.write_all(content)).map_err(ToolsError::io(&path))
            }
            File::Directory | File::Link(_) => Ok(()),
        }
    };
    files.par_iter().try_for_each(write_one)?;
    for (path, file) in files {
        if let File::Link(target) = file {
            let path = folder.join(path);
            symlink(target, &path).map_err(ToolsError::io(&path))?;
        }
    }
    // One sync for all instead of one for each of thousands of files.
    let sync = |file: HostFile| rustix::fs::syncfs(file).map_err(std::io::Error::from);
    HostFile::open(folder).and_then(sync).map_err(ToolsError::io(folder))
}
