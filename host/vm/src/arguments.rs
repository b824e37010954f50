//! Machine to argument vector, as a pure function. All knowledge of QEMU's options stands here, with the reason
//! for each that is not obvious.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::machine::{
    Accelerator, Boot, Disk, DiskBus, DiskFormat, Machine, OnReset, SecureBoot, Watchdog, Writes,
};

/// Paths of one run that the machine does not know.
#[derive(Clone, Debug)]
pub struct Places {
    /// Unix socket on which the run waits for QMP.
    pub qmp: PathBuf,
    /// Unix socket on which the run waits for the report port.
    pub report: PathBuf,
    /// Unix socket on which the run waits for the console.
    pub console: PathBuf,
    /// Folder with the layers that take the writes of disks whose writes are dropped, named by [`layer`].
    pub layers: PathBuf,
    /// Firmware code and the file of its variables; needed where the machine boots by UEFI.
    pub firmware: Option<(PathBuf, PathBuf)>,
}

/// The arguments that make QEMU this machine.
pub fn arguments(machine: &Machine, places: &Places, accelerator: Accelerator) -> Vec<OsString> {
    let mut args = Arguments(Vec::new());
    base(&mut args, machine, accelerator);
    boot(&mut args, machine, places);
    for (number, disk) in machine.disks.iter().enumerate() {
        // The index of a kernel that QEMU loads itself is 0 as well.
        let starts = number == machine.starts_from && matches!(machine.boot, Boot::Uefi { .. });
        let order = if starts { ",bootindex=0" } else { "" };
        args.option("-drive", drive(places, number, disk));
        args.option("-device", format!("{}{order}", device(machine.disk_bus, number)));
    }
    let mut net = OsString::from("user,id=net");
    for forward in &machine.forwards {
        net.push(format!(",hostfwd=tcp:127.0.0.1:{}-:{}", forward.host, forward.guest));
    }
    args.option("-netdev", net);
    // Without the option ROM neither firmware has a network boot to try.
    args.option("-device", "virtio-net-pci,netdev=net,romfile=");
    args.option("-device", "virtio-rng-pci");
    for document in &machine.configuration {
        let option = format!("name=opt/org.corten.config/{},file=", document.name);
        args.option("-fw_cfg", with_path(&option, &document.path));
    }
    channels(&mut args, places);
    if machine.watchdog == Watchdog::I6300esb {
        args.option("-device", "i6300esb");
        args.option("-action", "watchdog=reset");
    }
    if machine.on_reset == OnReset::Stop {
        args.option("-action", "reboot=shutdown");
    }
    args.0.extend(machine.extra.iter().map(OsString::from));
    args.0
}

struct Arguments(Vec<OsString>);

impl Arguments {
    fn option(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.push(name.into());
        self.0.push(value.into());
    }
}

/// Processor model. Under KVM the host's own; under TCG everything that it can translate, but for what Linux would use
/// and what costs the translator more than it saves, a tenth of a boot each: page tables of five levels, whose walks are
/// longer, and string instructions that are said to be fast for bytes (ERMS and its like), which it does byte by byte.
pub fn processor(accelerator: Accelerator) -> &'static str {
    match accelerator {
        Accelerator::Kvm => "host",
        Accelerator::Tcg => "max,-la57,-erms,-fsrm,-fsrs,-fzrm",
    }
}

/// The accelerator with its properties.
pub fn acceleration(accelerator: Accelerator) -> &'static str {
    match accelerator {
        Accelerator::Kvm => "kvm",
        Accelerator::Tcg => "tcg,thread=multi",
    }
}

fn base(args: &mut Arguments, machine: &Machine, accelerator: Accelerator) {
    args.0.extend(["-nodefaults", "-no-user-config"].map(OsString::from));
    args.option("-display", "none");
    // Firmware with Secure Boot keeps the code that writes its variables in a mode of the processor that an
    // operating system can't enter; without that, whoever is root in the guest could change the keys.
    let (smm, protected) = match machine.secure_boot {
        SecureBoot::Off => ("off", None),
        SecureBoot::On => ("on", Some("driver=cfi.pflash01,property=secure,value=on")),
    };
    // The chipset's own disk controller takes half a dozen modules, and a keyboard's is looked at for a while.
    let sata = if machine.disk_bus == DiskBus::Sata { "on" } else { "off" };
    args.option("-machine", format!("q35,vmport=off,smm={smm},hpet=off,i8042=off,sata={sata}"));
    if let Some(property) = protected {
        args.option("-global", property);
    }
    args.option("-accel", acceleration(accelerator));
    args.option("-cpu", processor(accelerator));
    args.option("-smp", machine.cpus.to_string());
    args.option("-m", format!("{}M", machine.memory_mib));
    // Nothing but what has a boot index, and no waiting for a key.
    args.option("-boot", "strict=on,menu=off");
}

fn boot(args: &mut Arguments, machine: &Machine, places: &Places) {
    match &machine.boot {
        Boot::Uefi { .. } => {
            if let Some((code, variables)) = &places.firmware {
                args.option("-drive", with_path("if=pflash,format=raw,unit=0,readonly=on,file=", code));
                args.option("-drive", with_path("if=pflash,format=raw,unit=1,file=", variables));
            }
        }
        Boot::Kernel { kernel, initrd, command_line } => {
            args.option("-kernel", kernel);
            if let Some(initrd) = initrd {
                args.option("-initrd", initrd);
            }
            if !command_line.is_empty() {
                args.option("-append", command_line.as_str());
            }
        }
    }
}

/// The device of a disk. The chipset's AHCI controller is called `ide` and has six ports.
fn device(bus: DiskBus, number: usize) -> String {
    let (driver, port) = match bus {
        DiskBus::Virtio => ("virtio-blk-pci", String::new()),
        DiskBus::Nvme => ("nvme", String::new()),
        DiskBus::Sata => ("ide-hd", format!(",bus=ide.{number}")),
    };
    format!("{driver},drive=disk{number},serial=disk{number}{port}")
}

/// File name of the layer of a disk.
pub fn layer(number: usize) -> String {
    format!("disk{number}.qcow2")
}

/// What is behind a disk.
fn drive(places: &Places, number: usize, disk: &Disk) -> OsString {
    let format = disk.format.name();
    match (disk.format, disk.writes) {
        // The guest sees a server's disk as one with a cache that it can flush, as it sees a file.
        (DiskFormat::Nbd, _) => {
            let options = format!(
                "if=none,id=disk{number},format={format},discard=unmap,cache=writeback,file.driver=nbd,\
                 file.server.type=unix,file.server.path="
            );
            with_path(&options, &disk.path)
        }
        (_, Writes::Kept) => {
            let options =
                format!("if=none,id=disk{number},format={format},discard=unmap,cache=writeback,file=");
            with_path(&options, &disk.path)
        }
        // The layer says nothing of what lies below it, so that no path is written into a file. Flushes cost
        // nothing where all is dropped at the end.
        (_, Writes::Dropped) => {
            let options = format!("if=none,id=disk{number},format=qcow2,discard=unmap,cache=unsafe,file=");
            let mut drive = with_path(&options, &places.layers.join(layer(number)));
            let below = format!(",backing.driver={format},backing.file.filename=");
            drive.push(with_path(&below, &disk.path));
            drive
        }
    }
}

/// QEMU connects to sockets on which we wait already, so not a byte is lost and a QEMU that is not there yet can't
/// be mistaken for one that hangs.
fn channels(args: &mut Arguments, places: &Places) {
    args.option("-chardev", with_path("socket,id=console,path=", &places.console));
    args.option("-serial", "chardev:console");
    args.option("-chardev", with_path("socket,id=report,path=", &places.report));
    args.option("-device", "virtio-serial-pci,max_ports=2");
    args.option("-device", format!("virtserialport,chardev=report,name={}", corten_report::PORT));
    args.option("-chardev", with_path("socket,id=qmp,path=", &places.qmp));
    args.option("-mon", "chardev=qmp,mode=control");
}

/// `option` followed by a path, in which QEMU wants each comma twice.
fn with_path(option: &str, path: &Path) -> OsString {
    let mut bytes = option.as_bytes().to_vec();
    for byte in OsStr::as_bytes(path.as_os_str()) {
        bytes.push(*byte);
        if *byte == b',' {
            bytes.push(b',');
        }
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Document, Forward, Variables};

    fn places() -> Places {
        Places {
            qmp: "/run/qmp".into(),
            report: "/run/report".into(),
            console: "/run/console".into(),
            layers: "/run".into(),
            firmware: Some(("/fw/code.fd".into(), "/run/variables.fd".into())),
        }
    }

    fn text(machine: &Machine, accelerator: Accelerator) -> String {
        let args = arguments(machine, &places(), accelerator);
        let lines: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
        lines
            .join("\n")
            .replace("\n-", "\n\n-")
            .replace("\n\n-", "\u{0}")
            .replace('\n', " ")
            .replace('\u{0}', "\n-")
    }

    #[test]
    fn uefi_machine_with_a_disk_and_a_forward() {
        let mut machine = Machine::new(Boot::Uefi { variables: Variables::Temporary });
        machine.disks.push(Disk {
            path: "/img/a,b.raw".into(),
            format: DiskFormat::Raw,
            writes: Writes::Dropped,
        });
        machine.forwards.push(Forward { host: 8443, guest: 7443 });
        machine.configuration.push(Document { name: "10-run.toml".into(), path: "/tmp/a,b.toml".into() });
        insta::assert_snapshot!(text(&machine, Accelerator::Tcg));
    }

    #[test]
    fn firmware_starts_from_one_disk_alone() {
        let mut machine = Machine::new(Boot::Uefi { variables: Variables::Temporary });
        let disk = Disk { path: "/img/a.raw".into(), format: DiskFormat::Raw, writes: Writes::Kept };
        machine.disks = vec![disk.clone(), disk];
        machine.starts_from = 1;
        let args = text(&machine, Accelerator::Tcg);
        let indexed: Vec<_> = args.lines().filter(|line| line.contains("bootindex")).collect();
        assert_eq!(indexed, ["-device virtio-blk-pci,drive=disk1,serial=disk1,bootindex=0"]);
    }

    #[test]
    fn a_disk_of_a_server() {
        let mut machine = Machine::new(Boot::Uefi { variables: Variables::Temporary });
        machine.disks.push(Disk {
            path: "/run/a,b.sock".into(),
            format: DiskFormat::Nbd,
            writes: Writes::Kept,
        });
        let args = text(&machine, Accelerator::Tcg);
        let drive = args.lines().find(|line| line.contains("id=disk0"));
        insta::assert_snapshot!(drive.expect("a drive"), @"-drive if=none,id=disk0,format=raw,discard=unmap,cache=writeback,file.driver=nbd,file.server.type=unix,file.server.path=/run/a,,b.sock");
    }

    #[test]
    fn disks_of_real_machines() {
        let devices = |bus: DiskBus| {
            let mut machine = Machine::new(Boot::Uefi { variables: Variables::Temporary });
            let disk = Disk { path: "/d".into(), format: DiskFormat::Raw, writes: Writes::Dropped };
            machine.disks = vec![disk.clone(), disk];
            machine.disk_bus = bus;
            let text = text(&machine, Accelerator::Tcg);
            text.lines().filter(|line| line.contains("serial=")).collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(devices(DiskBus::Nvme), @r"
        -device nvme,drive=disk0,serial=disk0,bootindex=0
        -device nvme,drive=disk1,serial=disk1
        ");
        insta::assert_snapshot!(devices(DiskBus::Sata), @r"
        -device ide-hd,drive=disk0,serial=disk0,bus=ide.0,bootindex=0
        -device ide-hd,drive=disk1,serial=disk1,bus=ide.1
        ");
    }

    #[test]
    fn kernel_machine_with_watchdog_and_kept_disk() {
        let mut machine = Machine::new(Boot::Kernel {
            kernel: "/img/linux".into(),
            initrd: Some("/img/initrd".into()),
            command_line: "console=ttyS0 panic=10".into(),
        });
        machine.disks.push(Disk {
            path: "/keep/disk".into(),
            format: DiskFormat::Qcow2,
            writes: Writes::Kept,
        });
        machine.watchdog = Watchdog::I6300esb;
        machine.on_reset = OnReset::Stop;
        machine.extra = vec!["-device".into(), "qemu-xhci".into()];
        insta::assert_snapshot!(text(&machine, Accelerator::Kvm));
    }
}
