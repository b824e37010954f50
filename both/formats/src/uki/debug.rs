//! A PE program as text, for people and snapshots.

use std::fmt::Write as _;

use super::reader::{PeImage, Section};

/// The headers that matter for booting, then one line a section.
pub fn dump(image: &PeImage<'_>) -> String {
    let mut out = String::new();
    let _ = write!(out, "machine {:#x}, headers {:#x}", image.machine(), image.size_of_headers());
    let _ = write!(out, ", image {:#x}, flags {:#x}", image.size_of_image(), image.dll_characteristics());
    let _ = writeln!(out, ", certificates {} bytes", image.certificates().map_or(0, <[u8]>::len));
    for section in image.sections() {
        let Section { name, virtual_address, virtual_size, raw_offset, raw_size, characteristics } = section;
        let _ = write!(out, "{name:<9} memory {virtual_address:#x}+{virtual_size:#x}");
        let _ = writeln!(out, " file {raw_offset:#x}+{raw_size:#x} {characteristics:#x}");
    }
    out
}
