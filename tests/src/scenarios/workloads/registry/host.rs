//! What the node of the story fetches from: registries on this machine, which it reaches at the address that QEMU gives
//! the machine it runs on.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use corten_api::identity::{Address, Authority};
use corten_oci::digest::Digest;
use serde_json::Value;

use super::debian::Debian;
use super::shelf::{Layers, Shelf};
use super::signature::Signer;
use crate::built::succeeded;
use crate::live::now;
use crate::tool::{run, tool};
use crate::workshop::Workshop;

/// The address at which a machine of QEMU's user network finds the one it runs on.
const ADDRESS: &str = "10.0.2.2";
/// Days that certificates are valid.
const DAYS: u32 = 30;

/// The registries.
pub struct Host {
    /// Debian's, with a login and an authority of its own.
    pub registry: Debian,
    /// The same images, for those that are let in by signature.
    pub signed: Debian,
    /// Has an image under a name that the first one has for another.
    pub mirror: Shelf,
    /// Tells the truth.
    pub plain: Shelf,
    /// Does not.
    pub liar: Shelf,
    /// Digest of the image that the last two have.
    pub digest: String,
    /// Who signs.
    pub signer: Signer,
    authority: Authority,
}

/// What makes and keeps images.
struct Store<'a> {
    workshop: &'a Workshop,
    busybox: PathBuf,
    folder: PathBuf,
}

impl Host {
    /// Makes images and puts them where they are fetched from. Debian's registries do not run yet.
    pub fn new(workshop: &Workshop, busybox: PathBuf) -> Result<Self> {
        let folder = workshop.path("registry");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("authorities"))?;
        let authority = Authority::generate(&"registry".parse()?, now(), 2 * DAYS)?;
        fs::write(folder.join("authorities/ca.crt"), &authority.identity().chain)?;
        let addresses: Vec<Address> = vec![ADDRESS.parse()?, "127.0.0.1".parse()?];
        let shown = authority.node(&"registry".parse()?, &addresses, now(), DAYS)?;
        let (registry, signed) = (Debian::new(&folder, &shown)?, Debian::new(&folder, &shown)?);
        let owner = Signer::new(&folder)?;
        let store = Store { workshop, busybox, folder };
        registry.start()?;
        for name in ["web:1", "web:mirrored", "unsigned:1", "spare:1"] {
            store.push(&registry, &store.pack("own", "the registry")?.0, &format!("team/{name}"))?;
        }
        let (archive, digest) = store.pack("signed", "a signed image")?;
        store.push(&registry, &archive, "team/signed:1")?;
        let repository = format!("{ADDRESS}:{}/team/signed", signed.port);
        let (layout, tag) = owner.sign(&store.folder, &repository, &digest.parse::<Digest>()?)?;
        store.push(&registry, &format!("oci:{}:{tag}", layout.display()), &format!("team/signed:{tag}"))?;
        registry.stop();
        let mirror = store.shelf("mirrored", "the mirror", Layers::True)?.0;
        let (plain, digest) = store.shelf("plain", "a plain registry", Layers::True)?;
        let liar = store.shelf("lie", "a liar", Layers::Changed)?.0;
        Ok(Self { registry, signed, mirror, plain, liar, digest, signer: owner, authority })
    }

    /// Certificate of the authority of both of Debian's, as a text of TOML.
    pub fn authorities(&self) -> String {
        format!("authorities = [\"\"\"\n{}\"\"\"]\n", self.authority.identity().chain)
    }
}

/// `HOST:PORT` as the node has it.
pub fn place(port: u16) -> String {
    format!("{ADDRESS}:{port}")
}

impl Store<'_> {
    /// An image whose containers can tell what it is. Returns what skopeo calls it, and its digest.
    fn pack(&self, name: &str, word: &str) -> Result<(String, String)> {
        let (file, archive) = (self.path(&format!("{name}.txt")), self.path(&format!("{name}.tar")));
        fs::write(&file, word)?;
        let mut pack = self.workshop.corten();
        pack.args(["oci", "pack", "--json", "--base"]).arg(&self.busybox).arg("-o").arg(&archive);
        pack.arg("--add").arg(format!("{}:/etc/word", file.display())).args(["--tag", &format!("{name}:1")]);
        let packed: Value = serde_json::from_slice(&succeeded(&mut pack)?.stdout)?;
        let digest = packed["digest"].as_str().context("it has no digest")?.to_owned();
        Ok((format!("oci-archive:{}", archive.display()), digest))
    }

    fn push(&self, registry: &Debian, from: &str, name: &str) -> Result<()> {
        let mut skopeo = tool("skopeo")?;
        skopeo.args(["--insecure-policy", "copy", "--preserve-digests", "--dest-creds", "user:secret"]);
        skopeo.arg("--dest-cert-dir").arg(self.path("authorities")).arg(from);
        skopeo.arg(format!("docker://127.0.0.1:{}/{name}", registry.port)).env("HOME", &self.folder);
        run(&mut skopeo).map(drop)
    }

    /// A registry of one image, whose tag is its name, and the image's digest.
    fn shelf(&self, name: &str, word: &str, layers: Layers) -> Result<(Shelf, String)> {
        let (archive, digest) = self.pack(name, word)?;
        let layout = self.path(&format!("{name}.layout"));
        let to = format!("oci:{}:{name}", layout.display());
        succeeded(self.workshop.corten().args(["oci", "copy", &archive, &to]))?;
        Ok((Shelf::open(layout, layers)?, digest))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
