//! What the kernel shows of links as files.

use std::io::ErrorKind;
use std::path::Path;

use super::NetlinkError;
use crate::plan::Ipv6;

const IPV6: &str = "/proc/sys/net/ipv6/conf";
const SECONDARIES: &str = "/proc/sys/net/ipv4/conf/all/promote_secondaries";

/// How a link takes router advertisements; `None` without IPv6.
pub(super) fn ipv6(link: &str) -> Option<Ipv6> {
    let number = |name: &str| -> Option<u8> {
        std::fs::read_to_string(format!("{IPV6}/{link}/{name}")).ok()?.trim().parse().ok()
    };
    is_plain(link).then_some(())?;
    Some(Ipv6 { accept: number("accept_ra")?, autoconf: number("autoconf")? })
}

/// Sets it. A kernel without IPv6 takes no router advertisements anyway.
pub(super) fn set_ipv6(link: &str, ipv6: Ipv6) -> Result<(), NetlinkError> {
    if !is_plain(link) {
        return Err(NetlinkError::NoLink(link.to_owned()));
    }
    for (name, value) in [("autoconf", ipv6.autoconf), ("accept_ra", ipv6.accept)] {
        match write(format!("{IPV6}/{link}/{name}"), &value.to_string()) {
            Err(NetlinkError::Sysctl { error, .. }) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        }
    }
    Ok(())
}

/// Keeps the other addresses of a network when the first one is removed, which Linux otherwise removes with it.
///
/// # Errors
/// If the kernel refuses.
pub fn keep_secondary_addresses() -> Result<(), NetlinkError> {
    write(SECONDARIES.to_owned(), "1")
}

fn write(path: String, value: &str) -> Result<(), NetlinkError> {
    std::fs::write(&path, value).map_err(|error| NetlinkError::Sysctl { path, error })
}

/// The driver of a card.
pub(super) fn driver(link: &str) -> Option<String> {
    is_plain(link).then_some(())?;
    let target = std::fs::read_link(Path::new("/sys/class/net").join(link).join("device/driver")).ok()?;
    Some(target.file_name()?.to_str()?.to_owned())
}

/// Whether a name stands for a file of its own. The kernel takes no others (dev_valid_name).
fn is_plain(link: &str) -> bool {
    !link.is_empty() && link != "." && link != ".." && !link.contains('/')
}
