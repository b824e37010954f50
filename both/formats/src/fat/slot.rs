//! The 32-byte slots of a directory: short entries and the pieces of long names that stand before them.

use super::{
    name::{ShortName, is_allowed, short_text},
    time::Timestamp,
};

/// Bytes of a slot.
pub(super) const SLOT: usize = 32;
/// First byte of a slot that was deleted, and of the slot after the last used one.
pub(super) const DELETED: u8 = 0xe5;
pub(super) const LAST: u8 = 0;

pub(super) const DIRECTORY: u8 = 0x10;
pub(super) const LABEL: u8 = 0x08;
const ARCHIVE: u8 = 0x20;
const LONG: u8 = 0x0f;

/// Offsets of the 13 name units in a long-name slot.
const UNITS: [usize; 13] = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30];

/// One slot as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(pub [u8; SLOT]);

impl Slot {
    /// A short entry. The times of creation, change and last access are the same.
    pub fn short(name: ShortName, attribute: u8, first: u32, size: u32, time: Timestamp) -> Self {
        let mut bytes = [0; SLOT];
        bytes[..11].copy_from_slice(&name);
        bytes[11] = attribute;
        let (date, time) = (time.date.to_le_bytes(), time.time.to_le_bytes());
        bytes[14..16].copy_from_slice(&time);
        bytes[16..18].copy_from_slice(&date);
        bytes[18..20].copy_from_slice(&date);
        bytes[20..22].copy_from_slice(&((first >> 16) as u16).to_le_bytes());
        bytes[22..24].copy_from_slice(&time);
        bytes[24..26].copy_from_slice(&date);
        bytes[26..28].copy_from_slice(&(first as u16).to_le_bytes());
        bytes[28..].copy_from_slice(&size.to_le_bytes());
        Self(bytes)
    }

    /// A short entry of a file.
    pub fn file(name: ShortName, first: u32, size: u32, time: Timestamp) -> Self {
        Self::short(name, ARCHIVE, first, size, time)
    }

    /// A short entry of a directory.
    pub fn directory(name: ShortName, first: u32, time: Timestamp) -> Self {
        Self::short(name, DIRECTORY, first, 0, time)
    }

    /// The same short entry under another name, without the case flags.
    pub fn renamed(mut self, name: ShortName) -> Self {
        self.0[..11].copy_from_slice(&name);
        self.0[12] = 0;
        self
    }

    pub fn is_long(&self) -> bool {
        self.0[11] & 0x3f == LONG
    }

    pub fn is_label(&self) -> bool {
        self.0[11] & LABEL != 0
    }

    pub fn is_directory(&self) -> bool {
        self.0[11] & DIRECTORY != 0
    }

    pub fn name(&self) -> ShortName {
        let mut name = [0; 11];
        name.copy_from_slice(&self.0[..11]);
        name
    }

    /// The short name as people see it.
    pub fn text(&self) -> String {
        short_text(&self.name(), self.0[12])
    }

    pub fn first_cluster(&self) -> u32 {
        // The upper four bits of a cluster number are reserved, as in the table.
        (u32::from(self.u16_at(20)) << 16 | u32::from(self.u16_at(26))) & 0x0fff_ffff
    }

    pub fn size(&self) -> u32 {
        u32::from(self.u16_at(28)) | u32::from(self.u16_at(30)) << 16
    }

    pub fn modified(&self) -> Timestamp {
        Timestamp { date: self.u16_at(24), time: self.u16_at(22) }
    }

    fn u16_at(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }
}

/// The slots of an entry in stored order: the pieces of the long name from last to first, then the short entry.
pub(super) fn entry_set(units: &[u16], short: Slot) -> Vec<Slot> {
    let sum = checksum(&short.name());
    let pieces = units.len().div_ceil(UNITS.len());
    let mut set = Vec::with_capacity(pieces + 1);
    for (number, piece) in units.chunks(UNITS.len()).enumerate().rev() {
        let mut bytes = [0; SLOT];
        bytes[0] = (number as u8 + 1) | if number + 1 == pieces { 0x40 } else { 0 };
        bytes[11] = LONG;
        bytes[13] = sum;
        for (at, offset) in UNITS.into_iter().enumerate() {
            // The name ends with a zero where it does not fill the slot; what follows is all ones.
            let unit = piece.get(at).copied().unwrap_or(if at == piece.len() { 0 } else { 0xffff });
            bytes[offset..offset + 2].copy_from_slice(&unit.to_le_bytes());
        }
        set.push(Slot(bytes));
    }
    set.push(short);
    set
}

/// The sum that ties long-name slots to their short entry.
fn checksum(short: &ShortName) -> u8 {
    short.iter().fold(0, |sum: u8, byte| sum.rotate_right(1).wrapping_add(*byte))
}

/// Collects the pieces of a long name while the slots of a directory are read.
#[derive(Default)]
pub(super) struct LongName {
    /// Units from the back: the last piece comes first.
    pieces: Vec<[u16; 13]>,
    expected: u8,
    sum: u8,
}

impl LongName {
    /// Takes one long-name slot. A piece out of order starts over.
    pub fn take(&mut self, slot: &Slot) {
        let number = slot.0[0] & 0x3f;
        if slot.0[0] & 0x40 != 0 {
            *self = Self { pieces: Vec::new(), expected: number, sum: slot.0[13] };
        }
        if number == 0 || number > 20 || number != self.expected || slot.0[13] != self.sum {
            *self = Self::default();
            return;
        }
        self.pieces.push(UNITS.map(|at| slot.u16_at(at)));
        self.expected -= 1;
    }

    /// Number of slots taken.
    pub fn slots(&self) -> usize {
        self.pieces.len()
    }

    /// The name, if its pieces are all there, belong to the short entry, and say something that is no path.
    pub fn finish(self, short: &Slot) -> Option<String> {
        if self.pieces.is_empty() || self.expected != 0 || self.sum != checksum(&short.name()) {
            return None;
        }
        let units: Vec<u16> =
            self.pieces.iter().rev().flatten().copied().take_while(|unit| *unit != 0).collect();
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        // Characters beyond UCS-2 are left alone here: other systems write them.
        let bad = text.chars().any(|c| c as u32 <= 0xffff && !is_allowed(c));
        (!bad && !["", ".", ".."].contains(&text.as_str())).then_some(text)
    }
}
