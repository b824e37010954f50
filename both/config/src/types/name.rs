//! Names: of hosts, links, disks, modules and whatever else people call something.

use std::fmt::Debug;

use corten_document::{BadValue, Rule, Word};

use super::form::{Checked, Form};

/// Declares nothing by itself: the rules of the words of a configuration.
pub mod rules {
    use corten_document::Rule;

    use super::is_domain;

    /// Name of a machine.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum HostName {}
    impl Rule for HostName {
        const NAME: &'static str = "HostName";
        const EXPECTED: &'static str = "a host name of 1 to 64 characters `a-z`, `0-9`, `-` and `.`, \
                                        each part of 63 at most with no `-` at its ends";
        const FIRST: &'static str = "a-z0-9";
        const REST: &'static str = "a-z0-9.-";
        // What the kernel takes.
        const MAX: usize = 64;

        fn fits(text: &str) -> bool {
            is_domain(text) && text != "localhost"
        }
    }

    /// Name of a host or domain: RFC 1123, 2.1.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum DomainName {}
    impl Rule for DomainName {
        const NAME: &'static str = "DomainName";
        const EXPECTED: &'static str = "the name of a host or domain, for example `example.org`";
        const FIRST: &'static str = "A-Za-z0-9";
        const REST: &'static str = "A-Za-z0-9.-";
        const MAX: usize = 253;

        fn fits(text: &str) -> bool {
            is_domain(text)
        }
    }

    /// Name of a link in the configuration alone.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum LinkName {}
    impl Rule for LinkName {
        const NAME: &'static str = "LinkName";
        const EXPECTED: &'static str =
            "a name of 1 to 32 characters `a-z`, `0-9`, `_`, `.` and `-`, no `.` or `-` first";
        const FIRST: &'static str = "a-z0-9_";
        const REST: &'static str = "a-z0-9_.-";
        const MAX: usize = 32;
    }

    /// Name of a link that the node makes.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum InterfaceName {}
    impl Rule for InterfaceName {
        const NAME: &'static str = "InterfaceName";
        const EXPECTED: &'static str = "a name of 1 to 15 characters `a-z`, `0-9`, `_`, `.` and `-`, \
                                        no `.` or `-` first, and none of the kernel's own";
        const FIRST: &'static str = "a-z0-9_";
        const REST: &'static str = "a-z0-9_.-";
        // IFNAMSIZ with its NUL.
        const MAX: usize = 15;

        fn fits(text: &str) -> bool {
            // Folders of this name lie beside those of links in `/proc/sys/net` and `/sys/class/net`.
            !matches!(text, "lo" | "all" | "default" | "bonding_masters")
        }
    }

    /// Name of a disk, target or check in the configuration.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum EntryName {}
    impl Rule for EntryName {
        const NAME: &'static str = "EntryName";
        const EXPECTED: &'static str =
            "a name of 1 to 32 characters `a-z`, `0-9`, `_` and `-` that starts with a letter or digit";
        const FIRST: &'static str = "a-z0-9";
        const REST: &'static str = "a-z0-9_-";
        const MAX: usize = 32;
    }

    /// Name of a label.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum LabelName {}
    impl Rule for LabelName {
        const NAME: &'static str = "LabelName";
        const EXPECTED: &'static str = "a name of 1 to 63 characters `A-Z`, `a-z`, `0-9`, `_`, `.`, `/` and `-` \
                                        that starts with a letter or digit";
        const FIRST: &'static str = "A-Za-z0-9";
        const REST: &'static str = "A-Za-z0-9_./-";
        const MAX: usize = 63;
    }

    /// The kernel's name of a card, with stars.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum NamePattern {}
    impl Rule for NamePattern {
        const NAME: &'static str = "NamePattern";
        const EXPECTED: &'static str = "the kernel's name of a card of 1 to 15 characters, for example `eth0` or \
                                        `enp*`";
        const FIRST: &'static str = "A-Za-z0-9_*";
        const REST: &'static str = "A-Za-z0-9_.*-";
        const MAX: usize = 15;

        fn fits(text: &str) -> bool {
            text != "lo"
        }
    }

    /// Name of a driver.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum DriverName {}
    impl Rule for DriverName {
        const NAME: &'static str = "DriverName";
        const EXPECTED: &'static str = "the name of a driver, for example `virtio_net`";
        const FIRST: &'static str = "A-Za-z0-9";
        const REST: &'static str = "A-Za-z0-9_-";
        const MAX: usize = 63;
    }

    /// Name of a kernel module.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum ModuleName {}
    impl Rule for ModuleName {
        const NAME: &'static str = "ModuleName";
        const EXPECTED: &'static str = "the name of a kernel module without `.ko`, for example `wireguard`";
        const FIRST: &'static str = "A-Za-z0-9";
        const REST: &'static str = "A-Za-z0-9_-";
        const MAX: usize = 63;
    }

    /// The kernel's name of a disk.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum DiskName {}
    impl Rule for DiskName {
        const NAME: &'static str = "DiskName";
        const EXPECTED: &'static str =
            "the kernel's name of a disk without `/dev/`, for example `vdb` or `nvme1n1`";
        const FIRST: &'static str = "a-z";
        const REST: &'static str = "a-z0-9";
        const MAX: usize = 31;
    }

    /// Serial number of a disk.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum Serial {}
    impl Rule for Serial {
        const NAME: &'static str = "Serial";
        const EXPECTED: &'static str = "the serial number of a disk: 1 to 64 characters without spaces";
        const FIRST: &'static str = "!-~";
        const REST: &'static str = "!-~";
        const MAX: usize = 64;
    }

    /// Label of a file system.
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum VolumeLabel {}
    impl Rule for VolumeLabel {
        const NAME: &'static str = "VolumeLabel";
        const EXPECTED: &'static str =
            "a label of 1 to 16 characters `A-Z`, `a-z`, `0-9`, `_`, `.` and `-`, no `corten-` first";
        const FIRST: &'static str = "A-Za-z0-9_";
        const REST: &'static str = "A-Za-z0-9_.-";
        // What ext4 has room for.
        const MAX: usize = 16;

        fn fits(text: &str) -> bool {
            // By labels of this kind a node finds its own.
            !text.starts_with("corten-")
        }
    }
}

/// Name of a machine.
pub type HostName = Checked<HostForm>;
/// Name of a host or domain.
pub type DomainName = Word<rules::DomainName>;
/// Name of a link in the configuration alone.
pub type LinkName = Word<rules::LinkName>;
/// Name of a link that the node makes.
pub type InterfaceName = Word<rules::InterfaceName>;
/// Name of a disk, target or check in the configuration.
pub type EntryName = Word<rules::EntryName>;
/// Name of a label.
pub type LabelName = Word<rules::LabelName>;
/// The kernel's name of a card, in which `*` stands for anything.
pub type NamePattern = Word<rules::NamePattern>;
/// Name of a driver.
pub type DriverName = Word<rules::DriverName>;
/// Name of a kernel module.
pub type ModuleName = Word<rules::ModuleName>;
/// The kernel's name of a disk.
pub type DiskName = Checked<DiskForm>;
/// Serial number of a disk.
pub type Serial = Word<rules::Serial>;
/// Label of a file system.
pub type VolumeLabel = Word<rules::VolumeLabel>;

/// Parts of 1 to 63 characters with no hyphen at an end.
fn is_domain(text: &str) -> bool {
    text.split('.')
        .all(|part| (1..=63).contains(&part.len()) && !part.starts_with('-') && !part.ends_with('-'))
}

/// A word, or what was expected with a suggestion that fits.
fn word_or<R: Rule>(text: &str, close: &str) -> Result<String, BadValue> {
    match text.parse::<Word<R>>() {
        Ok(word) => Ok(word.as_str().to_owned()),
        Err(bad) if close != text && close.parse::<Word<R>>().is_ok() => {
            Err(BadValue::or(bad.expected, close))
        }
        Err(bad) => Err(bad),
    }
}

/// The form of a [`HostName`].
#[derive(Debug)]
pub enum HostForm {}

impl Form for HostForm {
    const NAME: &'static str = "HostName";
    const PATTERN: &'static str = "^[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        let close = text.trim_end_matches('.').to_ascii_lowercase().replace(['_', ' '], "-");
        word_or::<rules::HostName>(text, &close)
    }
}

/// The form of a [`DiskName`].
#[derive(Debug)]
pub enum DiskForm {}

impl Form for DiskForm {
    const NAME: &'static str = "DiskName";
    const PATTERN: &'static str = "^[a-z][a-z0-9]{0,30}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        word_or::<rules::DiskName>(text, text.trim_start_matches("/dev/"))
    }
}

/// The form of a [`LabelValue`].
#[derive(Debug)]
pub enum LabelValueForm {}

/// What a label says: one line of up to 63 bytes.
pub type LabelValue = Checked<LabelValueForm>;

impl Form for LabelValueForm {
    const NAME: &'static str = "LabelValue";
    const PATTERN: &'static str = "^.{0,63}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        if text.len() > 63 || text.chars().any(char::is_control) {
            return Err(BadValue::new("one line of 63 bytes at most"));
        }
        Ok(text.to_owned())
    }
}

/// The form of a [`SysctlValue`].
#[derive(Debug)]
pub enum SysctlValueForm {}

/// Value of a kernel setting: one line, what the kernel takes at once.
pub type SysctlValue = Checked<SysctlValueForm>;

impl Form for SysctlValueForm {
    const NAME: &'static str = "SysctlValue";
    const PATTERN: &'static str = "^.{1,1024}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        if text.is_empty() || text.len() > 1024 || text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(BadValue::new("one line of 1 to 1024 bytes"));
        }
        Ok(text.to_owned())
    }
}

/// The form of a [`Fingerprint`].
#[derive(Debug)]
pub enum FingerprintForm {}

/// SHA-256 of a certificate, lower-case hexadecimal.
pub type Fingerprint = Checked<FingerprintForm>;

impl Form for FingerprintForm {
    const NAME: &'static str = "Fingerprint";
    const PATTERN: &'static str = "^[0-9a-f]{64}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "SHA-256 of a certificate: 64 digits `0-9` and `a-f`";
        let plain = text.replace(':', "").to_ascii_lowercase();
        let fits = plain.len() == 64 && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
        match fits {
            true if plain == text => Ok(plain),
            true => Err(BadValue::or(EXPECTED, plain)),
            false => Err(BadValue::new(EXPECTED)),
        }
    }
}

/// The form of a [`MountPoint`].
#[derive(Debug)]
pub enum MountForm {}

/// Where a disk is mounted, right below `/var/mnt`: what lies deeper could be a link on another disk.
pub type MountPoint = Checked<MountForm>;

impl Form for MountForm {
    const NAME: &'static str = "MountPoint";
    const PATTERN: &'static str = "^/var/mnt/[A-Za-z0-9_][A-Za-z0-9_.-]*$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "`/var/mnt/` and one name of characters `A-Z`, `a-z`, `0-9`, `_`, `.` and `-`";
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with(['.', '-'])
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        };
        let fits = |text: &str| text.len() <= 255 && text.strip_prefix("/var/mnt/").is_some_and(part);
        if fits(text) {
            return Ok(text.to_owned());
        }
        let name = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let close = format!("/var/mnt/{name}");
        Err(if fits(&close) { BadValue::or(EXPECTED, close) } else { BadValue::new(EXPECTED) })
    }
}
