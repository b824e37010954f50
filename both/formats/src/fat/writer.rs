//! Changing a volume: the order of writes and flushes that makes each change happen wholly or not at all.

use std::io::Read;

use super::{
    boot::Info,
    directory::Directory,
    error::FatError,
    name::{Name, ShortName},
    place::without_old,
    reader::{PIECE, Volume, runs, split},
    reclaim::Reclaimed,
    slot::{SLOT, Slot, entry_set},
    time::Timestamp,
};
use crate::device::BlockDevice;

/// A volume opened for changes. Each method returns when its change is on stable storage.
#[derive(Debug)]
pub struct Writer<D> {
    pub(super) volume: Volume<D>,
    pub(super) reclaimed: Reclaimed,
    failed: bool,
}

/// A place for a new entry: there is room for it, and nothing of it is visible yet.
struct Place {
    directory: Directory,
    at: usize,
    short: ShortName,
    units: Vec<u16>,
}

impl<D: BlockDevice> Writer<D> {
    /// Opens a volume and repairs what a power cut left behind. A damaged volume is refused.
    pub fn open(device: D) -> Result<Self, FatError> {
        let volume = Volume::open(device)?;
        let mut writer = Self { volume, reclaimed: Reclaimed::default(), failed: false };
        writer.reclaim()?;
        Ok(writer)
    }

    /// The volume as it is now.
    pub fn volume(&self) -> &Volume<D> {
        &self.volume
    }

    /// What [`Writer::open`] found and repaired.
    pub fn reclaimed(&self) -> &Reclaimed {
        &self.reclaimed
    }

    /// Writes the hint of free clusters out and gives the device back.
    pub fn finish(mut self) -> Result<D, FatError> {
        self.volume.device.flush()?;
        Ok(self.volume.into_device())
    }

    /// Makes a directory. Its parent must exist, the name must not.
    pub fn mkdir(&mut self, path: &str, time: Timestamp) -> Result<(), FatError> {
        self.guarded(|writer| writer.mkdir_inner(path, time))
    }

    /// Makes a file of that content. Its directory must exist, the name must not.
    pub fn write_file(&mut self, path: &str, content: &[u8], time: Timestamp) -> Result<(), FatError> {
        self.write_from(path, content.len() as u64, &mut &*content, time)
    }

    /// Makes a file of so many bytes from a source.
    pub fn write_from(
        &mut self,
        path: &str,
        size: u64,
        source: &mut dyn Read,
        time: Timestamp,
    ) -> Result<(), FatError> {
        self.guarded(|writer| writer.write_inner(path, size, source, time))
    }

    /// Removes a file or an empty directory.
    pub fn remove(&mut self, path: &str) -> Result<(), FatError> {
        self.guarded(|writer| writer.remove_inner(path))
    }

    /// Gives an entry another name in its directory. The name must not be taken, except by another spelling of
    /// the entry itself.
    pub fn rename(&mut self, path: &str, name: &str) -> Result<(), FatError> {
        self.guarded(|writer| writer.rename_inner(path, name))
    }

    /// After a failed write the device may hold anything that the order of writes allows, and the table in memory
    /// is ahead of it, so nothing more is written.
    fn guarded(&mut self, change: impl FnOnce(&mut Self) -> Result<(), FatError>) -> Result<(), FatError> {
        if self.failed {
            return Err(FatError::Failed);
        }
        // A change that is refused may have made its directory larger, so the hint follows either way.
        let result = match change(self) {
            Err(FatError::Device(error)) => Err(FatError::Device(error)),
            other => self.hint().and(other),
        };
        self.failed = matches!(result, Err(FatError::Device(_)));
        result
    }

    fn mkdir_inner(&mut self, path: &str, time: Timestamp) -> Result<(), FatError> {
        let place = self.place(path)?;
        let parent = place.directory.clusters[0];
        let up = if parent == self.volume.geometry.root { 0 } else { parent };
        let chain = self.volume.table.pick(1)?;
        let mut bytes = vec![0; self.volume.geometry.cluster as usize];
        bytes[..SLOT].copy_from_slice(&Slot::directory(*b".          ", chain[0], time).0);
        bytes[SLOT..2 * SLOT].copy_from_slice(&Slot::directory(*b"..         ", up, time).0);
        self.volume.device.write_at(self.volume.geometry.offset(chain[0]), &bytes)?;
        self.volume.table.join(&chain);
        self.store_table()?;
        let entry = Slot::directory(place.short, chain[0], time);
        self.commit(place, entry)
    }

    fn write_inner(
        &mut self,
        path: &str,
        size: u64,
        source: &mut dyn Read,
        time: Timestamp,
    ) -> Result<(), FatError> {
        let Ok(bytes) = u32::try_from(size) else {
            return Err(FatError::TooLarge { path: path.into(), size });
        };
        let place = self.place(path)?;
        let chain = self.volume.table.pick(self.volume.geometry.clusters_for(size) as u32)?;
        self.write_data(path, &chain, size, source)?;
        self.volume.table.join(&chain);
        self.store_table()?;
        let entry = Slot::file(place.short, chain.first().copied().unwrap_or(0), bytes, time);
        self.commit(place, entry)
    }

    /// Fills clusters from the source, the last sector with zeros behind the end.
    fn write_data(
        &mut self,
        path: &str,
        chain: &[u32],
        size: u64,
        source: &mut dyn Read,
    ) -> Result<(), FatError> {
        let sector = u64::from(self.volume.geometry.sector);
        let mut left = size;
        let mut buffer = Vec::with_capacity(size.min(PIECE) as usize);
        for (offset, len) in runs(&self.volume.geometry, chain) {
            let used = len.min(left);
            left -= used;
            buffer.clear();
            buffer.resize(used.next_multiple_of(sector) as usize, 0);
            let read = source.read_exact(&mut buffer[..used as usize]);
            read.map_err(|source| FatError::Source { path: path.into(), source })?;
            self.volume.device.write_at(offset, &buffer)?;
        }
        Ok(())
    }

    fn remove_inner(&mut self, path: &str) -> Result<(), FatError> {
        let (mut directory, located) = self.volume.locate(path)?;
        let first = located.short.first_cluster();
        if located.short.is_directory()
            && !self.volume.descend(&directory, &located)?.listing().entries.is_empty()
        {
            return Err(FatError::NotEmpty(path.into()));
        }
        let chain = if first == 0 { Vec::new() } else { self.volume.table.chain(first, u64::MAX)? };
        self.erase(&mut directory, located.slots)?;
        self.volume.table.release(&chain);
        self.store_table()
    }

    fn rename_inner(&mut self, path: &str, name: &str) -> Result<(), FatError> {
        let (mut directory, old) = self.volume.locate(path)?;
        let name = Name::new(name)?;
        if directory.find(name.text()).is_some_and(|found| found.slots != old.slots) {
            return Err(FatError::Exists(format!("{}/{}", directory.path, name.text())));
        }
        let short = name.short(&directory.taken(Some(&old.slots)))?;
        let set = entry_set(&name.long_units(&short), old.short.renamed(short));
        if let Some((without, at)) = without_old(&directory, &old, set.len()) {
            directory = without;
            self.settle(&mut directory, at, set.len())?;
            self.put(&mut directory, at, &set)?;
            self.volume.device.flush()?;
            return self.erase_leftovers(&mut directory, &old.slots);
        }
        // Later than the old entry, so that of two twins the earlier one is always the old one.
        let at = self.make_room(&mut directory, set.len(), old.slots.end)?;
        self.put(&mut directory, at, &set)?;
        self.volume.device.flush()?;
        self.erase(&mut directory, old.slots)
    }

    /// Checks a new name and makes room for it.
    fn place(&mut self, path: &str) -> Result<Place, FatError> {
        let (parent, name) = split(path).map_err(|_| FatError::Exists("/".into()))?;
        let name = Name::new(name)?;
        let mut directory = self.volume.directory(parent)?;
        if directory.find(name.text()).is_some() {
            return Err(FatError::Exists(path.into()));
        }
        let short = name.short(&directory.taken(None))?;
        let units = name.long_units(&short);
        let slots = entry_set(&units, Slot([0; SLOT])).len();
        let at = self.make_room(&mut directory, slots, 0)?;
        Ok(Place { directory, at, short, units })
    }

    /// The one sector that makes a new entry exist.
    fn commit(&mut self, mut place: Place, entry: Slot) -> Result<(), FatError> {
        let set = entry_set(&place.units, entry);
        self.put(&mut place.directory, place.at, &set)?;
        Ok(self.volume.device.flush()?)
    }

    /// Writes the changed sectors of the table to all copies and flushes, data written before included.
    pub(super) fn store_table(&mut self) -> Result<(), FatError> {
        let Volume { device, geometry, table, .. } = &mut self.volume;
        table.store(device, geometry)?;
        Ok(device.flush()?)
    }

    /// Brings the hint of free clusters up to date. It is no more than a hint, so the next flush is soon enough.
    pub(super) fn hint(&mut self) -> Result<(), FatError> {
        let Volume { device, geometry, table, info } = &mut self.volume;
        let now = Info { free: Some(table.free()), next: table.next };
        if let (Some(at), Some(stored)) = (geometry.info, info.filter(|stored| stored.free != now.free)) {
            let mut sector = vec![0; geometry.sector as usize];
            let fresh = Info { next: if geometry.holds(now.next) { now.next } else { stored.next }, ..now };
            sector[..512].copy_from_slice(&fresh.sector());
            device.write_at(u64::from(at) * u64::from(geometry.sector), &sector)?;
            *info = Some(fresh);
        }
        Ok(())
    }
}
