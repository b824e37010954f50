//! The capabilities that a service keeps, by their names of capabilities(7).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names in the order of their numbers, as of Linux 6.12.
const NAMES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// What stands for all of them.
const ALL: &str = "all";

/// A set of capabilities. Written as a list of names, or as the list of the one word `all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub enum Capabilities {
    /// All that the kernel has. What a service of root keeps where nothing else is said.
    #[default]
    All,
    /// These, one bit each.
    Only(u64),
}

/// Not the name of a capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCapability(pub String);

impl fmt::Display for UnknownCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a capability: expected a name such as \"CAP_NET_ADMIN\", or \"all\"", self.0)
    }
}

impl std::error::Error for UnknownCapability {}

impl Capabilities {
    /// None.
    pub const NONE: Self = Self::Only(0);

    /// Every name that can stand in a list.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().chain([ALL])
    }

    /// The set of these names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownCapability> {
        let mut bits = 0;
        let mut all = false;
        for name in names {
            match NAMES.iter().position(|known| *known == name) {
                Some(number) => bits |= 1 << number,
                None if name == ALL => all = true,
                None => return Err(UnknownCapability(name.into())),
            }
        }
        Ok(if all { Self::All } else { Self::Only(bits) })
    }

    /// One bit for each, whether all of them are meant or some.
    pub fn bits(self) -> u64 {
        match self {
            Self::All => (1 << NAMES.len()) - 1,
            Self::Only(bits) => bits,
        }
    }
}

impl TryFrom<Vec<String>> for Capabilities {
    type Error = UnknownCapability;

    fn try_from(names: Vec<String>) -> Result<Self, UnknownCapability> {
        Self::of(names.iter().map(String::as_str))
    }
}

impl From<Capabilities> for Vec<String> {
    fn from(set: Capabilities) -> Self {
        match set {
            Capabilities::All => vec![ALL.into()],
            Capabilities::Only(bits) => {
                let named = NAMES.iter().enumerate().filter(|(number, _)| bits >> number & 1 == 1);
                named.map(|(_, name)| (*name).to_string()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_numbers_of_the_kernel() {
        let bits = |name| Capabilities::of([name]).map(Capabilities::bits);
        assert_eq!(bits("CAP_NET_BIND_SERVICE"), Ok(1 << 10));
        assert_eq!(bits("CAP_SYS_ADMIN"), Ok(1 << 21));
        assert_eq!(bits("CAP_SYS_TIME"), Ok(1 << 25));
        assert_eq!(bits("CAP_CHECKPOINT_RESTORE"), Ok(1 << 40));
        assert_eq!(bits("cap_chown"), Err(UnknownCapability("cap_chown".into())));
    }

    #[test]
    fn a_set_is_written_by_names() {
        for (names, set) in [
            (vec!["all"], Capabilities::All),
            (vec![], Capabilities::NONE),
            (vec!["CAP_KILL", "CAP_BPF"], Capabilities::Only(1 << 5 | 1 << 39)),
        ] {
            let text = serde_json::to_string(&set).expect("a set can be written");
            assert_eq!(text, serde_json::to_string(&names).expect("names can be written"));
            assert_eq!(serde_json::from_str::<Capabilities>(&text).ok(), Some(set));
        }
        assert!(serde_json::from_str::<Capabilities>("[\"CAP_X\"]").is_err());
    }
}
