//! The disk image: partition table, ESP with loader and boot image, root A and verity A. Slot B and the state
//! partition are made by the node on first boot.

use bytes::Bytes;
use corten_formats::device::SparseMemory;
use corten_formats::extent::Extents;
use corten_formats::fat::{FormatOptions, Timestamp, Writer, format};
use corten_formats::gpt::{Guid, SectorSize, Wish, layout, types};
use corten_recipe::plan;

use crate::error::Error;
use crate::name::{Naming, disk_uuid};
use crate::root::RootImage;
use crate::signing::Enrolment;

/// What the loader reads: no menu, no editor, nothing but the boot images of the ESP.
const LOADER_CONF: &str = "timeout 0\neditor no\nauto-entries no\nauto-firmware no\n";

/// Where the loader looks for keys that firmware in setup mode gets without being asked.
const ENROLMENT: &str = "loader/keys/auto";

/// What the ESP holds.
pub struct Boot<'a> {
    /// The boot loader.
    pub loader: &'a [u8],
    /// Its suffix: `x64`.
    pub efi: &'a str,
    /// File name of the boot image.
    pub name: String,
    /// The boot image.
    pub image: &'a [u8],
    /// What the loader tells firmware that knows no keys yet.
    pub enrolment: Option<&'a Enrolment>,
}

/// Puts the disk image together.
pub fn disk(
    root: &RootImage,
    boot: &Boot<'_>,
    image: &plan::Image,
    naming: &Naming,
) -> Result<Extents, Error> {
    let fail = Error::part("disk");
    let (root_kind, verity_kind) = match boot.efi {
        "aa64" => (types::ROOT_ARM64, types::ROOT_ARM64_VERITY),
        _ => (types::ROOT_X86_64, types::ROOT_X86_64_VERITY),
    };
    let (first, second) = root.root_hash.halves();
    let uuid = |part| Guid::from_bytes(disk_uuid(&root.root_hash, part));
    let wish = |kind, guid, label: &str, size: u64, content: u64| Wish {
        kind,
        guid,
        label: label.into(),
        attributes: if label == "esp" { 0 } else { types::ATTRIBUTE_READ_ONLY },
        size,
        content,
    };
    let wishes = [
        wish(types::ESP, uuid("esp"), "esp", image.esp_size.bytes(), 0),
        wish(root_kind, Guid::from_bytes(first), "root-a", image.slot_size.bytes(), root.data.len() as u64),
        wish(
            verity_kind,
            Guid::from_bytes(second),
            "root-a-verity",
            image.verity_size.bytes(),
            root.hashes.len() as u64,
        ),
    ];
    let table = layout(SectorSize::S512, uuid("disk"), &wishes).map_err(|why| fail(why.into()))?;
    let mut disk = Extents::new(table.disk_sectors * table.sector.bytes());
    for area in table.areas().map_err(|why| fail(why.into()))?.all() {
        disk.insert(area.offset, Bytes::from(area.bytes)).map_err(|why| fail(why.into()))?;
    }
    let start = |number| table.bytes(number).map_or(0, |range| range.start);
    let esp = esp(boot, image, naming, start(1), &disk_uuid(&root.root_hash, "volume"))?;
    disk.embed(start(1), &esp).map_err(|why| fail(why.into()))?;
    disk.insert(start(2), root.data.clone()).map_err(|why| fail(why.into()))?;
    disk.insert(start(3), root.hashes.clone()).map_err(|why| fail(why.into()))?;
    Ok(disk)
}

/// The EFI system partition.
fn esp(
    boot: &Boot<'_>,
    image: &plan::Image,
    naming: &Naming,
    start: u64,
    volume: &[u8; 16],
) -> Result<Extents, Error> {
    let fail = Error::part("EFI system partition");
    let size = image.esp_size.bytes();
    let bytes = boot.image.len() as u64;
    // Room for three: the running version, the other slot's, and one that is being staged.
    if bytes > (size - size / 16) / 3 {
        return Err(Error::Boot { bytes, esp: size });
    }
    let mut device = SparseMemory::new(size);
    let volume_id = u32::from_le_bytes([volume[0], volume[1], volume[2], volume[3]]);
    let time = Timestamp::from_unix(naming.epoch);
    let hidden_sectors = (start / 512) as u32;
    let options = FormatOptions { volume_id, label: "ESP", hidden_sectors, cluster: None, time };
    format(&mut device, &options).map_err(|why| fail(why.into()))?;
    let mut writer = Writer::open(&mut device).map_err(|why| fail(why.into()))?;
    for folder in ["EFI", "EFI/BOOT", "EFI/systemd", "EFI/Linux", "loader"] {
        writer.mkdir(folder, time).map_err(|why| fail(why.into()))?;
    }
    let efi = boot.efi;
    let files: [(String, &[u8]); 4] = [
        (format!("EFI/BOOT/BOOT{}.EFI", efi.to_uppercase()), boot.loader),
        (format!("EFI/systemd/systemd-boot{efi}.efi"), boot.loader),
        ("loader/loader.conf".into(), LOADER_CONF.as_bytes()),
        (format!("EFI/Linux/{}", boot.name), boot.image),
    ];
    for (path, content) in files {
        writer.write_file(&path, content, time).map_err(|why| fail(why.into()))?;
    }
    if let Some(enrolment) = boot.enrolment {
        for folder in ["loader/keys", ENROLMENT] {
            writer.mkdir(folder, time).map_err(|why| fail(why.into()))?;
        }
        for (name, content) in enrolment.files() {
            let path = format!("{ENROLMENT}/{name}");
            writer.write_file(&path, content, time).map_err(|why| fail(why.into()))?;
        }
    }
    writer.finish().map_err(|why| fail(why.into()))?;
    device.into_extents().map_err(|why| fail(why.into()))
}
