//! The boot sector with its parameter block, and the FSInfo sector: where everything on the volume lies.

use super::error::FatError;

/// Fewest clusters of a FAT32 volume. What has fewer is FAT16 to OVMF and to every reader that goes by the
/// specification.
pub(super) const MIN_CLUSTERS: u32 = 65_525;

/// Most clusters that this code reads: 32 MiB of table in memory. It bounds what a hostile volume can cost.
const MAX_CLUSTERS: u32 = 1 << 23;

/// Where the parts of a volume lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Bytes of a sector.
    pub sector: u32,
    /// Bytes of a cluster.
    pub cluster: u32,
    /// Sectors before the first table.
    pub reserved: u32,
    /// Number of tables.
    pub tables: u32,
    /// The table that counts, and whether the others follow it.
    pub active: u32,
    /// Whether all tables are kept the same.
    pub mirrored: bool,
    /// Sectors of one table.
    pub table_sectors: u32,
    /// Sectors of the volume.
    pub sectors: u32,
    /// Clusters of the data area. Their numbers are 2 to `clusters + 1`.
    pub clusters: u32,
    /// First cluster of the root directory.
    pub root: u32,
    /// Sector of the FSInfo structure.
    pub info: Option<u32>,
    /// Sector of the copy of the boot sector.
    pub backup: Option<u32>,
    /// Sectors of the disk before this volume.
    pub hidden: u32,
    /// Volume serial number.
    pub id: u32,
    /// Volume label as stored.
    pub label: [u8; 11],
}

fn u16_at(bytes: &[u8; 512], at: usize) -> u32 {
    u32::from(bytes[at]) | u32::from(bytes[at + 1]) << 8
}

fn u32_at(bytes: &[u8; 512], at: usize) -> u32 {
    u16_at(bytes, at) | u16_at(bytes, at + 2) << 16
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

impl Geometry {
    /// Reads the boot sector and checks it against the size of the device.
    pub fn parse(boot: &[u8; 512], device: u64) -> Result<Self, FatError> {
        let wrong = |what: &str, value: u32| Err(FatError::NotFat32(format!("{what} is {value}")));
        if boot[510..] != [0x55, 0xaa] {
            return Err(FatError::NotFat32("the first sector has no signature 55 aa".into()));
        }
        let sector = u16_at(boot, 11);
        if ![512, 1024, 2048, 4096].contains(&sector) {
            return wrong("the sector size", sector);
        }
        let per_cluster = u32::from(boot[13]);
        if !per_cluster.is_power_of_two() {
            return wrong("the number of sectors in a cluster", per_cluster);
        }
        let reserved = u16_at(boot, 14);
        if reserved == 0 {
            return wrong("the number of reserved sectors", reserved);
        }
        let tables = u32::from(boot[16]);
        if !(1..=4).contains(&tables) {
            return wrong("the number of tables", tables);
        }
        for (at, what) in [(17, "the number of root entries"), (22, "the 16-bit size of the table")] {
            if u16_at(boot, at) != 0 {
                return wrong(what, u16_at(boot, at));
            }
        }
        if u16_at(boot, 42) != 0 {
            return wrong("the version", u16_at(boot, 42));
        }
        let sectors = match u16_at(boot, 19) {
            0 => u32_at(boot, 32),
            few => few,
        };
        let table_sectors = u32_at(boot, 36);
        let before_data = u64::from(reserved) + u64::from(tables) * u64::from(table_sectors);
        if u64::from(sectors) * u64::from(sector) > device || u64::from(sectors) <= before_data {
            return wrong("the number of sectors", sectors);
        }
        let clusters = (sectors - before_data as u32) / per_cluster;
        if clusters == 0 || clusters > MAX_CLUSTERS {
            return wrong("the number of clusters", clusters);
        }
        if u64::from(table_sectors) * u64::from(sector) / 4 < u64::from(clusters) + 2 {
            return wrong("the number of sectors of a table", table_sectors);
        }
        let flags = u16_at(boot, 40);
        let mirrored = flags & 0x80 == 0;
        let active = if mirrored { 0 } else { flags & 15 };
        if active >= tables {
            return wrong("the active table", active);
        }
        let root = u32_at(boot, 44);
        if !(2..clusters + 2).contains(&root) {
            return wrong("the cluster of the root directory", root);
        }
        let inside = |at: usize| Some(u16_at(boot, at)).filter(|s| (1..reserved).contains(s));
        let mut label = [b' '; 11];
        label.copy_from_slice(&boot[71..82]);
        Ok(Self {
            sector,
            cluster: sector * per_cluster,
            reserved,
            tables,
            active,
            mirrored,
            table_sectors,
            sectors,
            clusters,
            root,
            info: inside(48),
            backup: inside(50),
            hidden: u32_at(boot, 28),
            id: u32_at(boot, 67),
            label,
        })
    }

    /// The boot sector of a new volume, 512 bytes of it; a larger sector is filled with zeros.
    pub fn boot_sector(&self) -> [u8; 512] {
        let mut boot = [0; 512];
        put(&mut boot, 0, &[0xeb, 0x58, 0x90]);
        // The name that the specification recommends, since some readers look at it.
        put(&mut boot, 3, b"MSWIN4.1");
        put(&mut boot, 11, &(self.sector as u16).to_le_bytes());
        boot[13] = (self.cluster / self.sector) as u8;
        put(&mut boot, 14, &(self.reserved as u16).to_le_bytes());
        boot[16] = self.tables as u8;
        boot[21] = 0xf8;
        put(&mut boot, 24, &63u16.to_le_bytes());
        put(&mut boot, 26, &255u16.to_le_bytes());
        put(&mut boot, 28, &self.hidden.to_le_bytes());
        put(&mut boot, 32, &self.sectors.to_le_bytes());
        put(&mut boot, 36, &self.table_sectors.to_le_bytes());
        put(&mut boot, 44, &self.root.to_le_bytes());
        put(&mut boot, 48, &(self.info.unwrap_or(0) as u16).to_le_bytes());
        put(&mut boot, 50, &(self.backup.unwrap_or(0) as u16).to_le_bytes());
        boot[64] = 0x80;
        boot[66] = 0x29;
        put(&mut boot, 67, &self.id.to_le_bytes());
        put(&mut boot, 71, &self.label);
        put(&mut boot, 82, b"FAT32   ");
        put(&mut boot, 510, &[0x55, 0xaa]);
        boot
    }

    /// Byte offset of the data area.
    pub fn data(&self) -> u64 {
        (u64::from(self.reserved) + u64::from(self.tables) * u64::from(self.table_sectors))
            * u64::from(self.sector)
    }

    /// Byte offset of a cluster, which must be one of this volume.
    pub fn offset(&self, cluster: u32) -> u64 {
        self.data() + u64::from(cluster - 2) * u64::from(self.cluster)
    }

    /// Byte offset of one of the tables.
    pub fn table(&self, number: u32) -> u64 {
        (u64::from(self.reserved) + u64::from(number) * u64::from(self.table_sectors))
            * u64::from(self.sector)
    }

    /// Whether a cluster of that number exists.
    pub fn holds(&self, cluster: u32) -> bool {
        (2..self.clusters + 2).contains(&cluster)
    }

    /// Clusters that so many bytes take.
    pub fn clusters_for(&self, bytes: u64) -> u64 {
        bytes.div_ceil(u64::from(self.cluster))
    }
}

/// What the FSInfo sector says. Readers may take it as a hint only, and a cut leaves it behind the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Info {
    /// Free clusters, `None` if not known.
    pub free: Option<u32>,
    /// Where to look for the next free cluster.
    pub next: u32,
}

impl Info {
    /// Reads the sector; `None` where the signatures are wrong.
    pub fn parse(sector: &[u8; 512]) -> Option<Self> {
        let signed = u32_at(sector, 0) == 0x4161_5252 && u32_at(sector, 484) == 0x6141_7272;
        let free = Some(u32_at(sector, 488)).filter(|free| *free != u32::MAX);
        (signed && u32_at(sector, 508) == 0xaa55_0000).then_some(Self { free, next: u32_at(sector, 492) })
    }

    /// The sector as stored.
    pub fn sector(self) -> [u8; 512] {
        let mut sector = [0; 512];
        put(&mut sector, 0, b"RRaA");
        put(&mut sector, 484, b"rrAa");
        put(&mut sector, 488, &self.free.unwrap_or(u32::MAX).to_le_bytes());
        put(&mut sector, 492, &self.next.to_le_bytes());
        put(&mut sector, 508, &[0, 0, 0x55, 0xaa]);
        sector
    }
}
