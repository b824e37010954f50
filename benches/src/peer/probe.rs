//! The programs that a peer carries so that it is measured as Corten is, and the unit that starts them.

use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

const FOLDER: &str = "usr/local/lib/corten-bench";
const UNITS: &str = "usr/lib/systemd/system";
const NAME: &str = "corten-bench.service";

/// Started with the first units, since it waits for nothing. Below /usr, where no preset turns it off.
const AT_BOOT: &str = "[Unit]
Description=Tells the host when containerd serves
DefaultDependencies=no
[Service]
ExecStart=/usr/local/lib/corten-bench/probe
";

/// Files for a peer, and the unit that starts one of them.
pub struct Probe {
    files: Vec<(&'static str, PathBuf)>,
    unit: String,
    wanted_by: &'static str,
}

/// A program that `cargo xtask bench` built.
pub fn program(name: &str) -> Result<PathBuf> {
    let folder = std::env::var_os("CORTEN_PEER_PROGRAMS")
        .context("CORTEN_PEER_PROGRAMS: run this as `cargo xtask bench`")?;
    Ok(PathBuf::from(folder).join(name))
}

impl Probe {
    /// What tells when containerd serves: the probe and Corten's health check.
    pub fn of_boots() -> Result<Self> {
        let files = vec![("probe", program("corten-bench-probe")?), ("health", program("corten-health")?)];
        Ok(Self { files, unit: AT_BOOT.into(), wanted_by: "sysinit.target" })
    }

    /// What measures starts of containers of this image: so many one by one, and so many at once.
    pub fn of_containers(image: &Path, starts: u32, crowd: u32) -> Result<Self> {
        let files =
            vec![("stopwatch", program("corten-bench-stopwatch")?), ("busybox.tar", image.to_owned())];
        let unit = format!(
            "[Unit]\nDescription=Measures starts of containers\nAfter=containerd.service dbus.service\n\
             [Service]\nExecStart=/usr/local/lib/corten-bench/stopwatch peers {starts} {crowd}\n\
             Environment=HOME=/root\nTasksMax=infinity\nLimitNOFILE=65536\n"
        );
        Ok(Self { files, unit, wanted_by: "multi-user.target" })
    }

    /// Puts programs and unit into a tree of files.
    pub fn install(&self, tree: &Path) -> Result<()> {
        let folder = tree.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        for (name, program) in &self.files {
            let to = folder.join(name);
            std::fs::copy(program, &to).with_context(|| program.display().to_string())?;
            std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o755))?;
        }
        let wants = tree.join(UNITS).join(format!("{}.wants", self.wanted_by));
        std::fs::create_dir_all(&wants)?;
        std::fs::write(tree.join(UNITS).join(NAME), &self.unit)?;
        let link = wants.join(NAME);
        if link.symlink_metadata().is_err() {
            symlink(Path::new("..").join(NAME), &link)?;
        }
        Ok(())
    }

    /// Hash of the programs, the unit and what else a peer's disk is made from, so that a cached one is known.
    pub fn stamp(&self, recipe: &[&str]) -> Result<String> {
        let mut hasher = Sha256::new();
        for text in [&[self.unit.as_str()], recipe].concat() {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        for (_, program) in &self.files {
            hasher.update(std::fs::read(program).with_context(|| program.display().to_string())?);
        }
        let mut text = String::new();
        hasher.finalize().iter().try_for_each(|byte| write!(text, "{byte:02x}"))?;
        Ok(text)
    }
}

/// Whether `folder` holds what was made with this stamp.
pub fn is_made(folder: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(folder.join("stamp")).is_ok_and(|found| found == stamp)
}

/// Says that `folder` holds what is made with this stamp.
pub fn made(folder: &Path, stamp: &str) -> Result<()> {
    Ok(std::fs::write(folder.join("stamp"), stamp)?)
}
