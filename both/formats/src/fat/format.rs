//! Making a new, empty volume.

use super::{
    boot::{Geometry, Info, MIN_CLUSTERS},
    error::FatError,
    name::label,
    slot::{LABEL, Slot},
    time::Timestamp,
};
use crate::device::BlockDevice;

/// Sectors before the first table: what Windows and mkfs.fat use. The boot sector is 0, FSInfo 1, copies 6 and 7.
const RESERVED: u32 = 32;
/// Clusters are 4 KiB unless the volume is too small for that: the block size of the caches and of flash.
const CLUSTER: u32 = 4096;
/// Bytes to which the data area is aligned on the volume, so that clusters do not straddle blocks of flash.
const ALIGN: u32 = 4096;
const SECTOR: u32 = 512;

/// What a new volume is to be like. Its size is that of the device, its sectors have 512 bytes.
#[derive(Clone, Debug)]
pub struct FormatOptions<'a> {
    /// Serial number of the volume.
    pub volume_id: u32,
    /// Label: 1 to 11 characters of A-Z, 0-9, space, `_`, `-`.
    pub label: &'a str,
    /// Sectors of the disk before the volume: where its partition begins, in 512 bytes.
    pub hidden_sectors: u32,
    /// Bytes of a cluster, a power of two from 512 to 65536; `None` chooses.
    pub cluster: Option<u32>,
    /// Time of the label's entry.
    pub time: Timestamp,
}

/// Makes an empty FAT32 volume that fills the device. Only its tables and the root directory are written, not the
/// data area. What was on the device is lost, and a cut in the middle leaves no volume at all: the boot sector
/// comes last.
pub fn format(device: &mut impl BlockDevice, options: &FormatOptions<'_>) -> Result<(), FatError> {
    let geometry = plan(device.size(), options)?;
    let sector = u64::from(SECTOR);
    device.write_at(0, &[0; SECTOR as usize])?;
    device.flush()?;

    let zeros = vec![0; 1024 * 1024];
    let mut at = sector;
    let end = geometry.offset(geometry.root) + u64::from(geometry.cluster);
    while at < end {
        let part = (end - at).min(zeros.len() as u64);
        device.write_at(at, &zeros[..part as usize])?;
        at += part;
    }

    let mut head = [0; 512];
    // Media descriptor, clean-shutdown marks, and the root directory's one cluster.
    for (entry, value) in [0x0fff_fff8u32, 0x0fff_ffff, 0x0fff_ffff].into_iter().enumerate() {
        head[entry * 4..entry * 4 + 4].copy_from_slice(&value.to_le_bytes());
    }
    for table in 0..geometry.tables {
        device.write_at(geometry.table(table), &head)?;
    }
    let mut root = [0; 512];
    root[..32].copy_from_slice(&Slot::short(geometry.label, LABEL, 0, 0, options.time).0);
    device.write_at(geometry.offset(geometry.root), &root)?;
    let info = Info { free: Some(geometry.clusters - 1), next: geometry.root + 1 }.sector();
    device.write_at(sector, &info)?;
    device.write_at(7 * sector, &info)?;
    device.write_at(6 * sector, &geometry.boot_sector())?;
    device.flush()?;
    device.write_at(0, &geometry.boot_sector())?;
    Ok(device.flush()?)
}

/// Decides where everything goes.
fn plan(size: u64, options: &FormatOptions<'_>) -> Result<Geometry, FatError> {
    let label = label(options.label)?;
    let Ok(sectors) = u32::try_from(size / u64::from(SECTOR)) else {
        return Err(FatError::Format(format!("{size} bytes are more than FAT32 can have")));
    };
    let candidates = match options.cluster {
        Some(cluster) if cluster.is_power_of_two() && (SECTOR..=65_536).contains(&cluster) => vec![cluster],
        Some(other) => {
            return Err(FatError::Format(format!(
                "clusters of {other} bytes, expected a power of two from {SECTOR} to 65536"
            )));
        }
        None => vec![CLUSTER, 2048, 1024, SECTOR],
    };
    let mut most = 0;
    for cluster in candidates {
        let (reserved, table_sectors) = layout(sectors, cluster);
        let clusters = sectors.saturating_sub(reserved + 2 * table_sectors) / (cluster / SECTOR);
        most = most.max(clusters);
        if clusters >= MIN_CLUSTERS {
            return Ok(Geometry {
                sector: SECTOR,
                cluster,
                reserved,
                tables: 2,
                active: 0,
                mirrored: true,
                table_sectors,
                sectors,
                clusters,
                root: 2,
                info: Some(1),
                backup: Some(6),
                hidden: options.hidden_sectors,
                id: options.volume_id,
                label,
            });
        }
    }
    Err(FatError::Format(format!(
        "{size} bytes give {most} clusters, and firmware takes a volume with fewer than {MIN_CLUSTERS} for FAT16"
    )))
}

/// Reserved sectors and sectors of a table, such that the data area is aligned. The table is sized for the whole
/// volume, which is a little more than it needs.
fn layout(sectors: u32, cluster: u32) -> (u32, u32) {
    let clusters = u64::from(sectors / (cluster / SECTOR)) + 2;
    let table_sectors = (clusters * 4).div_ceil(u64::from(SECTOR)) as u32;
    let before = RESERVED + 2 * table_sectors;
    (RESERVED + before.next_multiple_of(ALIGN / SECTOR) - before, table_sectors)
}
