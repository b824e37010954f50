//! The parts of a plan apart from the image: archive, kernel, packages, files, users.

use bytes::Bytes;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::types::{
    AccountName, Architecture, Component, Constraint, DataPattern, KernelArgument, Mode, ModulePattern,
    PackageName, Program, Suite, Text,
};

/// Where packages come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Archive {
    /// The suite.
    pub suite: Suite,
    /// Its components, as written.
    pub components: Vec<Component>,
    /// The architecture.
    pub architecture: Architecture,
    /// Suites that are used beside it when the mirror has them.
    pub extra_suites: Vec<ExtraSuite>,
}

/// A suite beside the main one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExtraSuite {
    /// `<suite>-updates`: fixes between point releases.
    Updates,
    /// `<suite>-security`.
    Security,
}

impl ExtraSuite {
    /// What the archive appends to the name of the suite.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Updates => "-updates",
            Self::Security => "-security",
        }
    }
}

/// Kernel, modules, command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Kernel {
    /// The kernel's package, or one that depends on it.
    pub package: PackageName,
    /// Modules of the root image. Their dependencies come along.
    pub modules: Vec<ModulePattern>,
    /// Modules of the initrd. Their dependencies come along.
    pub boot_modules: Vec<ModulePattern>,
    /// Arguments in order.
    pub command_line: Vec<KernelArgument>,
    /// Packages with microcode, put in front of the initrd.
    pub microcode: Vec<PackageName>,
    /// Packages of whose files those are taken that the modules ask for.
    pub firmware: Vec<PackageName>,
}

/// What is taken from a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Selection {
    /// Programs, with the shared libraries that they need.
    pub programs: Vec<Program>,
    /// Other files.
    pub data: Vec<DataPattern>,
    /// CA certificates that go into the bundle.
    pub certificates: Vec<DataPattern>,
    /// Versions that will do; `None` is any.
    pub version: Option<Constraint>,
}

/// Owner of a file or directory, as numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Owner {
    /// Number of the user.
    pub uid: u32,
    /// Number of the group.
    pub gid: u32,
}

/// A directory of the recipe's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Directory {
    /// Permission bits.
    pub mode: Mode,
    /// Owner.
    pub owner: Owner,
}

/// A file of the recipe's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OwnFile {
    /// What the file holds.
    pub content: Content,
    /// Permission bits.
    pub mode: Mode,
    /// Owner.
    pub owner: Owner,
}

/// What a file holds. Serialised it is its length and SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content(pub Bytes);

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use std::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(&self.0) {
            let _ = write!(hex, "{byte:02x}");
        }
        let mut parts = serializer.serialize_struct("Content", 2)?;
        parts.serialize_field("bytes", &self.0.len())?;
        parts.serialize_field("sha256", &hex)?;
        parts.end()
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct User {
    /// Number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
    /// Name of the primary group.
    pub group: AccountName,
    /// Home directory.
    pub home: Text,
    /// The comment field of `/etc/passwd`.
    pub comment: Text,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Group {
    /// Number.
    pub gid: u32,
}

/// Something that the builder makes, since no maintainer script runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// The links of the merged `/usr`: `/bin`, `/lib`, `/lib64` and `/sbin`.
    MergedUsr,
    /// `/etc/passwd` and `/etc/group`.
    Accounts,
    /// `/etc/nsswitch.conf`.
    NameServiceSwitch,
    /// The index of kernel modules and their aliases.
    ModuleIndex,
    /// `/etc/ssl/certs/ca-certificates.crt`, from the certificates of [`Selection::certificates`].
    CertificateBundle,
    /// The table of services that init reads.
    ServiceTable,
    /// The kernel settings that init applies.
    KernelSettings,
}

/// Every product with what it is, for people.
pub const PRODUCTS: [(Product, &str); 7] = [
    (Product::MergedUsr, "/bin, /lib, /lib64, /sbin as links into /usr"),
    (Product::Accounts, "/etc/passwd, /etc/group"),
    (Product::NameServiceSwitch, "/etc/nsswitch.conf"),
    (Product::ModuleIndex, "index of kernel modules and their aliases"),
    (Product::CertificateBundle, "/etc/ssl/certs/ca-certificates.crt"),
    (Product::ServiceTable, "table of services"),
    (Product::KernelSettings, "kernel settings"),
];
