//! What init reads before and after the root is verified.

use corten_control::Request;
use corten_formats::modules::{Builtin, Catalog, Index, IndexRef, ModInfo, Module};
use corten_formats::verity::RootHash;
use corten_init::cmdline::CommandLine;
use corten_update::BootName;
use corten_update::start::{Record, SECTOR, Starts};

pub fn modules(data: &[u8]) {
    let _ = ModInfo::of_module(data);
    let _ = ModInfo::parse(data);
    if let Ok(index) = IndexRef::parse(data) {
        for name in ["ext4", "pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00", "nft-expr-ct", ""] {
            let _ = index.resolve(name);
        }
    }
}

/// The index of two modules, one of which needs the other, and the records that it was made from.
pub fn modules_seeds() -> Vec<Vec<u8>> {
    let records: [&[u8]; 2] =
        [b"name=vfat\0depends=fat\0alias=fs-vfat\0", b"name=fat\0alias=pci:v00001AF4d*\0"];
    let modules =
        records.map(ModInfo::parse).map(|info| Module::new(&format!("kernel/fs/{}.ko", info.name), info));
    let index =
        Catalog::new(modules.to_vec(), Builtin::default()).ok().and_then(|all| Index::build(&all).ok());
    index.map(|index| index.to_bytes()).into_iter().chain(records.map(<[u8]>::to_vec)).collect()
}

pub fn cmdline(data: &[u8]) {
    let _ = CommandLine::parse(&String::from_utf8_lossy(data));
}

pub fn cmdline_seeds() -> Vec<Vec<u8>> {
    let hash = "0123456789abcdef".repeat(4);
    vec![format!("console=ttyS0 quiet corten.root-hash={hash} corten.selftest=container\n").into_bytes()]
}

/// Both copies of the record of starts, one behind the other.
pub fn starts(data: &[u8]) {
    let (first, second) = data.split_at(data.len().min(SECTOR));
    let starts = Starts::of([first, second]);
    let version = Record::parse(first).map_or(RootHash([1; 32]), |record| record.root_hash);
    let begun = starts.begun(&version);
    assert_eq!(Record::parse(&begun.sector()).as_ref(), Ok(&begun), "what is written is read");
    let _ = (starts.healthy(&version), starts.taken_back(&version), starts.place());
}

pub fn starts_seeds() -> Vec<Vec<u8>> {
    let sector = |sequence, starts| Record { sequence, root_hash: RootHash([7; 32]), starts }.sector();
    vec![[sector(4, 2), sector(5, 3)].concat(), sector(u64::MAX, u32::MAX)]
}

/// What another program of the node says to init.
pub fn request(data: &[u8]) {
    let _ = Request::parse(data);
}

pub fn request_seeds() -> Vec<Vec<u8>> {
    vec![b"{\"request\":\"power-off\"}".to_vec(), b"{\"request\":\"restart\"}".to_vec()]
}

pub fn boot_name(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(name) = text.parse::<BootName>() {
        assert_eq!(name.to_string(), text, "a name is written back as it was read");
    }
}

pub fn boot_name_seeds() -> Vec<Vec<u8>> {
    ["corten_0.1.0.7_0123abcd.efi", "corten_1.2-rc.1_0123abcd+2-1.efi"]
        .map(|name| name.as_bytes().to_vec())
        .into()
}
