//! Small executables that start tools, for tests and people: one file a program, found through a search path.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{ToolRoot, ToolsError};

/// Folders that programs are looked for in.
const PROGRAMS: [&str; 4] = ["usr/bin", "usr/sbin", "usr/lib/systemd", "usr/lib/podman"];

impl ToolRoot {
    /// Writes an executable of the same name for each of these programs into a folder.
    pub fn write_wrappers(&self, folder: &Path, programs: &[&str]) -> Result<(), ToolsError> {
        std::fs::create_dir_all(folder).map_err(ToolsError::io(folder))?;
        for name in programs {
            let place = PROGRAMS.iter().map(|below| format!("{below}/{name}"));
            let program = place.clone().find(|path| self.path().join(path).exists());
            let missing =
                || ToolsError::NoProgram { root: self.path().to_owned(), program: (*name).to_owned() };
            let text = self.script(&program.ok_or_else(missing)?)?;
            let path = folder.join(name);
            let temporary = folder.join(format!(".{name}.{}", std::process::id()));
            let write = || {
                let file =
                    OpenOptions::new().write(true).create(true).truncate(true).mode(0o755).open(&temporary);
                file?.write_all(text.as_bytes())?;
                std::fs::rename(&temporary, &path)
            };
            write().map_err(ToolsError::io(&path))?;
        }
        Ok(())
    }

    /// Links files into a folder under their own names.
    pub fn link_files(&self, folder: &Path, paths: &[&str]) -> Result<(), ToolsError> {
        for path in paths {
            let file = self.file(path)?;
            let link = folder.join(file.file_name().unwrap_or_default());
            let temporary = folder.join(format!(".link.{}", std::process::id()));
            let linked = std::os::unix::fs::symlink(&file, &temporary)
                .and_then(|()| std::fs::rename(&temporary, &link));
            linked.map_err(ToolsError::io(&link))?;
        }
        Ok(())
    }

    fn script(&self, program: &str) -> Result<String, ToolsError> {
        let command = self.command(program)?;
        let mut text = String::from("#!/bin/sh\n");
        for (name, value) in command.get_envs() {
            // Writing to a string can't fail.
            let _ = match value {
                Some(value) => writeln!(text, "export {}={}", name.display(), quote(value.as_bytes())),
                None => writeln!(text, "unset {}", name.display()),
            };
        }
        text.push_str("exec ");
        text.push_str(&quote(command.get_program().as_bytes()));
        for argument in command.get_args() {
            text.push(' ');
            text.push_str(&quote(argument.as_bytes()));
        }
        text.push_str(" \"$@\"\n");
        Ok(text)
    }
}

/// A word for the shell. Paths of the store are the user's and can hold anything but NUL.
fn quote(word: &[u8]) -> String {
    format!("'{}'", String::from_utf8_lossy(word).replace('\'', r"'\''"))
}
