//! Names: which ones FAT can store, the 8.3 name that stands in for a long one, and how names compare.

use std::collections::BTreeSet;

use super::error::NameError;

/// A short name as stored: eight characters and three, filled with spaces.
pub(super) type ShortName = [u8; 11];

/// Longest name, in UTF-16 units: 15 long-name slots of 13 units; the 16th slot of the sector is the short entry.
const MAX_UNITS: usize = 195;

/// Short names that are tried for one long name before giving up. Each is tried against the directory's names in
/// memory, and a directory has 65,536 slots at most.
const TAILS: u32 = 65_536;

/// Code page 437 from 0x80 on, in which short names of other systems are most likely written.
const CODE_PAGE: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// A name that can be stored.
#[derive(Clone, Debug)]
pub(super) struct Name {
    text: String,
}

impl Name {
    /// Checks a name.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if ["", ".", ".."].contains(&text) {
            return Err(NameError::Reserved(text.into()));
        }
        if let Some(character) = text.chars().find(|c| !is_allowed(*c)) {
            return Err(NameError::Character { name: text.into(), character });
        }
        if text.ends_with(['.', ' ']) {
            return Err(NameError::End(text.into()));
        }
        if text.chars().count() > MAX_UNITS {
            return Err(NameError::TooLong(text.into()));
        }
        Ok(Self { text: text.into() })
    }

    /// The name as given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name as UTF-16, or nothing when the short name says it all.
    pub fn long_units(&self, short: &ShortName) -> Vec<u16> {
        if short_text(short, 0) == self.text { Vec::new() } else { self.text.encode_utf16().collect() }
    }

    /// The short name for a directory in which some names are taken, given as [`fold`]ed texts.
    pub fn short(&self, taken: &BTreeSet<String>) -> Result<ShortName, NameError> {
        let (base, extension, lossy) = split(&self.text);
        if !lossy {
            let short = join(&base, &extension);
            if !taken.contains(&fold(&short_text(&short, 0))) {
                return Ok(short);
            }
        }
        for number in 1..TAILS {
            let tail = format!("~{number}");
            let kept = base.len().min(8 - tail.len());
            let short = join(&[&base[..kept], tail.as_bytes()].concat(), &extension);
            if !taken.contains(&fold(&short_text(&short, 0))) {
                return Ok(short);
            }
        }
        Err(NameError::NoShortName(self.text.clone()))
    }
}

/// Whether a long name may hold this character: UCS-2 without control characters and the reserved ones.
pub(super) fn is_allowed(c: char) -> bool {
    c as u32 <= 0xffff && !c.is_control() && !"\"*/:<>?\\|".contains(c)
}

/// The form in which two names are compared: FAT keeps the case of a name but does not tell names apart by it.
pub(super) fn fold(name: &str) -> String {
    let upper = |c: char| {
        let mut all = c.to_uppercase();
        match (all.next(), all.next()) {
            (Some(one), None) => one,
            _ => c,
        }
    };
    name.chars().map(upper).collect()
}

/// The label of a volume, 11 characters.
pub(super) fn label(text: &str) -> Result<ShortName, NameError> {
    let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b" _-".contains(&b);
    if text.is_empty() || text.len() > 11 || text.starts_with(' ') || !text.bytes().all(fits) {
        return Err(NameError::Label(text.into()));
    }
    let mut stored = [b' '; 11];
    stored[..text.len()].copy_from_slice(text.as_bytes());
    Ok(stored)
}

/// Base and extension in the characters of a short name, and whether something got lost on the way.
fn split(text: &str) -> (Vec<u8>, Vec<u8>, bool) {
    let trimmed = text.trim_start_matches(['.', ' ']);
    let (base, extension) = trimmed.rsplit_once('.').unwrap_or((trimmed, ""));
    let mut lossy = trimmed.len() < text.len();
    let mut convert = |part: &str, most: usize| {
        let mut out = Vec::new();
        for c in part.chars() {
            match c {
                '.' | ' ' => lossy = true,
                'a'..='z' => out.push(c.to_ascii_uppercase() as u8),
                'A'..='Z' | '0'..='9' => out.push(c as u8),
                _ if "!#$%&'()-@^_`{}~".contains(c) => out.push(c as u8),
                _ => {
                    lossy = true;
                    out.push(b'_');
                }
            }
        }
        lossy |= out.len() > most;
        out.truncate(most);
        out
    };
    let base = convert(base, 8);
    let extension = convert(extension, 3);
    // A name of nothing but dots and spaces before its extension has no base left.
    if base.is_empty() { (b"_".to_vec(), extension, true) } else { (base, extension, lossy) }
}

fn join(base: &[u8], extension: &[u8]) -> ShortName {
    let mut short = [b' '; 11];
    short[..base.len()].copy_from_slice(base);
    short[8..8 + extension.len()].copy_from_slice(extension);
    short
}

/// Case flags of a short entry, as Windows NT writes them for names in lower case.
const LOWER_BASE: u8 = 0x08;
const LOWER_EXTENSION: u8 = 0x10;

/// A short name as people see it.
pub(super) fn short_text(short: &ShortName, flags: u8) -> String {
    let part = |bytes: &[u8], lower: bool| {
        let end = bytes.iter().rposition(|b| *b != b' ').map_or(0, |last| last + 1);
        let text: String = bytes[..end].iter().map(|b| character(*b)).collect();
        if lower { text.to_lowercase() } else { text }
    };
    let mut stored = *short;
    if stored[0] == 0x05 {
        stored[0] = 0xe5;
    }
    let base = part(&stored[..8], flags & LOWER_BASE != 0);
    let extension = part(&stored[8..], flags & LOWER_EXTENSION != 0);
    if extension.is_empty() { base } else { format!("{base}.{extension}") }
}

/// A byte of a short name as a character. What no name may hold becomes a replacement character, so that a hostile
/// name is no path.
fn character(byte: u8) -> char {
    let c = match byte {
        0x80.. => CODE_PAGE.chars().nth(usize::from(byte) - 0x80).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(byte),
    };
    if is_allowed(c) && c != '.' { c } else { char::REPLACEMENT_CHARACTER }
}
