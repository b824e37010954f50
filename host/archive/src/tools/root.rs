//! A folder of tools, and how programs in it are started on a host with other libraries.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ToolsError;
use super::interpreter::{Interpreter, interpreter};

/// Deepest chain of interpreters: script, its interpreter, the loader of that.
const MAX_DEPTH: usize = 4;

/// Firmware of QEMU, which looks for it beside its program only when it is not started by a loader.
const QEMU_DATA: [&str; 3] = ["usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu"];

/// Tools that are laid out.
#[derive(Clone, Debug)]
pub struct ToolRoot {
    path: PathBuf,
    libraries: Vec<PathBuf>,
}

impl ToolRoot {
    /// Looks at a folder that was laid out.
    pub(super) fn open(path: PathBuf) -> Result<Self, ToolsError> {
        let libraries = libraries(&path)?;
        Ok(Self { path, libraries })
    }

    /// The folder. Files that are data (`usr/share/OVMF/…`) can be read from it directly.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the folder; fails where there is none. Links are followed.
    pub fn file(&self, path: &str) -> Result<PathBuf, ToolsError> {
        let missing = || ToolsError::NoProgram { root: self.path.clone(), program: path.to_owned() };
        let found = self.path.join(path).canonicalize().map_err(|_| missing())?;
        let root = self.path.canonicalize().map_err(ToolsError::io(&self.path))?;
        if found.starts_with(root) { Ok(found) } else { Err(missing()) }
    }

    /// A command that runs a program of the folder, `usr/bin/qemu-img` for example.
    pub fn command(&self, program: &str) -> Result<Command, ToolsError> {
        let mut words = self.start(program, 0)?.into_iter();
        let first = words.next().unwrap_or_default();
        let mut command = Command::new(first);
        command.args(words).envs(self.environment());
        // The host's own settings are for the host's own libraries.
        for variable in ["LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONPATH", "LANGUAGE"] {
            command.env_remove(variable);
        }
        let name = program.rsplit('/').next().unwrap_or(program);
        if name.starts_with("qemu-system-") {
            for folder in QEMU_DATA {
                command.arg("-L").arg(self.path.join(folder));
            }
        }
        Ok(command)
    }

    /// The words that start a program: loader with its options, interpreter, program.
    fn start(&self, program: &str, depth: usize) -> Result<Vec<OsString>, ToolsError> {
        let failed = |why: String| ToolsError::Start { program: program.to_owned(), why };
        if depth == MAX_DEPTH {
            return Err(failed("its interpreters name one another".to_owned()));
        }
        let file = self.file(program)?;
        let content = std::fs::read(&file).map_err(ToolsError::io(&file))?;
        match interpreter(&content).map_err(failed)? {
            Interpreter::Itself => Ok(vec![file.into()]),
            Interpreter::Loader(loader) => {
                let libraries =
                    std::env::join_paths(&self.libraries).map_err(|error| failed(error.to_string()))?;
                let named = self.path.join(program);
                let loader = self.file(&loader)?;
                let options: [OsString; 4] =
                    ["--argv0".into(), named.into(), "--library-path".into(), libraries];
                Ok([loader.into()].into_iter().chain(options).chain([file.into()]).collect())
            }
            Interpreter::Script { program: interpreter, argument } => {
                let mut words = if self.path.join(&interpreter).exists() {
                    self.start(&interpreter, depth + 1)?
                } else {
                    vec![Path::new("/").join(&interpreter).into()]
                };
                words.extend(argument.map(OsString::from));
                words.push(file.into());
                Ok(words)
            }
        }
    }

    /// Where programs find what they would otherwise look for on the host.
    pub(super) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let path = |path: &str| self.path.join(path).into_os_string();
        let libraries = self.libraries.first().map(std::borrow::ToOwned::to_owned).unwrap_or_default();
        vec![
            ("LC_ALL", "C.UTF-8".into()),
            ("MKE2FS_CONFIG", path("etc/mke2fs.conf")),
            ("OPENSSL_MODULES", libraries.join("ossl-modules").into()),
            ("PYTHONDONTWRITEBYTECODE", "1".into()),
            ("PYTHONHOME", path("usr")),
            ("PYTHONNOUSERSITE", "1".into()),
            ("QEMU_MODULE_DIR", libraries.join("qemu").into()),
        ]
    }
}

/// Folders with libraries: that of the C library first, then those below it that hold libraries themselves, such
/// as systemd's.
fn libraries(root: &Path) -> Result<Vec<PathBuf>, ToolsError> {
    let base = list(&root.join("usr/lib"))?;
    let Some(main) = base.into_iter().find(|folder| folder.join("libc.so.6").exists()) else {
        return Ok(Vec::new());
    };
    let mut found = vec![main.clone()];
    for folder in list(&main)? {
        let is_library = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with("lib") && name.contains(".so")
        };
        if folder.is_dir() && list(&folder)?.iter().any(is_library) {
            found.push(folder);
        }
    }
    Ok(found)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, ToolsError> {
    let entries = std::fs::read_dir(folder).map_err(ToolsError::io(folder))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}
