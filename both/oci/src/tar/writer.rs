//! Writing an archive: plain ustar headers, and a pax header before one only where something does not fit into it.
//! Owners are numbers alone, and nothing is written that was not asked for, so the same members give the same bytes.

use std::io::{self, Read, Write};

use super::header::checksum;
use super::member::{Form, Member, shown};
use super::pax::{XATTR, record};
use super::{BLOCK, TarError};

/// Largest number in a field of seven octal digits.
const SEVEN_DIGITS: u64 = 0o777_7777;

/// Largest number in a field of eleven octal digits.
const ELEVEN_DIGITS: u64 = 0o777_7777_7777;

/// Name of a header that extends the next one. Readers that know pax never see it.
const EXTENDED: &[u8] = b"pax";

/// Writes an archive.
#[derive(Debug)]
pub struct TarWriter<W> {
    out: W,
}

impl<W: Write> TarWriter<W> {
    /// An archive without members.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Adds a member. Of `content` as many bytes are read as the member says that it has, and it must have no more.
    pub fn add(&mut self, member: &Member, content: &mut dyn Read) -> Result<(), TarError> {
        let (block, records) = blocks(member)?;
        if !records.is_empty() {
            self.extend(&records)?;
        }
        self.out.write_all(&block)?;
        let Form::File(size) = member.form else { return Ok(()) };
        let wrong = || TarError::Content { name: shown(&member.path), size };
        if io::copy(&mut (&mut *content).take(size), &mut self.out)? < size {
            return Err(wrong());
        }
        if content.read(&mut [0])? > 0 {
            return Err(wrong());
        }
        self.pad(size)
    }

    /// Ends the archive.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        Ok(self.out)
    }

    fn extend(&mut self, records: &[u8]) -> Result<(), TarError> {
        let mut block = [0; BLOCK];
        block[..EXTENDED.len()].copy_from_slice(EXTENDED);
        octal(&mut block[100..108], 0o644);
        octal(&mut block[108..116], 0);
        octal(&mut block[116..124], 0);
        octal(&mut block[124..136], records.len() as u64);
        octal(&mut block[136..148], 0);
        block[156] = b'x';
        self.out.write_all(&sealed(block))?;
        self.out.write_all(records)?;
        self.pad(records.len() as u64)
    }

    fn pad(&mut self, size: u64) -> Result<(), TarError> {
        let over = (size % BLOCK as u64) as usize;
        if over > 0 {
            self.out.write_all(&[0; BLOCK][over..])?;
        }
        Ok(())
    }
}

/// The header of a member, and the records that have to stand before it.
fn blocks(member: &Member) -> Result<([u8; BLOCK], Vec<u8>), TarError> {
    let mut block = [0; BLOCK];
    let mut records = Vec::new();
    let mut path = member.path.clone();
    if member.form == Form::Directory && !path.ends_with(b"/") {
        path.push(b'/');
    }
    if let Some((prefix, name)) = split(&path) {
        block[..name.len()].copy_from_slice(name);
        block[345..345 + prefix.len()].copy_from_slice(prefix);
    } else {
        records.extend(record(b"path", &path));
        let start = &path[..path.len().min(100)];
        block[..start.len()].copy_from_slice(start);
    }
    let (kind, size) = match &member.form {
        Form::File(size) => (b'0', *size),
        Form::Directory => (b'5', 0),
        Form::Symlink(_) => (b'2', 0),
        Form::HardLink(_) => (b'1', 0),
        Form::CharDevice(..) => (b'3', 0),
        Form::BlockDevice(..) => (b'4', 0),
        Form::Fifo => (b'6', 0),
    };
    if let Form::Symlink(target) | Form::HardLink(target) = &member.form {
        let start = &target[..target.len().min(100)];
        block[157..157 + start.len()].copy_from_slice(start);
        if target.len() > start.len() {
            records.extend(record(b"linkpath", target));
        }
    }
    if let Form::CharDevice(major, minor) | Form::BlockDevice(major, minor) = member.form {
        if u64::from(major.max(minor)) > SEVEN_DIGITS {
            let why = io::Error::new(io::ErrorKind::InvalidInput, "the number of a device is too large");
            return Err(why.into());
        }
        octal(&mut block[329..337], u64::from(major));
        octal(&mut block[337..345], u64::from(minor));
    }
    octal(&mut block[100..108], u64::from(member.mode));
    for (key, field, number, most) in [
        ("uid", 108..116, i128::from(member.uid), SEVEN_DIGITS),
        ("gid", 116..124, i128::from(member.gid), SEVEN_DIGITS),
        ("size", 124..136, i128::from(size), ELEVEN_DIGITS),
        ("mtime", 136..148, i128::from(member.mtime), ELEVEN_DIGITS),
    ] {
        let fits = u64::try_from(number).ok().filter(|number| *number <= most);
        if fits.is_none() {
            records.extend(record(key.as_bytes(), number.to_string().as_bytes()));
        }
        octal(&mut block[field], fits.unwrap_or(0));
    }
    for (name, value) in &member.xattrs {
        records.extend(record(&[XATTR, name].concat(), value));
    }
    block[156] = kind;
    Ok((sealed(block), records))
}

/// The block as one of ustar, with its checksum.
fn sealed(mut block: [u8; BLOCK]) -> [u8; BLOCK] {
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum = checksum(&block);
    octal(&mut block[148..155], u64::from(sum));
    block[155] = b' ';
    block
}

/// Digits up to the last byte of the field, which stays zero.
fn octal(field: &mut [u8], mut number: u64) {
    let digits = field.len() - 1;
    for digit in field[..digits].iter_mut().rev() {
        *digit = b'0' + (number % 8) as u8;
        number /= 8;
    }
}

/// A path as prefix and name of a header; `None` if it does not fit. Other letters than those of ASCII go into a
/// record, where they are UTF-8 by definition.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if !path.is_ascii() {
        return None;
    }
    if path.len() <= 100 {
        return Some((&[], path));
    }
    // The slash between the two is written into neither; the name must not become empty.
    let within = path.len().min(156);
    let slash = path[..within].iter().enumerate().rev().find(|(at, byte)| {
        let name = path.len() - at - 1;
        **byte == b'/' && *at > 0 && name > 0 && name <= 100
    });
    slash.map(|(at, _)| (&path[..at], &path[at + 1..]))
}
