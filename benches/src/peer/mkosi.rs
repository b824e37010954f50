//! mkosi of Debian 13, with its own tools in a tree of their own: Debian 13 with containerd, EROFS root, dm-verity,
//! boot image.
//!
//! It needs root, because mkosi runs here in a chroot of the tools tree, and mmdebstrap from the host's archive.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::command::{need_mmdebstrap, run};
use super::probe::{Probe, is_made, made};

const TOOLS: &str = "mkosi,systemd-repart,systemd-ukify,systemd-boot-efi,systemd-container,debian-archive-keyring,\
                     dosfstools,mtools,e2fsprogs,erofs-utils,squashfs-tools,zstd,cpio,kmod,ca-certificates,gdisk,\
                     cryptsetup-bin,systemd,udev,bubblewrap";

const CONFIGURATION: &str = "[Distribution]
Distribution=debian
Release=trixie
[Output]
Format=disk
ImageId=peer
ImageVersion=1
Seed=0e9a6fe0-68f6-408c-bbeb-136054d20445
[Content]
Bootable=yes
Bootloader=systemd-boot
UnifiedKernelImages=yes
SourceDateEpoch=1735689600
Packages=linux-image-cloud-amd64,systemd,systemd-boot,systemd-boot-efi,udev,dbus,login,libpam-modules,procps,containerd,runc
KernelCommandLine=console=ttyS0 systemd.volatile=overlay audit=0
RemoveFiles=/var/cache/ldconfig/aux-cache,/var/log/*
RootPassword=hashed:
Locale=C.UTF-8
Timezone=UTC
Hostname=peer
Keymap=us
";

const PARTITIONS: [(&str, &str); 3] = [
    (
        "00-esp.conf",
        "[Partition]\nType=esp\nFormat=vfat\nCopyFiles=/boot:/\nCopyFiles=/efi:/\nSizeMinBytes=512M\nSizeMaxBytes=512M\n",
    ),
    (
        "10-root.conf",
        "[Partition]\nType=root\nFormat=erofs\nCopyFiles=/\nVerity=data\nVerityMatchKey=root\nMinimize=best\n",
    ),
    (
        "20-root-verity.conf",
        "[Partition]\nType=root-verity\nVerity=hash\nVerityMatchKey=root\nMinimize=best\n",
    ),
];

/// Where mkosi keeps its own caches, inside the tools tree.
const PROJECT: &str = "project";

/// The peer, set up in a folder.
pub struct Mkosi {
    folder: PathBuf,
}

impl Mkosi {
    /// Makes the tools tree and the project unless they are there.
    pub fn set_up(folder: &Path, mirror: &str, security: &str) -> Result<Self> {
        let tools = folder.join("tools");
        if !tools.join("usr/bin/mkosi").exists() {
            need_mmdebstrap()?;
            eprintln!("bench: making mkosi's tools tree");
            std::fs::create_dir_all(folder)?;
            let partial = folder.join("tools.part");
            if partial.exists() {
                std::fs::remove_dir_all(&partial)?;
            }
            let mut make = Command::new("mmdebstrap");
            make.args(["--variant=apt", "--quiet", &format!("--include={TOOLS}"), "trixie"]);
            run(make.arg(&partial).arg(mirror))?;
            std::fs::rename(&partial, &tools)?;
        }
        let project = tools.join(PROJECT);
        let sources = project.join("mkosi.sandbox/etc/apt/sources.list.d");
        std::fs::create_dir_all(&sources)?;
        std::fs::create_dir_all(project.join("mkosi.repart"))?;
        std::fs::create_dir_all(project.join("mkosi.extra/etc"))?;
        for folder in ["mkosi.pkgcache", "mkosi.cache"] {
            std::fs::create_dir_all(project.join(folder))?;
        }
        let stanza = |uri: &str, suites: &str| {
            format!(
                "Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\n\
                 Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
            )
        };
        let text = stanza(mirror, "trixie trixie-updates") + &stanza(security, "trixie-security");
        std::fs::write(sources.join("mkosi.sources"), text)?;
        std::fs::write(project.join("mkosi.conf"), CONFIGURATION)?;
        for (name, text) in PARTITIONS {
            std::fs::write(project.join("mkosi.repart").join(name), text)?;
        }
        let peer = Self { folder: folder.into() };
        if !project.join("peer_1.raw").exists() {
            eprintln!("bench: first build of the peer, which fills its caches of packages and indexes");
            peer.mkosi("mkosi -f build")?;
        }
        Ok(peer)
    }

    /// The disk image of the last build.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("tools").join(PROJECT).join("peer_1.raw")
    }

    /// The same image with the probe of `bench boot` in it, made unless it is there.
    pub fn disk_with_probe(&self, probe: &Probe) -> Result<PathBuf> {
        let project = self.folder.join("tools").join(PROJECT);
        let folder = project.join("boot");
        let disk = folder.join("boot.raw");
        let stamp = probe.stamp(&[CONFIGURATION])?;
        if !is_made(&folder, &stamp) || !disk.exists() {
            eprintln!("bench: building mkosi's image with the probe");
            probe.install(&folder.join("extra"))?;
            self.mkosi(
                "mkosi --cache-only=always --output-directory=boot --output=boot --extra-tree=boot/extra -f build",
            )?;
            made(&folder, &stamp)?;
        }
        Ok(disk)
    }

    /// A full build with nothing but packages and indexes cached.
    pub fn full(&self) -> Result<Duration> {
        self.mkosi("mkosi --cache-only=always -f build")
    }

    /// Fills the cache of incremental builds.
    pub fn prepare_incremental(&self) -> Result<()> {
        self.mkosi("mkosi --cache-directory=mkosi.cache --incremental=yes -f build").map(drop)
    }

    /// A build after one changed file.
    pub fn incremental(&self, content: &str) -> Result<Duration> {
        std::fs::write(self.folder.join("tools").join(PROJECT).join("mkosi.extra/etc/changed"), content)?;
        self.mkosi("mkosi --cache-directory=mkosi.cache --cache-only=always --incremental=yes -f build")
    }

    fn mkosi(&self, command: &str) -> Result<Duration> {
        let script = format!(
            "set -e; mount --bind tools tools; mount -t proc p tools/proc; mount --rbind /sys tools/sys; \
             mount --rbind /dev tools/dev; mount -t tmpfs t tools/run; mount -t tmpfs t tools/tmp; \
             cp /etc/resolv.conf /etc/hosts tools/etc/; exec chroot tools sh -c 'cd /{PROJECT} && exec {command}'"
        );
        let started = Instant::now();
        let mut peer = Command::new("unshare");
        peer.args(["-m", "sh", "-c", &script]).current_dir(&self.folder).env("LC_ALL", "C.UTF-8");
        let output = peer.stdin(Stdio::null()).output().context("starting unshare")?;
        if !output.status.success() {
            bail!("{command}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(started.elapsed())
    }
}
