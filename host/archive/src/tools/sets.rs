//! The sets of tools that the project itself uses: packages, and the programs in them that are called.

/// Tools that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Set {
    /// Name of the set and of its lock.
    pub name: &'static str,
    /// Packages.
    pub packages: &'static [&'static str],
    /// Programs that are started by name.
    pub programs: &'static [&'static str],
    /// Files that belong to a program, by their paths.
    pub files: &'static [&'static str],
}

/// The suite that tools come from, whatever the suite of a recipe.
pub const SUITE: &str = "trixie";

/// What runs an image: QEMU with its firmware.
pub const QEMU: Set = Set {
    name: "run",
    packages: &["qemu-system-x86", "ovmf"],
    programs: &["qemu-system-x86_64"],
    files: &[],
};

/// Other people's readers of our formats, for tests.
pub const CHECKERS: Set = Set {
    name: "test",
    packages: &[
        "aardvark-dns",
        "binutils",
        "python3-jsonschema",
        "cpio",
        "cryptsetup-bin",
        "dnsmasq-base",
        "docker-registry",
        "dosfstools",
        "e2fsprogs",
        "erofs-utils",
        "fdisk",
        "gdisk",
        "iproute2",
        "kmod",
        "libnbd-bin",
        "mtools",
        "netavark",
        "nftables",
        "openssl",
        "python3-grpcio",
        "python3-protobuf",
        "python3-virt-firmware",
        "qemu-utils",
        "sbsigntool",
        "skopeo",
        "systemd-boot-efi",
        "systemd-container",
        "systemd-ukify",
        "umoci",
        "zstd",
    ],
    programs: &[
        "aardvark-dns",
        "as",
        "jsonschema",
        "cpio",
        "depmod",
        "dnsmasq",
        "docker-registry",
        "dump.erofs",
        "e2fsck",
        "fdisk",
        "fsck.erofs",
        "fsck.vfat",
        "ip",
        "mcopy",
        "mdir",
        "mkfs.erofs",
        "mkfs.vfat",
        "modprobe",
        "mtype",
        "nbdcopy",
        "nbdinfo",
        "netavark",
        "nft",
        "objcopy",
        "openssl",
        "python3",
        "qemu-img",
        "qemu-io",
        "readelf",
        "sbverify",
        "sfdisk",
        "sgdisk",
        "skopeo",
        "systemd-analyze",
        "systemd-dissect",
        "ukify",
        "umoci",
        "veritysetup",
        "virt-fw-vars",
        "zstd",
    ],
    files: &["usr/lib/systemd/boot/efi/linuxx64.efi.stub"],
};
