//! Debian 13 as an administrator sets it up to run containers: systemd, containerd and runc from the archive, the
//! kernel for virtual machines with the initrd that Debian makes for it, systemd-boot, root on ext4.
//!
//! Nothing else is installed: no network service, no SSH, no cron, no time service, and no recommended packages.
//! Real machines of this kind start more than this, so the comparison errs on the side of the peer.
//! It needs root, because packages are installed into a tree with mmdebstrap.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Mirror;
use super::command::{need_mmdebstrap, run};
use super::disk::{self, Boot};
use super::probe::{Probe, is_made, made};

/// What is installed on a machine beside the essential packages, as apt's list.
pub struct Debian {
    packages: &'static [&'static str],
}

/// The one that boots until containerd serves.
pub const BOOT: Debian = Debian { packages: &[PACKAGES] };
/// The one that starts containers: the same and podman, with what it needs for networks of its own.
pub const CONTAINERS: Debian = Debian { packages: &[PACKAGES, PODMAN] };

const PODMAN: &str = "podman,conmon,crun,netavark,aardvark-dns,nftables";
const PACKAGES: &str = "linux-image-cloud-amd64,initramfs-tools,busybox,zstd,systemd-sysv,systemd-boot,udev,dbus,\
                        libpam-systemd,login,kmod,e2fsprogs,containerd,runc";
const ROOT_UUID: &str = "5f1d4a7e-6b1c-4a53-9a55-8d3b7f0c2e11";
/// Debian's own kernel arguments, and the console that all machines of the measurement have.
const OPTIONS: &str = "root=UUID=5f1d4a7e-6b1c-4a53-9a55-8d3b7f0c2e11 ro quiet console=ttyS0,115200";
const FSTAB: &str = "UUID=5f1d4a7e-6b1c-4a53-9a55-8d3b7f0c2e11 / ext4 errors=remount-ro 0 1\n";
/// Systemd fills it in; other than a missing file it does not ask for a person.
const EMPTY: &str = "";
const FILES: [(&str, &str); 3] =
    [("etc/fstab", FSTAB), ("etc/hostname", "debian\n"), ("etc/machine-id", EMPTY)];

impl Debian {
    /// The disk image, made in `folder` unless it is there.
    pub fn disk(&self, folder: &Path, mirror: &Mirror, probe: &Probe) -> Result<PathBuf> {
        let disk = folder.join("debian.raw");
        let packages = self.packages.join(",");
        let stamp = probe.stamp(&[&packages, OPTIONS, FSTAB])?;
        if is_made(folder, &stamp) && disk.exists() {
            return Ok(disk);
        }
        let tree = folder.join("tree");
        if !tree.exists() {
            need_mmdebstrap()?;
            eprintln!("bench: installing Debian");
            std::fs::create_dir_all(folder)?;
            let partial = folder.join("tree.part");
            if partial.exists() {
                std::fs::remove_dir_all(&partial)?;
            }
            let mut make = Command::new("mmdebstrap");
            make.args(["--variant=minbase", "--quiet", &format!("--include={packages}"), "trixie"]);
            let Mirror { main, security } = mirror;
            let sources = [
                format!("deb {main} trixie main"),
                format!("deb {main} trixie-updates main"),
                format!("deb {security} trixie-security main"),
            ];
            run(make.arg(&partial).args(sources))?;
            std::fs::rename(&partial, &tree)?;
        }
        eprintln!("bench: making Debian's disk");
        for (path, text) in FILES {
            std::fs::write(tree.join(path), text)?;
        }
        probe.install(&tree)?;
        let release = release(&tree)?;
        let read = |path: String| std::fs::read(tree.join(&path)).with_context(|| path);
        let boot = Boot {
            loader: read("usr/lib/systemd/boot/efi/systemd-bootx64.efi.signed".into())?,
            kernel: read(format!("boot/vmlinuz-{release}"))?,
            initrd: read(format!("boot/initrd.img-{release}"))?,
            options: OPTIONS,
        };
        disk::write(&disk, &tree, ROOT_UUID, &boot)?;
        made(folder, &stamp)?;
        Ok(disk)
    }
}

/// The release of the one kernel that is installed.
fn release(tree: &Path) -> Result<String> {
    let entries = std::fs::read_dir(tree.join("boot"))?.collect::<std::io::Result<Vec<_>>>()?;
    let names = entries.iter().filter_map(|entry| entry.file_name().into_string().ok());
    let mut releases: Vec<String> =
        names.filter_map(|name| name.strip_prefix("vmlinuz-").map(String::from)).collect();
    releases.sort();
    releases.pop().context("no kernel was installed")
}
