//! The store of variables of edk2, as OVMF has it in `OVMF_VARS_4M.fd`.
//!
//! ```text
//! firmware volume header     its GUID says that it holds variables; its length says where the store starts
//! variable store header      28 bytes
//! variables                  each at a multiple of 4, 0xff behind the last
//! ...                        event log, working area and spare of fault-tolerant writes: left as they are
//! ```

use std::fmt::Write as _;

use corten_formats::gpt::Guid;

use super::{
    BOOTSERVICE_ACCESS, EfiTime, KEY_ATTRIBUTES, KeyVariable, NON_VOLATILE, array, guid_at, u32_at, utf16,
};

/// `gEfiSystemNvDataFvGuid`: the volume holds variables.
const VOLUME: Guid = Guid::new(0xfff1_2b8d_7696_4c8b_a985_2747_075b_4f50);
/// `gEfiAuthenticatedVariableGuid`: the store knows signed updates.
const AUTHENTICATED: Guid = Guid::new(0xaaf3_2c78_947b_439a_a180_2e14_4ec3_7792);
/// `gEfiSecureBootEnableDisableGuid`.
const SECURE_BOOT_ENABLE: Guid = Guid::new(0xf0a3_0bc7_af08_4556_99c4_0010_09c9_3a44);
/// `gEfiCustomModeEnableGuid`.
const CUSTOM_MODE: Guid = Guid::new(0xc076_ec0c_7028_4399_a072_71ee_5c44_8b9f);

/// Where the volume header says its own length.
const VOLUME_HEADER_LENGTH: usize = 48;
/// Header of the store: GUID, size, format, state, reserved.
const STORE_HEADER: usize = 28;
const FORMATTED: u8 = 0x5a;
const HEALTHY: u8 = 0xfe;
/// Header of a variable.
const HEADER: usize = 60;
const START: u16 = 0x55aa;
/// State of a variable that is there: `VAR_ADDED`.
const ADDED: u8 = 0x3f;
/// Stores have some hundred kilobytes; the file has some more.
const MAX_BYTES: usize = 64 << 20;

/// A variable in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVariable {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: Guid,
    /// Attributes.
    pub attributes: u32,
    /// Time of the last signed update.
    pub time: EfiTime,
    /// Its value.
    pub value: Vec<u8>,
}

/// A store with its variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableStore {
    file: Vec<u8>,
    /// Where variables start and end in the file.
    area: std::ops::Range<usize>,
    variables: Vec<StoredVariable>,
}

/// Why bytes are no store, or a store has no room.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The bytes are something else.
    #[error("not a store of firmware variables: {0}; expected a copy of OVMF_VARS_4M.fd")]
    Format(&'static str),
    /// A variable's sizes do not fit the store.
    #[error("the variable at byte {0:#x} of the store does not fit it")]
    Variable(usize),
    /// There are keys in it already.
    #[error("the store has a platform key already; expected one without keys")]
    Enrolled,
    /// The variables do not fit.
    #[error("{needed} bytes of variables do not fit the store of {room} bytes")]
    Room {
        /// What is needed.
        needed: usize,
        /// What there is.
        room: usize,
    },
}

impl VariableStore {
    /// Reads a store.
    pub fn parse(file: &[u8]) -> Result<Self, StoreError> {
        if file.len() > MAX_BYTES {
            return Err(StoreError::Format("too large"));
        }
        if guid_at(file, 16) != Some(VOLUME) {
            return Err(StoreError::Format("no volume for variables"));
        }
        let start = array(file, VOLUME_HEADER_LENGTH).map(u16::from_le_bytes);
        let start = usize::from(start.ok_or(StoreError::Format("its header is cut off"))?);
        if guid_at(file, start) != Some(AUTHENTICATED) {
            return Err(StoreError::Format("variables without signed updates"));
        }
        let size = u32_at(file, start + 16).ok_or(StoreError::Format("its header is cut off"))? as usize;
        if file.get(start + 20..start + 22) != Some(&[FORMATTED, HEALTHY]) {
            return Err(StoreError::Format("it is not formatted"));
        }
        let area = start + STORE_HEADER..start.saturating_add(size);
        let content = file.get(area.clone()).ok_or(StoreError::Format("it is cut off"))?;
        let variables = read_variables(content, area.start)?;
        Ok(Self { file: file.to_vec(), area, variables })
    }

    /// The variables that are there.
    pub fn variables(&self) -> &[StoredVariable] {
        &self.variables
    }

    /// The value of a variable that holds keys.
    pub fn keys(&self, variable: KeyVariable) -> Option<&[u8]> {
        let found = self
            .variables
            .iter()
            .find(|one| one.name == variable.name() && one.namespace == variable.namespace());
        found.map(|one| one.value.as_slice())
    }

    /// Puts keys into a store that has none, and turns Secure Boot on.
    pub fn enrol(&mut self, keys: &[(KeyVariable, Vec<u8>)], time: EfiTime) -> Result<(), StoreError> {
        if self.keys(KeyVariable::PlatformKey).is_some() {
            return Err(StoreError::Enrolled);
        }
        for (variable, value) in keys {
            self.put(StoredVariable {
                name: variable.name().into(),
                namespace: variable.namespace(),
                attributes: KEY_ATTRIBUTES,
                time,
                value: value.clone(),
            });
        }
        for (name, namespace, value) in
            [("SecureBootEnable", SECURE_BOOT_ENABLE, 1), ("CustomMode", CUSTOM_MODE, 0)]
        {
            self.put(StoredVariable {
                name: name.into(),
                namespace,
                attributes: NON_VOLATILE | BOOTSERVICE_ACCESS,
                time: EfiTime::default(),
                value: vec![value],
            });
        }
        Ok(())
    }

    fn put(&mut self, variable: StoredVariable) {
        self.variables.retain(|one| one.name != variable.name || one.namespace != variable.namespace);
        self.variables.push(variable);
    }

    /// The store as a file. What is outside the variables is as it was.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        let mut content = Vec::new();
        for variable in &self.variables {
            write_variable(&mut content, variable);
        }
        let room = self.area.len();
        if content.len() > room {
            return Err(StoreError::Room { needed: content.len(), room });
        }
        content.resize(room, 0xff);
        let mut file = self.file.clone();
        file[self.area.clone()].copy_from_slice(&content);
        Ok(file)
    }
}

fn read_variables(content: &[u8], base: usize) -> Result<Vec<StoredVariable>, StoreError> {
    let mut variables = Vec::new();
    let mut at = 0;
    while array(content, at).map(u16::from_le_bytes) == Some(START) {
        let wrong = || StoreError::Variable(base + at);
        let state = content.get(at + 2).copied().ok_or_else(wrong)?;
        let attributes = u32_at(content, at + 4).ok_or_else(wrong)?;
        let time = EfiTime::from_bytes(array(content, at + 16).ok_or_else(wrong)?);
        let name_size = u32_at(content, at + 36).ok_or_else(wrong)? as usize;
        let value_size = u32_at(content, at + 40).ok_or_else(wrong)? as usize;
        let namespace = guid_at(content, at + 44).ok_or_else(wrong)?;
        let name = content.get(at + HEADER..).and_then(|rest| rest.get(..name_size)).ok_or_else(wrong)?;
        let value_at = at + HEADER + name_size;
        let value = content.get(value_at..).and_then(|rest| rest.get(..value_size)).ok_or_else(wrong)?;
        if state == ADDED {
            let (units, _) = name.as_chunks::<2>();
            let units: Vec<u16> =
                units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0).collect();
            variables.push(StoredVariable {
                name: String::from_utf16_lossy(&units),
                namespace,
                attributes,
                time,
                value: value.to_vec(),
            });
        }
        at = (value_at + value_size).next_multiple_of(4);
    }
    Ok(variables)
}

fn write_variable(out: &mut Vec<u8>, variable: &StoredVariable) {
    let mut name = utf16(&variable.name);
    name.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&START.to_le_bytes());
    out.extend_from_slice(&[ADDED, 0]);
    out.extend_from_slice(&variable.attributes.to_le_bytes());
    // Monotonic count: of another, older kind of signed update.
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&variable.time.bytes());
    // Index of a public key, of the same older kind.
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(name.len() as u32).to_le_bytes());
    out.extend_from_slice(&(variable.value.len() as u32).to_le_bytes());
    out.extend_from_slice(&variable.namespace.to_disk());
    out.extend_from_slice(&name);
    out.extend_from_slice(&variable.value);
    out.resize(out.len().next_multiple_of(4), 0xff);
}

/// A store as text, without the values.
pub fn dump(store: &VariableStore) -> String {
    let mut out = String::new();
    for StoredVariable { name, namespace, attributes, time, .. } in store.variables() {
        let _ = writeln!(out, "{name} {namespace} {attributes:#x} {time}");
    }
    out
}
