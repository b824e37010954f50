//! What is read at most. Images come from anywhere, and some of those who read them have all rights.

/// Bytes of a manifest, a configuration or an index. Registries refuse larger ones too.
pub const DOCUMENT: u64 = 4 << 20;

/// Nesting of a document. Those of the specification have five levels.
pub const DEPTH: usize = 32;

/// Values of a document in all. A list of empty objects takes many times its size when it is read.
pub const VALUES: usize = 65_536;

/// Layers of an image. Overlayfs and containerd stop at about as many.
pub const LAYERS: usize = 128;

/// Images of an archive or a layout, and manifests of an index.
pub const IMAGES: usize = 1024;

/// Bytes of a name of an image: those of the grammar and some.
pub const NAME: usize = 512;

/// Files of an archive. Each image has some hundreds at most.
pub const MEMBERS: usize = 65_536;

/// Bytes of one extended header of a tar archive: room for the largest extended attribute of Linux and some.
pub const EXTENDED_HEADER: u64 = 1 << 20;

/// Longest path, bytes: that of Linux.
pub const PATH: usize = 4096;

/// Longest part of a path, bytes: that of Linux.
pub const PART: usize = 255;

/// Longest target of a symbolic link, bytes: that of Linux.
pub const LINK: usize = 4095;

/// Extended attributes of a file.
pub const XATTRS: usize = 64;

/// Largest extended attribute, bytes: that of Linux.
pub const XATTR: usize = 65_536;
