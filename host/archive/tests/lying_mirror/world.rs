//! A small archive: packages built here, indexes, a release signed with a key that the test makes.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use corten_archive::archive::{Archive, LockPolicy, Settings};
use corten_archive::event::ignore;
use corten_archive::fetch::{Effort, Network};
use corten_archive::hash::ContentHash;
use corten_archive::lock::Lock;
use corten_archive::mirror::MirrorChoice;
use corten_archive::transport::Timeouts;
use corten_archive::{Class, Error};
use corten_formats::deb::ar;
use pgp::composed::{
    ArmorOptions, CleartextSignedMessage, KeyType, SecretKeyParamsBuilder, SignedPublicKey, SignedSecretKey,
};
use pgp::types::{Password, Timestamp};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::server::Server;

/// The time of all tests.
pub const NOW: &str = "2040-01-15T12:00:00Z";

/// When the release of an untouched world was published.
pub const DATE: &str = "Tue, 10 Jan 2040 10:00:00 UTC";

/// The key of the archive, and one that is not.
pub fn key(seed: u64) -> SignedSecretKey {
    let mut params = SecretKeyParamsBuilder::default();
    params.key_type(KeyType::Ed25519Legacy).can_certify(true).can_sign(true);
    // The fingerprint depends on the time, and messages show it.
    params.created_at(Timestamp::from_secs(1_600_000_000));
    params.primary_user_id("Test <test@example.org>".into());
    params.build().expect("parameters").generate(StdRng::seed_from_u64(seed)).expect("a key")
}

pub fn archive_key() -> &'static SignedSecretKey {
    static KEY: OnceLock<SignedSecretKey> = OnceLock::new();
    KEY.get_or_init(|| key(1))
}

/// Signs a text as an archive does.
pub fn clearsign(text: &str, key: &SignedSecretKey) -> Vec<u8> {
    let signed =
        CleartextSignedMessage::sign(StdRng::seed_from_u64(7), text, &key.primary_key, &Password::empty());
    signed.expect("a signature").to_armored_bytes(ArmorOptions::default()).expect("armor")
}

/// A file of a package: path, type flag, content, link target.
pub type TarFile<'a> = (&'a str, u8, &'a [u8], &'a str);

/// A tar archive with these files.
pub fn tar(files: &[TarFile<'_>]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (path, kind, content, link) in files {
        let mut header = [0_u8; 512];
        header[..path.len()].copy_from_slice(path.as_bytes());
        header[100..107].copy_from_slice(b"0000755");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[148..156].fill(b' ');
        header[156] = *kind;
        header[157..157 + link.len()].copy_from_slice(link.as_bytes());
        header[257..265].copy_from_slice(b"ustar  \0");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive.extend_from_slice(&header);
        archive.extend_from_slice(content);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// A package whose `data.tar` holds these files.
pub fn deb(name: &str, version: &str, files: &[TarFile<'_>]) -> Vec<u8> {
    let control = format!("Package: {name}\nVersion: {version}\nArchitecture: amd64\nDescription: x\n");
    let control = tar(&[("./control", b'0', control.as_bytes(), "")]);
    ar::write(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", &tar(files))])
}

/// An archive that can be changed and is then served anew.
pub struct World {
    pub server: Server,
    folder: tempfile::TempDir,
    pub release_fields: String,
    pub packages: Vec<(String, String, String, Vec<u8>)>,
}

impl World {
    /// Packages `a`, which needs `b`, and `b`, served well.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let public = SignedPublicKey::from(archive_key().clone());
        let armored = public.to_armored_bytes(ArmorOptions::default()).expect("armor");
        std::fs::write(folder.path().join("keyring.asc"), armored).expect("the keyring is written");
        let release_fields =
            format!("Origin: Debian\nSuite: stable\nCodename: test\nDate: {DATE}\nComponents: main\n");
        let mut world = Self { server: Server::start(), folder, release_fields, packages: Vec::new() };
        let noise: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        world.add("a", "1.0-1", "Depends: b (>= 1)\n", &[("./usr/bin/a", b'0', &noise, "")]);
        world.add("b", "1.0-1", "", &[("./usr/lib/b", b'0', b"content of b", "")]);
        world.publish();
        world
    }

    /// Adds or replaces a package.
    pub fn add(&mut self, name: &str, version: &str, fields: &str, files: &[TarFile<'_>]) {
        self.packages.retain(|(known, ..)| known != name);
        let file = deb(name, version, files);
        self.packages.push((name.into(), version.into(), fields.into(), file));
    }

    /// The text of the index of packages.
    pub fn index(&self) -> String {
        let mut index = String::new();
        for (name, version, fields, file) in &self.packages {
            let (size, hash) = (file.len(), ContentHash::of(file));
            write!(
                index,
                "Package: {name}\nVersion: {version}\nArchitecture: amd64\n{fields}Filename: pool/{name}_{version}.deb\n\
                 Size: {size}\nSHA256: {hash}\n\n"
            )
            .expect("memory");
        }
        index
    }

    /// The text of `Release`.
    pub fn release(&self) -> String {
        let index = self.index();
        let (hash, size) = (ContentHash::of(index.as_bytes()), index.len());
        format!("{}SHA256:\n {hash} {size} main/binary-amd64/Packages\n", self.release_fields)
    }

    /// Serves what there is now.
    pub fn publish(&self) {
        for (name, version, _, file) in &self.packages {
            self.server.put(&format!("pool/{name}_{version}.deb"), file.clone());
        }
        self.server.put("dists/test/main/binary-amd64/Packages", self.index().into_bytes());
        self.server.put("dists/test/InRelease", clearsign(&self.release(), archive_key()));
    }

    pub fn settings(&self) -> Settings {
        let now = NOW.parse().expect("a time");
        let mut settings = Settings::new(self.folder.path().join("store"), now, "test", "amd64");
        settings.mirror = MirrorChoice::Given { main: self.server.url(), security: None };
        settings.keyring = Some(self.folder.path().join("keyring.asc"));
        settings.effort = Effort { connections: 2, attempts: 2, pause: Duration::from_millis(1) };
        settings.timeouts = Timeouts { connect: Duration::from_secs(5), stall: Duration::from_secs(1) };
        settings
    }

    pub fn archive(&self) -> Archive {
        Archive::open(self.settings()).expect("the store opens")
    }

    pub fn offline(&self) -> Archive {
        let mut settings = self.settings();
        settings.network = Network::Offline;
        Archive::open(settings).expect("the store opens")
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// A lock for package `a`.
    pub fn lock(&self) -> Result<Lock, Error> {
        self.archive().lock_for(&["a".to_owned()], None, &LockPolicy::Use, &ignore)
    }

    /// Locks and unpacks everything; else class and text of the error.
    pub fn build(&self) -> Result<usize, (Class, String)> {
        let tell = |error: Error| (error.class(), self.server.anonymous(&error.to_string()));
        let lock = self.lock().map_err(tell)?;
        let names: Vec<&str> = lock.packages.iter().map(|package| package.name.as_str()).collect();
        Ok(self.archive().unpack(&lock, &names, &ignore).map_err(tell)?.len())
    }

    /// The text of the error that a build ends with.
    pub fn failure(&self) -> String {
        let (class, text) = self.build().expect_err("the build fails");
        let keyring = self.folder.path().display().to_string();
        format!("{class:?}: {}", text.replace(&keyring, "/folder"))
    }
}
