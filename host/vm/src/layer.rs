//! Layers that take the writes to a disk whose writes are dropped. A layer may be larger than the image below it:
//! the guest sees zeros behind the image's end, as on the larger disk that a person would write the image to.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use corten_formats::extent::Extents;
use corten_formats::qcow2::Qcow2;

use crate::arguments::layer;
use crate::error::Error;
use crate::machine::{Disk, DiskFormat, Machine, Writes};
use crate::qcow2;

/// Makes the layers of all disks whose writes are dropped in a folder.
pub fn make_all(machine: &Machine, folder: &Path) -> Result<(), Error> {
    let is_dropped = |disk: &Disk| disk.writes == Writes::Dropped && disk.format != DiskFormat::Nbd;
    let dropped = machine.disks.iter().enumerate().filter(|(_, disk)| is_dropped(disk));
    for (number, disk) in dropped {
        let size = size(disk)?.max(machine.room).next_multiple_of(512);
        let path = folder.join(layer(number));
        let write = || {
            let empty = Extents::new(size);
            let layer = Qcow2::new(&empty).map_err(std::io::Error::other)?;
            layer.write(&mut BufWriter::new(File::create(&path)?))
        };
        write().map_err(Error::host("writing", &path))?;
    }
    Ok(())
}

/// Bytes of a disk as the guest would see it without a layer.
fn size(disk: &Disk) -> Result<u64, Error> {
    let read = || {
        let file = File::open(&disk.path)?;
        if disk.format == DiskFormat::Raw {
            return file.metadata().map(|metadata| metadata.len());
        }
        qcow2::size(&file)
    };
    read().map_err(|source| Error::Input { what: "disk image", path: disk.path.clone(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Boot;

    fn machine(disk: Disk, room: u64) -> Machine {
        let boot = Boot::Kernel { kernel: "/k".into(), initrd: None, command_line: String::new() };
        Machine { disks: vec![disk], room, ..Machine::new(boot) }
    }

    #[test]
    fn a_layer_is_as_large_as_its_image_or_as_the_machine_wants_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let image = folder.path().join("image.raw");
        File::create(&image).and_then(|file| file.set_len(3 << 20)).expect("an image");
        for (room, expected) in [(0, 3 << 20), (5 << 20, 5 << 20)] {
            let raw = Disk { path: image.clone(), format: DiskFormat::Raw, writes: Writes::Dropped };
            make_all(&machine(raw, room), folder.path()).expect("a layer");
            let path = folder.path().join(layer(0));
            let made = Disk { path, format: DiskFormat::Qcow2, writes: Writes::Kept };
            assert_eq!(size(&made).expect("it reads"), expected);
        }
    }
}
