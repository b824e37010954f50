//! Values of a recipe: what they accept, what they match.

use corten_recipe::types::{Constraint, Mode, Size, SysctlKey};
use corten_recipe::{DataPattern, ModulePattern, nearest};

fn module(text: &str) -> ModulePattern {
    text.parse().expect("a pattern of modules")
}

fn data(text: &str) -> DataPattern {
    text.parse().expect("a pattern of files")
}

#[test]
fn a_module_is_found_by_name_wherever_it_lies() {
    for path in ["drivers/net/virtio_net.ko.xz", "virtio-net.ko", "a/virtio_net.ko.zst", "virtio_net"] {
        assert!(module("virtio-net").matches(path) && module("virtio_net").matches(path), "{path}");
    }
    assert!(!module("virtio").matches("drivers/net/virtio_net.ko.xz"));
    assert!(!module("net").matches("drivers/net/tun.ko.xz"));
}

#[test]
fn a_pattern_of_modules_is_one_of_paths_below_kernel() {
    assert!(module("drivers/net/**").matches("drivers/net/ethernet/amazon/ena/ena.ko.xz"));
    assert!(module("drivers/net/**").matches("drivers/net/tun.ko.xz"));
    assert!(module("drivers/net/*").matches("drivers/net/tun.ko.xz"));
    assert!(!module("drivers/net/*").matches("drivers/net/ipvlan/ipvlan.ko.xz"));
    assert!(!module("net/*").matches("drivers/net/tun.ko.xz"));
    assert!(module("drivers/net/{tun,tap}").matches("drivers/net/tap.ko"));
}

#[test]
fn a_star_of_a_file_pattern_stays_within_one_part() {
    assert!(data("/etc/*.conf").matches("/etc/a.conf"));
    assert!(!data("/etc/*.conf").matches("/etc/a/b.conf"));
    assert!(data("/etc/**").matches("/etc/a/b.conf"));
    assert!(!data("/etc/**").matches("/etc"));
    assert!(!data("/etc/a").matches("/etc/a/b"));
    assert!(data("/etc/[ab]?").matches("/etc/bx") && data("/etc/[ab]?").is_pattern());
}

#[test]
fn sizes_are_read_in_binary_units_and_printed_in_the_largest() {
    let size = |text: &str| text.parse::<Size>().map(Size::bytes);
    assert_eq!(size("128 KiB"), Ok(128 << 10));
    assert_eq!(size("1GiB"), Ok(1 << 30));
    assert_eq!("1024 MiB".parse::<Size>().map(|size| size.to_string()), Ok("1 GiB".into()));
    for wrong in
        ["", "1", "KiB", "-1 KiB", "1 GB", "1  GiB", "0x10 KiB", "1.5 GiB", "99999999999 GiB", "1 KiB "]
    {
        assert!(size(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn modes_are_octal_and_gain_no_rights() {
    let mode = |text: &str| text.parse::<Mode>().map(Mode::bits).ok();
    assert_eq!((mode("644"), mode("0644"), mode("1777")), (Some(0o644), Some(0o644), Some(0o1777)));
    for wrong in ["4755", "2755", "0o644", "648", "+644", "64", "00644", ""] {
        assert_eq!(mode(wrong), None, "{wrong}");
    }
}

#[test]
fn constraints_follow_the_archives_order_of_versions() {
    use corten_formats::deb::version::Version;
    let allows = |constraint: &str, version: &str| {
        let constraint: Constraint = constraint.parse().expect("a constraint");
        constraint.get().allows(&Version::parse(version).expect("a version"))
    };
    assert!(allows(">= 1.7", "1.7.24~ds1-6+deb13u1"));
    assert!(!allows(">= 1.7", "1.7~rc1"));
    assert!(allows("<<1:0", "99"));
    assert!(allows("= 1.0", "0:1.0-0"));
}

#[test]
fn the_first_separator_of_a_kernel_setting_decides() {
    let path = |text: &str| text.parse::<SysctlKey>().map(|key| key.path()).ok();
    assert_eq!(path("net.ipv4.ip_forward").as_deref(), Some("net/ipv4/ip_forward"));
    assert_eq!(path("net/ipv4/conf/eth0.1/forwarding").as_deref(), Some("net/ipv4/conf/eth0.1/forwarding"));
    assert_eq!(path("net.ipv4.conf.eth0/1.forwarding").as_deref(), Some("net/ipv4/conf/eth0.1/forwarding"));
    for wrong in
        ["kernel", "kernel..panic", "kernel/../panic", ".kernel.panic", "kernel.panic.", "net/../../etc"]
    {
        assert_eq!(path(wrong), None, "{wrong}");
    }
}

#[test]
fn the_nearest_name_is_like_it_or_there_is_none() {
    let names = ["containerd", "containerd-shim", "crun"];
    assert_eq!(nearest("contanierd", names), Some("containerd"));
    assert_eq!(nearest("Crun", names), Some("crun"));
    assert_eq!(nearest("nft", names), None);
    assert_eq!(nearest("", names), None);
}
