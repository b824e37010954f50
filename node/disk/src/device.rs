//! A disk as the kernel shows it: its size, its partition table, the devices of its partitions.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use corten_formats::gpt::{self, SectorSize};

const SYS_BLOCK: &str = "/sys/block";

/// A disk of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    name: String,
    sys: PathBuf,
}

/// Why a disk can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// A file or device: its path, and what the system said.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// There is no partition table.
    #[error("{0}")]
    Table(#[from] gpt::ReadError),
    /// The table counts in other sectors than the disk has: an image that was written to the wrong kind of disk.
    #[error("its sectors have {has} bytes, and it holds an image for disks with sectors of {of}")]
    OtherSectors {
        /// Bytes of a sector of the disk.
        has: u64,
        /// Bytes of a sector that the table counts in.
        of: u64,
    },
    /// No known sector size.
    #[error("sectors of {0} bytes are not supported: expected 512 or 4096")]
    Sector(u64),
    /// The table has the partition, but the kernel has no device for it.
    #[error("the kernel has no device for partition {0} yet")]
    NoDevice(u32),
}

/// Disks with something in them, by name. Loop, memory and mapped devices are none.
pub fn disks() -> Vec<Disk> {
    let entries = fs::read_dir(SYS_BLOCK).into_iter().flatten().flatten();
    let mut disks: Vec<Disk> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .map(|name| Disk { sys: Path::new(SYS_BLOCK).join(&name), name })
        .filter(|disk| disk.sys.join("device").exists() && disk.bytes() > 0)
        .collect();
    disks.sort_by(|a, b| a.name.cmp(&b.name));
    disks
}

impl Disk {
    /// The disk that the kernel calls so, `vda` for example, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        disks().into_iter().find(|disk| disk.name == name)
    }

    /// The kernel's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Path of its device.
    pub fn path(&self) -> PathBuf {
        Path::new("/dev").join(&self.name)
    }

    /// Its serial number, where its driver tells one.
    pub fn serial(&self) -> Option<String> {
        let read = |path: &str| fs::read_to_string(self.sys.join(path)).ok();
        let serial = read("serial").or_else(|| read("device/serial"))?;
        Some(serial.trim().to_string()).filter(|serial| !serial.is_empty())
    }

    /// Size in bytes; 0 where it is not known.
    pub fn bytes(&self) -> u64 {
        // The size in sysfs counts 512 bytes, whatever the sectors of the disk are.
        number(&self.sys.join("size")).unwrap_or(0).saturating_mul(512)
    }

    /// Size of its logical sectors.
    pub fn sector(&self) -> Result<SectorSize, DiskError> {
        let bytes = number(&self.sys.join("queue/logical_block_size")).unwrap_or(512);
        SectorSize::from_bytes(bytes).ok_or(DiskError::Sector(bytes))
    }

    /// Reads its partition table.
    pub fn table(&self) -> Result<gpt::Found, DiskError> {
        let device = open(&self.path())?;
        let sector = self.sector()?;
        let read = |sector| gpt::read(sector, self.bytes(), |at, buffer| device.read_exact_at(buffer, at));
        read(sector).map_err(|error| match read(sector.other()) {
            Ok(_) => DiskError::OtherSectors { has: sector.bytes(), of: sector.other().bytes() },
            Err(_) => error.into(),
        })
    }

    /// The kernel's name of a partition: the directory below the disk's whose file `partition` has that number.
    pub fn partition_name(&self, wanted: u32) -> Result<String, DiskError> {
        let entries = fs::read_dir(&self.sys).into_iter().flatten().flatten();
        entries
            .filter(|entry| number(&entry.path().join("partition")) == Some(wanted.into()))
            .find_map(|entry| entry.file_name().into_string().ok())
            .ok_or(DiskError::NoDevice(wanted))
    }

    /// Path of the device of a partition.
    pub fn partition_path(&self, partition: u32) -> Result<PathBuf, DiskError> {
        Ok(Path::new("/dev").join(self.partition_name(partition)?))
    }

    /// Device number of a partition, `254:2` for example.
    pub fn partition_device(&self, partition: u32) -> Result<String, DiskError> {
        let path = self.sys.join(self.partition_name(partition)?).join("dev");
        let text = fs::read_to_string(&path).map_err(|error| io(&path, error))?;
        Ok(text.trim().to_string())
    }
}

/// Opens a device for reading.
pub(crate) fn open(path: &Path) -> Result<File, DiskError> {
    File::open(path).map_err(|error| io(path, error))
}

pub(crate) fn io(path: &Path, error: std::io::Error) -> DiskError {
    DiskError::Io(path.display().to_string(), error)
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}
