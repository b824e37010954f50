//! The sets of tools that the project itself uses.

/// What runs an image: QEMU with its firmware.
pub const QEMU: [&str; 2] = ["qemu-system-x86", "ovmf"];

/// What other people's readers of our formats come in, for tests.
pub const CHECKERS: [&str; 12] = [
    "erofs-utils",
    "cryptsetup-bin",
    "gdisk",
    "dosfstools",
    "mtools",
    "qemu-utils",
    "sbsigntool",
    "systemd-ukify",
    "systemd-container",
    "e2fsprogs",
    "cpio",
    "zstd",
];
