//! A disk as installers make it: ESP with systemd-boot, one entry, kernel and initrd; root on ext4.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use corten_formats::device::SparseMemory;
use corten_formats::extent::Extents;
use corten_formats::fat::{FormatOptions, Timestamp, Writer, format};
use corten_formats::gpt::{Guid, SectorSize, Wish, layout, types};

use super::command::run;

const ESP_SIZE: u64 = 512 << 20;
const ROOT_SIZE: u64 = 3 << 30;
const DISK: Guid = Guid::new(0x1f6e_0d52_9a43_4c0b_8d4e_2b7a_51c9_0d01);
const ESP: Guid = Guid::new(0x1f6e_0d52_9a43_4c0b_8d4e_2b7a_51c9_0d02);
const ROOT: Guid = Guid::new(0x1f6e_0d52_9a43_4c0b_8d4e_2b7a_51c9_0d03);

/// What the ESP holds.
pub struct Boot<'a> {
    /// systemd-boot.
    pub loader: Vec<u8>,
    /// bzImage.
    pub kernel: Vec<u8>,
    /// initrd.
    pub initrd: Vec<u8>,
    /// Kernel command line.
    pub options: &'a str,
}

/// Writes the disk image with the files of `tree` as its root.
pub fn write(path: &Path, tree: &Path, uuid: &str, boot: &Boot<'_>) -> Result<()> {
    let wish = |kind, guid, label: &str, size| Wish {
        kind,
        guid,
        label: label.into(),
        attributes: 0,
        size,
        content: 0,
    };
    let wishes = [wish(types::ESP, ESP, "esp", ESP_SIZE), wish(types::ROOT_X86_64, ROOT, "root", ROOT_SIZE)];
    let table = layout(SectorSize::S512, DISK, &wishes)?;
    let start = |number| table.bytes(number).map(|range| range.start).context("a partition lies nowhere");
    let mut image = Extents::new(table.disk_sectors * table.sector.bytes());
    for area in table.areas()?.all() {
        image.insert(area.offset, area.bytes.into())?;
    }
    image.embed(start(1)?, &esp(boot, start(1)?)?)?;

    let partial = path.with_extension("part");
    let file = File::create(&partial)?;
    file.set_len(image.size())?;
    image.parts().try_for_each(|(offset, bytes)| file.write_all_at(bytes, offset))?;
    let mut make = Command::new("mke2fs");
    make.args(["-q", "-t", "ext4", "-U", uuid, "-L", "root", "-E", &format!("offset={}", start(2)?), "-d"]);
    run(make.arg(tree).arg(&partial).arg(format!("{}k", ROOT_SIZE >> 10)))?;
    Ok(std::fs::rename(&partial, path)?)
}

fn esp(boot: &Boot<'_>, start: u64) -> Result<Extents> {
    let time = Timestamp::from_unix(1_735_689_600);
    let mut device = SparseMemory::new(ESP_SIZE);
    let hidden_sectors = (start / 512) as u32;
    format(&mut device, &FormatOptions { volume_id: 1, label: "ESP", hidden_sectors, cluster: None, time })?;
    let mut writer = Writer::open(&mut device)?;
    for folder in ["EFI", "EFI/BOOT", "EFI/systemd", "loader", "loader/entries", "debian"] {
        writer.mkdir(folder, time)?;
    }
    let entry =
        format!("title Debian\nlinux /debian/linux\ninitrd /debian/initrd.img\noptions {}\n", boot.options);
    let files: [(&str, &[u8]); 6] = [
        ("EFI/BOOT/BOOTX64.EFI", &boot.loader),
        ("EFI/systemd/systemd-bootx64.efi", &boot.loader),
        ("loader/loader.conf", b"timeout 0\n"),
        ("loader/entries/debian.conf", entry.as_bytes()),
        ("debian/linux", &boot.kernel),
        ("debian/initrd.img", &boot.initrd),
    ];
    for (path, content) in files {
        writer.write_file(path, content, time)?;
    }
    writer.finish()?;
    Ok(device.into_extents()?)
}
