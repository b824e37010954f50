//! What firmware and loader say: EFI variables, most of them left behind by systemd's loader and stub.
//!
//! Specification: the Boot Loader Interface, `LoaderDevicePartUUID`, `LoaderTimeInitUSec`, `LoaderTimeExecUSec`; UEFI
//! 2.10, 3.3, `SecureBoot`.

use corten_formats::gpt::Guid;
use corten_sys::mount::{Mount, MountFlags, mount};

const EFIVARS: &str = "/sys/firmware/efi/efivars";
const VENDOR: &str = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// `EFI_GLOBAL_VARIABLE`.
const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// What firmware and loader say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loader {
    /// GUID of the partition that it started from.
    pub partition: Option<Guid>,
    /// Microseconds from power-on to its start, and to its start of the boot image.
    pub times_us: Option<(u64, u64)>,
    /// Whether the firmware started signed programs alone, as it says itself.
    pub secure_boot: bool,
}

/// Whether the firmware is EFI.
pub fn is_efi() -> bool {
    std::path::Path::new(EFIVARS).exists()
}

/// What the loader left behind; nothing of what it did not.
pub fn read() -> Loader {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    if mount(&Mount { source: "efivarfs", target: EFIVARS, kind: "efivarfs", flags, data: "" }).is_err() {
        return Loader::default();
    }
    let variable = |name: &str| text(&std::fs::read(format!("{EFIVARS}/{name}-{VENDOR}")).ok()?);
    let time = |name: &str| variable(name)?.parse::<u64>().ok();
    let times = time("LoaderTimeInitUSec").zip(time("LoaderTimeExecUSec"));
    let read = Loader {
        partition: variable("LoaderDevicePartUUID").and_then(|text| text.parse().ok()),
        times_us: times.filter(|(start, end)| start <= end),
        secure_boot: std::fs::read(format!("{EFIVARS}/SecureBoot-{GLOBAL}")).is_ok_and(|value| is_on(&value)),
    };
    // Stage 2 has no use for it, and what is not mounted can't be broken.
    let _ = corten_sys::mount::unmount(std::path::Path::new(EFIVARS));
    read
}

/// Four bytes of attributes, then one byte.
fn is_on(variable: &[u8]) -> bool {
    variable.get(4..) == Some(&[1])
}

/// Four bytes of attributes, then UTF-16 with a zero at its end; GUIDs are in upper case.
fn text(variable: &[u8]) -> Option<String> {
    let (units, _) = variable.get(4..)?.as_chunks::<2>();
    let units: Vec<u16> =
        units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0).collect();
    String::from_utf16(&units).ok().map(|text| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_variable_is_read_as_the_loader_writes_it() {
        let written = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B\0";
        let mut variable = vec![6, 0, 0, 0];
        variable.extend(written.encode_utf16().flat_map(u16::to_le_bytes));
        let read = text(&variable).expect("a text");
        assert_eq!(read.parse(), Ok(corten_formats::gpt::types::ESP));
    }

    #[test]
    fn only_one_value_says_that_secure_boot_is_on() {
        assert!(is_on(&[6, 0, 0, 0, 1]));
        for off in [&[6, 0, 0, 0, 0][..], &[6, 0, 0, 0], &[6, 0, 0, 0, 1, 0], &[]] {
            assert!(!is_on(off), "{off:?}");
        }
    }

    proptest! {
        #[test]
        fn any_variable_is_read(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = text(&bytes);
        }
    }
}
