//! Values that cannot be wrong: each is made from text, by a [`Form`] that says what was expected.

mod address;
mod form;
mod name;
mod pem;
mod time;
mod url;
mod word;

pub use address::{Address, Interface, Mac, Network, Ports, RouteTarget, Target};
pub use form::{Checked, Form};
pub use name::{
    DiskName, DomainName, DriverName, EntryName, Fingerprint, HostName, InterfaceName, LabelName, LabelValue,
    LinkName, ModuleName, MountPoint, NamePattern, Serial, SysctlValue, VolumeLabel,
};
pub use pem::{CertificateChain, PrivateKey};
pub use time::Seconds;
pub use url::{Endpoint, Host, HttpUrl, Url};
pub use word::{Named, Words};
