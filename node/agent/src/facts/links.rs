//! Links of the network, from `/sys/class/net` and `/proc/net/dev`. What the configuration wanted of them, and their
//! addresses, others know: those fields stay empty.

use std::collections::BTreeMap;

use corten_api::v1;

use super::{FactError, files};
use crate::root::Root;

/// Links that are listed; a host of many containers has some hundreds.
const MAX_LINKS: usize = 4096;
/// ARPHRD_LOOPBACK and ARPHRD_ETHER of linux/if_arp.h.
const LOOPBACK: u64 = 772;
const ETHERNET: u64 = 1;

/// What a link has moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes that came.
    pub received_bytes: u64,
    /// Errors of receiving.
    pub received_errors: u64,
    /// Bytes that went.
    pub sent_bytes: u64,
    /// Errors of sending.
    pub sent_errors: u64,
}

/// All links, by index.
pub fn list(root: &Root) -> Result<Vec<v1::Link>, FactError> {
    let counters = parse_counters(&files::text(root, "/proc/net/dev").unwrap_or_default());
    let names = files::names(root, "/sys/class/net")?;
    let mut links: Vec<v1::Link> =
        names.into_iter().take(MAX_LINKS).filter_map(|name| read(root, name, &counters)).collect();
    links.sort_by_key(|link| link.index);
    Ok(links)
}

fn read(root: &Root, name: String, counters: &BTreeMap<String, Counters>) -> Option<v1::Link> {
    let file = |attribute: &str| format!("/sys/class/net/{name}/{attribute}");
    // Files such as bonding_masters lie among the links.
    let index = files::value(root, &file("ifindex")).parse().ok()?;
    let there = |attribute: &str| root.path(&file(attribute)).exists();
    let moved = counters.get(&name).copied().unwrap_or_default();
    let kind = match (files::number(root, &file("type")), device_type(&files::value(root, &file("uevent")))) {
        (LOOPBACK, _) => "loopback".into(),
        (_, Some(kind)) => kind,
        _ if there("tun_flags") => "tun".into(),
        (ETHERNET, None) if there("device") => "ethernet".into(),
        _ => "virtual".into(),
    };
    Some(v1::Link {
        index,
        kind,
        mac: files::value(root, &file("address")),
        mtu: u32::try_from(files::number(root, &file("mtu"))).unwrap_or(0),
        state: files::value(root, &file("operstate")),
        driver: files::link_name(root, &file("device/driver")),
        received_bytes: moved.received_bytes,
        sent_bytes: moved.sent_bytes,
        received_errors: moved.received_errors,
        sent_errors: moved.sent_errors,
        name,
        ..v1::Link::default()
    })
}

/// DEVTYPE of a link's `uevent`: `vlan`, `bond`, `bridge`, `wlan` and so on; cards of Ethernet have none.
pub fn device_type(text: &str) -> Option<String> {
    let kind = text.lines().find_map(|line| line.strip_prefix("DEVTYPE="))?.trim();
    (!kind.is_empty()).then(|| kind.to_string())
}

/// Reads `/proc/net/dev`: sixteen numbers a link, eight for each direction.
pub fn parse_counters(text: &str) -> BTreeMap<String, Counters> {
    text.lines().filter_map(parse_line).take(MAX_LINKS).collect()
}

fn parse_line(line: &str) -> Option<(String, Counters)> {
    // The name may hold colons itself.
    let (name, numbers) = line.rsplit_once(':')?;
    let numbers: Vec<u64> =
        numbers.split_ascii_whitespace().take(16).map_while(|word| word.parse().ok()).collect();
    let counters = Counters {
        received_bytes: *numbers.first()?,
        received_errors: *numbers.get(2)?,
        sent_bytes: *numbers.get(8)?,
        sent_errors: *numbers.get(10)?,
    };
    Some((name.trim().to_string(), counters))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEV: &str = "Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    1200      12    0    0    0     0          0         0     1200      12    0    0    0     0       0          0
  eth0: 9917231   10231    3    0    0     0          0         0   771234    4431    1    0    0     0       0          0
";

    #[test]
    fn counters_are_read() {
        let counters = parse_counters(DEV);
        let expected =
            Counters { received_bytes: 9_917_231, received_errors: 3, sent_bytes: 771_234, sent_errors: 1 };
        assert_eq!(counters.get("eth0"), Some(&expected));
        assert_eq!(counters.len(), 2);
    }

    #[test]
    fn links_are_read_with_kind_and_driver() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: String, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        write("proc/net/dev".into(), DEV);
        for (name, index, kind, uevent) in [
            ("lo", "1", "772", ""),
            ("eth0", "2", "1", "INTERFACE=eth0\n"),
            ("lan.7", "3", "1", "DEVTYPE=vlan\n"),
        ] {
            let file = |attribute: &str| format!("sys/class/net/{name}/{attribute}");
            write(file("ifindex"), index);
            write(file("type"), kind);
            write(file("uevent"), uevent);
            write(file("address"), "52:54:00:12:34:56\n");
            write(file("mtu"), "1500\n");
            write(file("operstate"), "up\n");
        }
        write("sys/class/net/bonding_masters".into(), "\n");
        let device = folder.path().join("sys/class/net/eth0/device");
        std::fs::create_dir(&device).expect("a folder");
        std::os::unix::fs::symlink("../../../bus/virtio/drivers/virtio_net", device.join("driver"))
            .expect("a link");
        let links = list(&Root::new(folder.path())).expect("links");
        let kinds: Vec<_> = links.iter().map(|link| (link.name.as_str(), link.kind.as_str())).collect();
        assert_eq!(kinds, [("lo", "loopback"), ("eth0", "ethernet"), ("lan.7", "vlan")]);
        let card = &links[1];
        assert_eq!((card.driver.as_str(), card.mtu, card.received_bytes), ("virtio_net", 1500, 9_917_231));
        assert_eq!((card.mac.as_str(), card.state.as_str()), ("52:54:00:12:34:56", "up"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let _ = parse_counters(&text);
            let _ = parse_counters(&format!("x: 1 2 3 {text}"));
            let _ = device_type(&format!("DEVTYPE={text}"));
        }
    }
}
