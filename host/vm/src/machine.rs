//! What a virtual machine is made of, as data. Nothing here knows QEMU's options; `arguments` does.

use std::path::PathBuf;
use std::str::FromStr;

/// A virtual machine: a q35 PC with virtio devices, a serial console, a network card and the report port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Number of virtual processors.
    pub cpus: u32,
    /// How it starts.
    pub boot: Boot,
    /// Disks whose writes are dropped are that large at least, in bytes: what their image lacks is zeros. An image
    /// holds only what was built; a node makes its second slot and its state in the rest of the disk.
    pub room: u64,
    /// Disks in the order in which the guest finds them.
    pub disks: Vec<Disk>,
    /// Number of the disk that firmware starts from, counted from 0.
    pub starts_from: usize,
    /// How the guest reaches them.
    pub disk_bus: DiskBus,
    /// Ports of the host that lead to ports of the guest.
    pub forwards: Vec<Forward>,
    /// Documents of the machine configuration that the guest finds, in the order of their names.
    pub configuration: Vec<Document>,
    /// Hardware that restarts a guest which hangs.
    pub watchdog: Watchdog,
    /// What happens when the guest restarts itself.
    pub on_reset: OnReset,
    /// Whether its firmware starts signed programs alone.
    pub secure_boot: SecureBoot,
    /// More arguments for QEMU, as they are.
    pub extra: Vec<String>,
}

/// Room for a node: the image, its second slot, and some GiB of state.
pub const ROOM: u64 = 8 << 30;

impl Machine {
    /// Two processors, 1 GiB, room of 8 GiB on disks, no disk, no forwards.
    pub fn new(boot: Boot) -> Self {
        Self {
            memory_mib: 1024,
            cpus: 2,
            boot,
            room: ROOM,
            disks: Vec::new(),
            starts_from: 0,
            disk_bus: DiskBus::Virtio,
            forwards: Vec::new(),
            configuration: Vec::new(),
            watchdog: Watchdog::None,
            on_reset: OnReset::Restart,
            secure_boot: SecureBoot::Off,
            extra: Vec::new(),
        }
    }
}

/// A document of the machine configuration, handed over by QEMU's `fw_cfg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name in the guest, with the ending of its format: `10-run.toml`. 32 characters at most.
    pub name: String,
    /// The file with its text.
    pub path: PathBuf,
}

/// How a machine starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Boot {
    /// UEFI firmware starts the loader of a disk.
    Uefi {
        /// Where the firmware's variables live.
        variables: Variables,
    },
    /// QEMU loads a kernel itself; no firmware that would matter, no loader.
    Kernel {
        /// bzImage.
        kernel: PathBuf,
        /// initrd, if there is one.
        initrd: Option<PathBuf>,
        /// Kernel command line.
        command_line: String,
    },
}

/// Whether UEFI firmware starts signed programs alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureBoot {
    /// It starts everything.
    Off,
    /// It has Secure Boot, which is in force once its variables hold a platform key.
    On,
}

/// Where the variables of the UEFI firmware live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variables {
    /// In a copy of the firmware's template that is dropped after the run.
    Temporary,
    /// In a copy of this file that is dropped after the run.
    CopyOf(PathBuf),
    /// In this file, made from the firmware's template where it does not exist.
    Kept(PathBuf),
}

/// A disk image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The image, or the socket of the server that has it.
    pub path: PathBuf,
    /// How its bytes are to be read. Never guessed, since a guest could forge the header of another format.
    pub format: DiskFormat,
    /// What becomes of the guest's writes. Those to a server's disk are the server's to keep or drop.
    pub writes: Writes,
}

/// Format of a disk image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFormat {
    /// The bytes of the disk.
    Raw,
    /// QEMU's own format.
    Qcow2,
    /// The bytes of the disk, which an NBD server tells on a Unix socket, as an export without a name.
    Nbd,
}

impl DiskFormat {
    /// QEMU's name of the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw | Self::Nbd => "raw",
            Self::Qcow2 => "qcow2",
        }
    }
}

/// How a guest reaches its disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskBus {
    /// As on virtual machines.
    Virtio,
    /// A controller of its own for each disk, as in newer computers.
    Nvme,
    /// Ports of the chipset's AHCI controller, as in older ones.
    Sata,
}

/// What becomes of what the guest writes to a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// It goes to a temporary file that is dropped after the run; the image is opened read-only.
    Dropped,
    /// It goes into the image.
    Kept,
}

/// A port of the host's loopback address that leads to a port of the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// TCP port on 127.0.0.1 of the host.
    pub host: u16,
    /// TCP port of the guest.
    pub guest: u16,
}

/// What is not a forward.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a forward: expected HOST:GUEST, two TCP ports from 1 to 65535, such as 8080:80")]
pub struct ForwardError(pub String);

impl FromStr for Forward {
    type Err = ForwardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let port = |part: &str| part.parse::<u16>().ok().filter(|port| *port != 0);
        let ports = text.split_once(':').and_then(|(host, guest)| Some((port(host)?, port(guest)?)));
        ports.map(|(host, guest)| Self { host, guest }).ok_or_else(|| ForwardError(text.to_owned()))
    }
}

/// Hardware that restarts a guest which hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watchdog {
    /// None.
    None,
    /// Intel 6300ESB, for which Linux has a driver; a timer that runs out resets the machine.
    I6300esb,
}

/// What happens when the guest restarts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnReset {
    /// It starts again.
    Restart,
    /// The run ends.
    Stop,
}

/// What executes the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerator {
    /// The host's processor, by way of its kernel.
    Kvm,
    /// QEMU's translator. Works everywhere, 10 to 30 times slower.
    Tcg,
}

impl Accelerator {
    /// QEMU's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forward_is_two_ports() {
        assert_eq!("8080:80".parse(), Ok(Forward { host: 8080, guest: 80 }));
    }

    #[test]
    fn what_is_not_two_ports_is_refused_with_an_example() {
        for text in ["", "80", "0:80", "80:0", "80:65536", "a:b", "1:2:3", "-1:2", " 1:2"] {
            let error = text.parse::<Forward>().expect_err(text).to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains("8080:80"), "{error}");
        }
    }
}
