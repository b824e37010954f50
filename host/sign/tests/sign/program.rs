//! A PE program, by hand.

const SECTIONS: usize = 3;

/// A program of three sections whose bytes are this, with so many bytes behind the last section.
pub fn program(fill: u8, behind: usize) -> Vec<u8> {
    let mut out = vec![0; 0x40];
    out[..2].copy_from_slice(b"MZ");
    out[0x3c] = 0x40;
    out.extend_from_slice(b"PE\0\0\x64\x86");
    out.extend_from_slice(&(SECTIONS as u16).to_le_bytes());
    out.extend_from_slice(&[0; 12]);
    out.extend_from_slice(&[0xf0, 0, 0x2e, 0x02]);
    let optional = out.len();
    out.resize(optional + 0xf0, 0);
    let put = |out: &mut Vec<u8>, at: usize, value: u32| {
        out[optional + at..optional + at + 4].copy_from_slice(&value.to_le_bytes());
    };
    for (at, value) in [(0, 0x20b), (16, 0x1000), (32, 0x1000), (36, 0x200), (56, 0x4000), (60, 0x400)] {
        put(&mut out, at, value);
    }
    for (at, value) in [(68, 0x0160_000a), (108, 16)] {
        put(&mut out, at, value);
    }
    for number in 0..SECTIONS as u32 {
        let mut row = [0; 40];
        row[..5].copy_from_slice(&[b'.', b't', b'e', b'x', b'0' + number as u8]);
        for (n, field) in [0x1f0, 0x1000 * (number + 1), 0x200, 0x400 + 0x200 * number].iter().enumerate() {
            row[8 + n * 4..12 + n * 4].copy_from_slice(&u32::to_le_bytes(*field));
        }
        row[36..].copy_from_slice(&0x6000_0020_u32.to_le_bytes());
        out.extend_from_slice(&row);
    }
    out.resize(0x400, 0);
    out.resize(0x400 + SECTIONS * 0x200, fill);
    out.resize(out.len() + behind, fill ^ 0xff);
    out
}

/// Offset of the checksum.
pub const CHECKSUM: usize = 0x58 + 64;
/// Offset of the entry for the certificate table.
pub const ENTRY: usize = 0x58 + 112 + 32;
