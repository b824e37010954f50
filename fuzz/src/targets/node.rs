//! What init reads before and after the root is verified.

use corten_formats::modules::{Builtin, Catalog, Index, IndexRef, ModInfo, Module};
use corten_init::cmdline::CommandLine;

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
