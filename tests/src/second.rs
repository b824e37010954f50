//! A second version on a disk, made by hand: the files of the first one under another root hash, in slot B, with a
//! boot image that says so.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use corten_formats::device::FileDevice;
use corten_formats::fat::Volume;
use corten_formats::gpt::{self, Guid, types};
use corten_formats::verity::{self, RootHash, Superblock};
use corten_update::esp::{entries, path};
use corten_update::start::{Record, Starts};
use corten_update::{BootName, Digits, Tries};
use corten_vm::sparse_copy;

use crate::disk::block_of;
use crate::esp::Esp;
use crate::image::Image;
use crate::partition::{self, Partition};
use crate::program::section;
use crate::workshop::Workshop;

const MIB: u64 = 1 << 20;

/// How large a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// It has room for both slots and a state.
    State,
    /// It ends behind the slots, so that there is no state.
    Slots,
}

/// What the second version is like.
pub struct Wish {
    /// Its counter; `None` for a committed one.
    pub tries: Option<Tries>,
    /// Where one bit of its slot is wrong, if one is.
    pub damage: Option<Damage>,
    /// How large the disk is.
    pub room: Room,
    /// Starts in a row that were not healthy, in the record on the disk.
    pub unhealthy: u32,
    /// What its kernel command line ends with.
    pub words: &'static str,
}

/// A place in a slot.
#[derive(Clone, Copy, Debug)]
pub enum Damage {
    /// The first block of a file.
    File(&'static str),
    /// The top block of the hash tree, by which the slot is recognised.
    Tree,
}

/// A disk with two versions.
pub struct Second {
    /// The disk.
    pub disk: PathBuf,
    /// The root hash of the second one.
    pub root_hash: RootHash,
}

impl Second {
    /// Makes it from a copy of the disk of an image.
    pub fn make(workshop: &Workshop, name: &str, image: &Image, wish: &Wish) -> Result<Self> {
        let disk = workshop.path(&format!("{name}.raw"));
        sparse_copy(&image.disk, &disk)?;
        let file = File::options().read(true).write(true).open(&disk)?;
        let mut table = partition::table(&disk)?.table;
        // Data and tree of slot A are partitions 2 and 3, those of slot B get their sizes behind the last one.
        let mut first =
            table.partitions.values().map(|partition| partition.last + 1).max().context("empty")?;
        for (number, label) in [(2, "root-b"), (3, "root-b-verity")] {
            first = first.next_multiple_of(MIB / 512);
            let like = table.partitions.get(&number).context("no slot A")?.clone();
            let last = first + (like.last - like.first);
            let guid = Guid::from_bytes([number as u8 + 0x40; 16]);
            table
                .partitions
                .insert(number + 2, gpt::Partition { label: label.into(), guid, first, last, ..like });
            first = last + 1;
        }
        let bytes = match wish.room {
            Room::State => 4 << 30,
            // One more for the backup of the table.
            Room::Slots => (first.next_multiple_of(MIB / 512) * 512) + MIB,
        };
        file.set_len(bytes)?;
        table.disk_sectors = bytes / 512;
        for area in table.areas()?.all() {
            file.write_all_at(&area.bytes, area.offset)?;
        }
        let place = |number| table.bytes(number).context("no such partition");
        let (a, tree_a, b, tree_b) = (place(2)?, place(3)?, place(4)?, place(5)?);

        let mut head = vec![0; verity::HEAD];
        file.read_exact_at(&mut head, tree_a.start)?;
        let mut root = vec![0; Superblock::parse(&head)?.data_size() as usize];
        file.read_exact_at(&mut root, a.start)?;
        let mut tree = verity::format(&root, b"another salt", [2; 16])?;
        match wish.damage {
            Some(Damage::File(path)) => {
                let byte = block_of(&root, path)? as usize;
                root[byte] ^= 1;
            }
            // Behind the superblock, which has the first block.
            Some(Damage::Tree) => tree.hash_image[4096 + 7] ^= 1,
            None => {}
        }
        file.write_all_at(&root, b.start)?;
        file.write_all_at(&tree.hash_image, tree_b.start)?;

        let mut esp = Esp::open(&disk)?;
        let names = entries(esp.volume())?;
        let old = names.first().context("no boot image")?;
        let boot_image = esp.read(&path(old))?;
        let version = format!("9{}", old.version.as_str().get(1..).context("an empty version")?);
        let to = BootName::committed(version.parse()?, &tree.root_hash).with_tries(wish.tries);
        let boot_image = rewritten(boot_image, &image.root_hash, (old, &to), wish.words, &tree.root_hash)?;
        esp.put(&path(&to), &boot_image)?;
        esp.close()?;
        if wish.unhealthy > 0 {
            let record = Record { sequence: 1, root_hash: tree.root_hash, starts: wish.unhealthy };
            Starts::default().write(&mut FileDevice::new(file)?, &record)?;
        }
        Ok(Self { disk, root_hash: tree.root_hash })
    }

    /// The boot image of the second version, as it is named now.
    pub fn name(&self) -> Result<BootName> {
        let names = entries(&Volume::open(Partition::open(&self.disk, types::ESP)?)?)?;
        names.into_iter().find(|name| name.root == Digits::of(&self.root_hash)).context("no boot image")
    }

    /// Starts of the second version in a row that were not healthy.
    pub fn unhealthy(&self) -> Result<u32> {
        let device = FileDevice::new(File::open(&self.disk)?)?;
        Ok(Starts::read(&device).unhealthy(&self.root_hash))
    }
}

/// A word of the command line that only saves time. Other words take its place, since a section can't grow.
const SPARE: &str = "initcall_blacklist=jent_mod_init,crypto_kdf108_init";

/// A boot image with another root hash and version, and other words on its command line.
fn rewritten(
    mut image: Vec<u8>,
    old_hash: &str,
    (from, to): (&BootName, &BootName),
    words: &str,
    root_hash: &RootHash,
) -> Result<Vec<u8>> {
    for (name, old, new) in [
        (".cmdline", old_hash.to_owned(), root_hash.to_string()),
        (".osrel", from.version.to_string(), to.version.to_string()),
    ] {
        ensure!(old.len() == new.len(), "{new} is not as long as {old}");
        let range = section(&image, name)?;
        let content = &mut image[range];
        let at: Vec<_> =
            (0..=content.len() - old.len()).filter(|at| content[*at..].starts_with(old.as_bytes())).collect();
        ensure!(!at.is_empty(), "{name} does not say {old}");
        for at in at {
            content[at..at + new.len()].copy_from_slice(new.as_bytes());
        }
    }
    let range = section(&image, ".cmdline")?;
    let content = &mut image[range];
    let place = content.windows(SPARE.len()).position(|bytes| bytes == SPARE.as_bytes());
    let place = place.with_context(|| format!("the command line does not say {SPARE}"))?;
    ensure!(words.len() <= SPARE.len(), "no room for {words}");
    let padded = format!("{words:width$}", width = SPARE.len());
    content[place..place + SPARE.len()].copy_from_slice(padded.as_bytes());
    Ok(image)
}
