//! `corten tools`.

use std::path::PathBuf;

use clap::ValueEnum;

use super::ArchiveOptions;

/// Fetches tools from the archive into the store, without installing them.
#[derive(clap::Subcommand, Debug)]
pub enum ToolsCommand {
    /// Writes a starter for each program of a set into a folder; the programs themselves stay in the store.
    Install {
        /// The set.
        #[arg(long, value_enum, default_value_t = ToolSet::Test)]
        set: ToolSet,
        /// Where the starters go.
        folder: PathBuf,
        /// Where packages come from.
        #[command(flatten)]
        archive: ArchiveOptions,
    },
}

/// A set of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ToolSet {
    /// QEMU and firmware, for `corten run`.
    Run,
    /// Other people's readers of what Corten writes.
    Test,
}

impl ToolSet {
    /// The suite that tools come from, whatever the suite of a recipe.
    pub const SUITE: &str = "trixie";

    /// Name of its lock.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Test => "test",
        }
    }

    /// The packages that it is made of.
    pub fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Run => &["qemu-system-x86", "ovmf"],
            Self::Test => &[
                "cryptsetup-bin",
                "dosfstools",
                "erofs-utils",
                "fdisk",
                "gdisk",
                "kmod",
                "mtools",
                "qemu-utils",
                "systemd-container",
                "systemd-ukify",
            ],
        }
    }

    /// The programs that get a starter.
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Run => &["usr/bin/qemu-system-x86_64"],
            Self::Test => &[
                "usr/bin/dump.erofs",
                "usr/bin/fsck.erofs",
                "usr/bin/mcopy",
                "usr/bin/mdir",
                "usr/bin/mtype",
                "usr/bin/mkfs.erofs",
                "usr/bin/qemu-img",
                "usr/bin/systemd-dissect",
                "usr/bin/ukify",
                "usr/sbin/depmod",
                "usr/sbin/fsck.vfat",
                "usr/sbin/mkfs.vfat",
                "usr/sbin/modinfo",
                "usr/sbin/modprobe",
                "usr/sbin/sfdisk",
                "usr/sbin/sgdisk",
                "usr/sbin/veritysetup",
            ],
        }
    }
}
