//! The kernel's side of the network: rtnetlink (RFC 3549, rtnetlink(7)), and the settings of IPv6 under
//! `/proc/sys/net`, which CAP_NET_ADMIN may write too (net_ctl_permissions).

mod observe;
mod perform;
mod socket;
mod solicit;
mod sysctl;
mod watch;

pub use observe::observe;
pub use perform::perform;
pub use socket::{Netlink, NetlinkError};
pub use sysctl::keep_secondary_addresses;
pub use watch::{Advertised, News, Watch, advertised};

/// Number that our addresses are marked with (IFA_PROTO; the kernel's own end at 3). Changing it makes a node that is
/// updated without a restart take its addresses for somebody else's.
const OUR_ADDRESSES: u8 = 0x43;
/// Group of links that are of our making (IFLA_GROUP, 0 unless set). The same goes for changing it.
const OUR_LINKS: u32 = 0x636f_7274;
/// The main routing table.
const MAIN_TABLE: u32 = 254;
