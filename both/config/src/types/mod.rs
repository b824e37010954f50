//! Values that cannot be wrong: each is made from text, by a [`Form`] that says what was expected.

mod address;
mod form;
mod image;
mod label;
mod name;
mod path;
mod pem;
mod process;
mod publish;
mod registry;
mod schedule;
mod size;
mod time;
mod url;
mod word;

pub use address::{Address, Interface, Mac, Network, Ports, RouteTarget, Target};
pub use form::{Checked, Form};
pub use image::ImageName;
pub use label::{Label, NetworkName};
pub use name::{
    DiskName, DomainName, DriverName, EntryName, Fingerprint, HostName, InterfaceName, LabelName, LabelValue,
    LinkName, ModuleName, MountPoint, NamePattern, Serial, SysctlValue, VolumeLabel,
};
pub(crate) use path::is_within;
pub use path::{AbsolutePath, HostPath, MountPlace};
pub use pem::{CertificateChain, PrivateKey, PublicKey};
pub(crate) use process::LONGEST_TEXT;
pub use process::{
    CapabilityName, ProgramText, RuntimeName, SecretText, SignalName, User, VariableName, VariableRule,
};
pub use publish::{GrpcService, HttpCheck, Published};
pub use registry::{Mirror, NoProxy, Password, ProxyUrl, RegistryName, RegistryUser};
pub use schedule::{CivilMinute, Cron, Schedule};
pub use size::{Processors, Size};
pub use time::Seconds;
pub use url::{Endpoint, Host, HttpUrl, Url};
pub(crate) use word::ADMIN;
pub use word::{Named, RoleName, Verify, Words};
