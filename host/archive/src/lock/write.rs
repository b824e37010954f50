//! Writing a lock: always the same bytes for the same content, and never half a file.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::{Lock, LockError};

impl Lock {
    /// The text of the lock.
    pub fn to_toml(&self) -> String {
        let mut text = String::from("# Written by `corten lock`. Commit it; do not edit it.\n");
        let mut line = |key: &str, value: String| {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{key} = {value}");
        };
        line("format", self.format.to_string());
        line("suite", quote(&self.suite));
        line("architecture", quote(&self.architecture));
        line("components", list(&self.components));
        line("extra", list(&self.extra.iter().map(ToString::to_string).collect::<Vec<_>>()));
        line("requested", list(&self.requested));
        for suite in &self.suites {
            text.push_str("\n[[suites]]\n");
            let _ = writeln!(
                text,
                "name = {}\narchive = {}",
                quote(&suite.name),
                quote(&suite.archive.to_string())
            );
            let _ = writeln!(text, "date = \"{}\"\nsha256 = \"{}\"", suite.date, suite.sha256);
        }
        for package in &self.packages {
            text.push_str("\n[[packages]]\n");
            let _ = writeln!(text, "name = {}\nversion = {}", quote(&package.name), quote(&package.version));
            let architecture = quote(&package.architecture);
            let _ = writeln!(
                text,
                "architecture = {architecture}\narchive = {}",
                quote(&package.archive.to_string())
            );
            let _ = writeln!(text, "path = {}\nsize = {}", quote(&package.path), package.size);
            let _ = writeln!(text, "sha256 = \"{}\"\nsource = {}", package.sha256, quote(&package.source));
            let _ = writeln!(text, "source-version = {}", quote(&package.source_version));
            let _ = writeln!(text, "depends = {}", list(&package.depends));
        }
        text
    }

    /// Writes the lock under another name first and gives it its own once all of it is on the disk.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let failed = |source| LockError::Io { path: path.to_owned(), source };
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = folder.join(name);
        let write = || {
            let mut file = File::create(&temporary)?;
            file.write_all(self.to_toml().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&temporary, path)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|error| {
            let _ = std::fs::remove_file(&temporary);
            failed(error)
        })
    }
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(items: &[String]) -> String {
    format!("[{}]", items.iter().map(|item| quote(item)).collect::<Vec<_>>().join(", "))
}
