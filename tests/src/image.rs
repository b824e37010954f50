//! An image that `corten build` made, and its boot image taken apart for boots without a loader.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use corten_formats::uki::PeImage;
use corten_vm::{Boot, Disk, DiskFormat, Machine, OnReset, Variables, Watchdog, Writes};

use crate::built::Built;
use crate::workshop::Workshop;

/// An image.
pub struct Image {
    /// Its version.
    pub version: String,
    /// The root hash of its root, hex.
    pub root_hash: String,
    /// The disk.
    pub disk: PathBuf,
    /// The kernel of its boot image.
    kernel: PathBuf,
    /// The initrd of its boot image.
    initrd: PathBuf,
    /// The kernel command line of its boot image.
    pub command_line: String,
}

impl Image {
    /// Has the image of a recipe built.
    pub fn build(workshop: &Workshop, recipe: &str) -> Result<Self> {
        let folder = workshop.path("images");
        let built = Built::run(workshop.corten(), recipe, &folder, (&["raw", "uki"], &[]))?;
        let (disk, boot_image) = (built.artifact("raw")?, built.artifact("uki")?);

        let bytes = fs::read(&boot_image).with_context(|| boot_image.display().to_string())?;
        let program = PeImage::parse(&bytes).with_context(|| boot_image.display().to_string())?;
        let section =
            |name: &str| program.section(name).with_context(|| format!("the boot image has no {name}"));
        let unpack = |name: &str| -> Result<PathBuf> {
            let path = workshop.path(&format!("{recipe}{name}"));
            fs::write(&path, section(name)?)?;
            Ok(path)
        };
        let command_line = String::from_utf8(section(".cmdline")?.to_vec())?;
        Ok(Self {
            kernel: unpack(".linux")?,
            initrd: unpack(".initrd")?,
            command_line: command_line.trim_end_matches(['\0', '\n', ' ']).to_owned(),
            version: built.text("version")?.to_owned(),
            root_hash: built.text("root_hash")?.to_owned(),
            disk,
        })
    }

    /// A machine that starts this image by firmware and loader.
    pub fn uefi(&self) -> Machine {
        machine(Boot::Uefi { variables: Variables::Temporary }, self.disk.clone())
    }

    /// A machine that starts kernel and initrd directly, with this command line and the root on this disk.
    pub fn direct(&self, command_line: String, disk: PathBuf) -> Machine {
        let boot =
            Boot::Kernel { kernel: self.kernel.clone(), initrd: Some(self.initrd.clone()), command_line };
        machine(boot, disk)
    }

    /// The command line with another root hash.
    pub fn wrong_command_line(&self) -> Result<String> {
        let line = self.command_line.replace(&self.root_hash, &another_hash(&self.root_hash)?);
        ensure!(line != self.command_line, "the command line does not name the root hash: {line}");
        Ok(line)
    }
}

/// A root hash that differs in its last digit.
pub fn another_hash(hash: &str) -> Result<String> {
    let mut other = hash.to_owned();
    let last = match other.pop() {
        Some('0') => '1',
        Some(_) => '0',
        None => bail!("the root hash is empty"),
    };
    other.push(last);
    Ok(other)
}

fn machine(boot: Boot, disk: PathBuf) -> Machine {
    let disk = Disk { path: disk, format: DiskFormat::Raw, writes: Writes::Dropped };
    Machine { disks: vec![disk], watchdog: Watchdog::I6300esb, on_reset: OnReset::Stop, ..Machine::new(boot) }
}
