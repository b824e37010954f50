//! Layout of a newc header: the magic number and thirteen fields of eight hexadecimal digits.

/// First bytes of every entry. `070702` with checksums is accepted by the kernel, but written by nobody.
pub const MAGIC: &[u8; 6] = b"070701";

/// Bytes of a header: the magic number and [`FIELDS`] times eight digits.
pub const HEADER: usize = 6 + FIELDS * 8;

/// Number of fields.
pub const FIELDS: usize = 13;

/// Header and path together, and content, are padded to a multiple of this.
pub const ALIGN: usize = 4;

/// Path of the entry that ends an archive.
pub const TRAILER: &[u8] = b"TRAILER!!!";

/// Longest path that the kernel takes (`PATH_MAX`), its NUL included; it skips longer ones silently.
pub const PATH_MAX: usize = 4096;

/// File type bits of `mode`, and the types.
pub const S_IFMT: u32 = 0o170_000;
pub const S_IFSOCK: u32 = 0o140_000;
pub const S_IFLNK: u32 = 0o120_000;
pub const S_IFREG: u32 = 0o100_000;
pub const S_IFBLK: u32 = 0o060_000;
pub const S_IFDIR: u32 = 0o040_000;
pub const S_IFCHR: u32 = 0o020_000;
pub const S_IFIFO: u32 = 0o010_000;

/// The fields of a header in their order. The last one, a checksum, is 0 in this form of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    pub ino: u32,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub nlink: u32,
    pub mtime: u32,
    pub filesize: u32,
    pub major: u32,
    pub minor: u32,
    pub rmajor: u32,
    pub rminor: u32,
    /// Length of the path, its NUL included.
    pub namesize: u32,
}

impl Header {
    /// The fields as they stand in the archive.
    pub fn to_fields(self) -> [u32; FIELDS] {
        [
            self.ino,
            self.mode,
            self.uid,
            self.gid,
            self.nlink,
            self.mtime,
            self.filesize,
            self.major,
            self.minor,
            self.rmajor,
            self.rminor,
            self.namesize,
            0,
        ]
    }

    /// The header with these fields.
    pub fn from_fields(fields: [u32; FIELDS]) -> Self {
        let [ino, mode, uid, gid, nlink, mtime, filesize, major, minor, rmajor, rminor, namesize, _] = fields;
        Self { ino, mode, uid, gid, nlink, mtime, filesize, major, minor, rmajor, rminor, namesize }
    }
}
