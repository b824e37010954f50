//! The owner of a node under test: an authority of their own, and the documents that make a node theirs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use corten_api::identity::{Address, Authority, Identity};
use corten_api::role::Role;
use corten_api::tls::ServerCheck;
use corten_keys::machine_configuration;
use corten_vm::Document;

/// Days that certificates of tests are valid.
const DAYS: u32 = 30;

/// An owner.
pub struct Owner {
    /// Where their files lie.
    pub folder: PathBuf,
    /// Who says who may do what.
    pub authority: Authority,
    /// What they call nodes with.
    pub admin: Identity,
}

impl Owner {
    /// An owner with new keys, in a folder that is emptied.
    pub fn new(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let authority = Authority::generate(&"owner".parse()?, now(), 2 * DAYS)?;
        let admin = authority.client(&"owner".parse()?, Role::Admin, now(), DAYS)?;
        let owner = Self { folder, authority, admin };
        owner.put("authority.pem", &owner.authority.identity().chain)?;
        owner.put("authority.key", &owner.authority.identity().key)?;
        owner.put("admin.pem", &owner.admin.chain)?;
        owner.put("admin.key", &owner.admin.key)?;
        Ok(owner)
    }

    /// The owner whose files lie in a folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let read = |name: &str| -> Result<Identity> {
            let text = |ending: &str| fs::read_to_string(folder.join(format!("{name}.{ending}")));
            Ok(Identity { chain: text("pem")?, key: text("key")?.into() })
        };
        Ok(Self {
            authority: Authority::read(read("authority")?)?,
            admin: read("admin")?,
            folder: folder.into(),
        })
    }

    /// Writes a file into the folder.
    pub fn put(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.path(name);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A certificate for somebody with a role.
    pub fn client(&self, name: &str, role: Role) -> Result<Identity> {
        Ok(self.authority.client(&name.parse()?, role, now(), DAYS)?)
    }

    /// The table `[api]` by which a node knows its owner and shows itself.
    pub fn api(&self) -> Result<String> {
        let addresses: Vec<Address> = vec!["127.0.0.1".parse()?];
        let node = self.authority.node(&"node".parse()?, &addresses, now(), DAYS)?;
        Ok(machine_configuration(&self.authority, &node).to_string())
    }

    /// A whole configuration: the owner's, with these other tables.
    pub fn configuration(&self, more: &str) -> Result<String> {
        Ok(format!("version = 1\n\n{more}\n\n{}", self.api()?))
    }

    /// That as what QEMU hands over.
    pub fn document(&self, name: &str, more: &str) -> Result<Document> {
        self.text(name, &self.configuration(more)?)
    }

    /// Any text as what QEMU hands over.
    pub fn text(&self, name: &str, text: &str) -> Result<Document> {
        Ok(Document { name: name.into(), path: self.put(name, text)? })
    }

    /// How nodes of theirs are known.
    pub fn check(&self) -> ServerCheck {
        ServerCheck::Authority(self.authority.identity().chain.clone())
    }

    /// Adds a node that listens on a port of this machine to the contexts of the command.
    pub fn register(&self, corten: &mut Command, name: &str, port: u16) -> Result<()> {
        // Of an owner before.
        if self.contexts().exists() {
            fs::remove_file(self.contexts())?;
        }
        corten.args(["node", "--contexts"]).arg(self.contexts());
        corten.args(["add", name, &format!("127.0.0.1:{port}"), "--authority"]);
        corten.arg(self.path("authority.pem")).arg("--certificate").arg(self.path("admin.pem"));
        corten.arg("--key").arg(self.path("admin.key"));
        crate::built::succeeded(corten)?;
        Ok(())
    }

    /// The file of their contexts.
    pub fn contexts(&self) -> PathBuf {
        self.path("contexts.toml")
    }
}

/// Seconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
