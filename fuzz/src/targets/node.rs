//! What init reads before and after the root is verified.

use corten_formats::modules::IndexRef;
use corten_init::cmdline::CommandLine;

pub fn modules(data: &[u8]) {
    let _ = corten_formats::modules::modinfo(data);
    if let Ok(index) = IndexRef::parse(data) {
        for name in ["ext4", "pci:v00001AF4d00001041sv00001AF4sd00001100bc02sc00i00", "nft-expr-ct", ""] {
            let _ = index.resolve(name);
        }
    }
}

pub fn modules_seeds() -> Vec<Vec<u8>> {
    Vec::new()
}

pub fn cmdline(data: &[u8]) {
    let _ = CommandLine::parse(&String::from_utf8_lossy(data));
}

pub fn cmdline_seeds() -> Vec<Vec<u8>> {
    let hash = "0123456789abcdef".repeat(4);
    vec![format!("console=ttyS0 quiet corten.root-hash={hash} corten.selftest=container\n").into_bytes()]
}
