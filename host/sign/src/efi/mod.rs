//! What UEFI firmware knows about keys: lists of signatures, signed updates of variables, and the store that a
//! virtual machine's firmware keeps its variables in.
//!
//! Specification: UEFI 2.10, chapters 8.2 (variables) and 32 (Secure Boot). The store is that of edk2, whose headers
//! `VariableFormat.h` describes; OVMF has it in a file of its own.

mod list;
mod store;
mod time;
mod update;

pub use list::{ListError, Owned, SignatureList, read_lists, write_lists};
pub use store::{StoreError, StoredVariable, VariableStore, dump};
pub use time::EfiTime;
pub use update::{UpdateError, VariableUpdate, read_update, write_update};

use corten_formats::gpt::Guid;

/// Namespace of the variables that the specification defines.
pub const GLOBAL_VARIABLE: Guid = Guid::new(0x8be4_df61_93ca_11d2_aa0d_00e0_9803_2b8c);
/// Namespace of `db` and `dbx`.
pub const IMAGE_SECURITY_DATABASE: Guid = Guid::new(0xd719_b2cb_3d3a_4596_a3bc_dad0_0e67_656f);

/// Kept when the machine is off.
pub const NON_VOLATILE: u32 = 1;
/// There before the operating system.
pub const BOOTSERVICE_ACCESS: u32 = 2;
/// There for the operating system.
pub const RUNTIME_ACCESS: u32 = 4;
/// Changed by signed updates with a time alone.
pub const TIME_BASED_AUTHENTICATED_WRITE_ACCESS: u32 = 0x20;
/// Attributes of all variables that hold keys.
pub const KEY_ATTRIBUTES: u32 =
    NON_VOLATILE | BOOTSERVICE_ACCESS | RUNTIME_ACCESS | TIME_BASED_AUTHENTICATED_WRITE_ACCESS;

/// A variable that holds keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyVariable {
    /// Platform key: whose owner may change `KEK`. Setting it ends setup mode.
    PlatformKey,
    /// Key exchange keys: whose owners may change `db` and `dbx`.
    KeyExchangeKey,
    /// What may run.
    Database,
}

impl KeyVariable {
    /// All of them, in the order in which firmware in setup mode has to get them: the platform key ends that mode.
    pub const ALL: [Self; 3] = [Self::Database, Self::KeyExchangeKey, Self::PlatformKey];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::PlatformKey => "PK",
            Self::KeyExchangeKey => "KEK",
            Self::Database => "db",
        }
    }

    /// Its namespace.
    pub fn namespace(self) -> Guid {
        match self {
            Self::PlatformKey | Self::KeyExchangeKey => GLOBAL_VARIABLE,
            Self::Database => IMAGE_SECURITY_DATABASE,
        }
    }
}

/// Reads a part of fixed size; `None` beyond the end.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.get(..N)?.try_into().ok()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_le_bytes)
}

fn guid_at(bytes: &[u8], at: usize) -> Option<Guid> {
    array(bytes, at).map(Guid::from_disk)
}

/// A name as the specification writes it: UTF-16 without a zero at its end.
fn utf16(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
