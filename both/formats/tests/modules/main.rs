//! Kernel modules: `.modinfo`, alias patterns, closures, the index, and a whole Debian kernel against kmod.
#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod closure;
mod debian;
mod index;
mod info;
mod pattern;
#[path = "../tool/mod.rs"]
mod tool;

use corten_formats::modules::{Builtin, Catalog, ModInfo, Module};

/// A module as its `.modinfo` records describe it, one a line.
fn module(path: &str, records: &str) -> Module {
    Module::new(path, ModInfo::parse(records.replace('\n', "\0").as_bytes()))
}

/// Part of Debian's kernel 6.12, shortened.
fn kernel() -> Catalog {
    let modules = vec![
        module(
            "kernel/arch/x86/crypto/sha256-ssse3.ko",
            "alias=cpu:type:x86,ven*fam*mod*:feature:*0089*\nalias=sha256\nalias=crypto-sha256\ndepends=",
        ),
        module("kernel/crypto/sha256_arm.ko", "alias=crypto-sha256"),
        module("kernel/crypto/blake2b_generic.ko", "alias=crypto-blake2b-256\nalias=blake2b-256"),
        module("kernel/crypto/xor.ko", ""),
        module("kernel/lib/raid6/raid6_pq.ko", ""),
        module("kernel/lib/libcrc32c.ko", "softdep=pre: crc32c"),
        module(
            "kernel/fs/btrfs/btrfs.ko",
            "alias=fs-btrfs\nalias=devname:btrfs-control\ndepends=xor,raid6_pq,libcrc32c\nsoftdep=pre: sha256\nsoftdep=pre: blake2b-256",
        ),
        module("kernel/fs/fat/fat.ko", ""),
        module("kernel/fs/fat/vfat.ko", "alias=fs-vfat\ndepends=fat"),
        module("kernel/fs/nls/nls_cp437.ko", ""),
        module("kernel/fs/nls/nls_ascii.ko", ""),
        module("kernel/drivers/net/net_failover.ko", "depends=failover"),
        module("kernel/net/core/failover.ko", ""),
        module("kernel/drivers/net/virtio_net.ko", "alias=virtio:d00000001v*\ndepends=net_failover"),
        module(
            "kernel/drivers/net/ethernet/intel/e1000/e1000.ko",
            "alias=pci:v00008086d0000100Esv*sd*bc*sc*i*\nalias=pci:v00008086d0000100Fsv*sd*bc*sc*i*\nfirmware=e1000/fw.bin",
        ),
        module("kernel/drivers/vfio/vfio.ko", "softdep=post: vfio_iommu_type1 vfio_iommu_spapr_tce"),
        module("kernel/drivers/vfio/vfio_iommu_type1.ko", "depends=vfio"),
    ];
    let builtin =
        "kernel/fs/ext4/ext4.ko\nkernel/crypto/crc32c_generic.ko\nkernel/crypto/sha256_generic.ko\n";
    let modinfo = b"ext4.alias=fs-ext4\0ext4.license=GPL\0crc32c_generic.alias=crypto-crc32c\0crc32c_generic.alias=crc32c\0sha256_generic.alias=crypto-sha256\0";
    Catalog::new(modules, Builtin::parse(builtin, modinfo).unwrap()).unwrap()
}
