//! Where the loader started from: the EFI variable that systemd's stub and loader leave behind.
//!
//! Specification: the Boot Loader Interface, `LoaderDevicePartUUID`.

use corten_formats::gpt::Guid;
use corten_sys::mount::{Mount, MountFlags, mount};

const EFIVARS: &str = "/sys/firmware/efi/efivars";
const VARIABLE: &str = "LoaderDevicePartUUID-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// Whether the firmware is EFI.
pub fn is_efi() -> bool {
    std::path::Path::new(EFIVARS).exists()
}

/// GUID of the partition that the loader started from, if there is the variable.
pub fn partition() -> Option<Guid> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    mount(&Mount { source: "efivarfs", target: EFIVARS, kind: "efivarfs", flags, data: "" }).ok()?;
    let variable = std::fs::read(format!("{EFIVARS}/{VARIABLE}")).ok();
    // Stage 2 has no use for it, and what is not mounted can't be broken.
    let _ = corten_sys::mount::unmount(std::path::Path::new(EFIVARS));
    parse(&variable?)
}

/// Four bytes of attributes, then the GUID as UTF-16 text, in upper case, with a zero at its end.
fn parse(variable: &[u8]) -> Option<Guid> {
    let (units, _) = variable.get(4..)?.as_chunks::<2>();
    let units: Vec<u16> =
        units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0).collect();
    String::from_utf16(&units).ok()?.to_ascii_lowercase().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_variable_is_read_as_the_loader_writes_it() {
        let text = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B\0";
        let mut variable = vec![6, 0, 0, 0];
        variable.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(parse(&variable), Some(corten_formats::gpt::types::ESP));
    }

    proptest! {
        #[test]
        fn any_variable_is_read(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&bytes);
        }
    }
}
