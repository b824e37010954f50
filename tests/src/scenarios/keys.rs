//! The commands that make keys, enrol them and sign with them, and what other people's programs say of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use corten_archive::store::place::default_data;
use corten_sign::efi::KeyVariable;
use corten_sign::{FileSigner, KeyFolder};
use libtest_mimic::Trial;

use super::RECIPE;
use crate::built::{Built, succeeded};
use crate::esp::Esp;
use crate::ran::Ran;
use crate::scenario::{Once, Place, When};
use crate::tool::{run, tool};
use crate::workshop::Workshop;

/// Names of the keys and of the recipe that is signed with them, in the owner's folder.
pub const KEYS: &str = "keys";
pub const SIGNED: &str = "signed.toml";

/// An owner with keys, an image that is signed with them, and firmware that knows them; and the keys of others.
pub struct Owner {
    /// The keys.
    pub keys: PathBuf,
    /// Keys of somebody else.
    pub others: PathBuf,
    /// Firmware variables with the owner's keys.
    pub variables: PathBuf,
    /// The disk image.
    pub disk: PathBuf,
    /// Path of the boot image on the ESP.
    pub boot_image: String,
    /// The recipe.
    recipe: PathBuf,
    /// What the build said.
    pub built: Built,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "keys: {}\nbuild: {}", self.keys.display(), self.built)
    }
}

impl Owner {
    /// Where all of it lies.
    pub fn folder(&self) -> Result<&Path> {
        self.recipe.parent().context("the recipe lies in a folder")
    }

    /// Signs as the owner.
    pub fn signer(&self) -> Result<FileSigner> {
        let (folder, db) = (KeyFolder::new(&self.keys), KeyVariable::Database);
        Ok(FileSigner::open(&folder.key(db), &folder.certificate(db))?)
    }
}

/// Adds the cases; what they look at, other scenarios boot.
pub fn add(place: &Place, trials: &mut Vec<Trial>) -> Once<Owner> {
    let owner = Once::new(place, owner);
    owner.add(
        "keys",
        When::Always,
        &[
            ("are_for_their_owner_alone", are_for_their_owner_alone),
            ("are_never_overwritten", are_never_overwritten),
            ("openssl_accepts_the_certificates", openssl_accepts_the_certificates),
            ("virt_fw_vars_reads_the_store", virt_fw_vars_reads_the_store),
            ("sbverify_accepts_loader_and_boot_image", sbverify_accepts_loader_and_boot_image),
            ("pefile_computes_the_checksums_that_are_there", pefile_computes_the_checksums),
            ("the_esp_has_what_enrols_them", the_esp_has_what_enrols_them),
            ("an_unchanged_build_says_so", an_unchanged_build_says_so),
            ("give_the_same_bytes_again", give_the_same_bytes_again),
            ("another_key_is_noticed", another_key_is_noticed),
            ("that_can_not_be_used_are_refused", that_can_not_be_used_are_refused),
            ("firmware_that_can_not_get_them_is_named", firmware_that_can_not_get_them_is_named),
        ],
        trials,
    );
    owner
}

/// Makes keys and an image, by the commands that a person uses.
fn owner(workshop: &Workshop) -> Result<Owner> {
    // The lock of the recipe that is extended: nothing is resolved here.
    workshop.image(RECIPE)?;
    let folder = workshop.path("secure-boot");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let [keys, others, variables, recipe] =
        [KEYS, "others", "variables.fd", SIGNED].map(|name| folder.join(name));
    for keys in [&keys, &others] {
        succeeded(workshop.corten().args(["secure-boot", "keys"]).arg(keys))?;
    }
    succeeded(workshop.corten().args(["secure-boot", "enrol"]).arg(&keys).arg("--vars").arg(&variables))?;
    let locks = default_data(&|name: &str| std::env::var(name).ok())?.join("locks");
    fs::copy(locks.join(format!("{RECIPE}.lock")), folder.join("corten.lock"))?;
    let text = format!(
        "name = \"signed\"\nversion = \"1\"\nextends = \"{RECIPE}\"\n\
         [secure-boot]\nkey = \"keys/db.key\"\ncert = \"keys/db.pem\"\nenrol = \"keys\"\n"
    );
    fs::write(&recipe, text)?;
    let built = build(workshop, &recipe, &folder.join("out"), &[])?;
    let boot_image = built.artifact("uki")?;
    let name = boot_image.file_name().context("a file has a name")?.to_string_lossy().into_owned();
    Ok(Owner {
        keys,
        others,
        variables,
        disk: built.artifact("raw")?,
        boot_image: format!("EFI/Linux/{name}"),
        recipe,
        built,
    })
}

fn build(workshop: &Workshop, recipe: &Path, output: &Path, more: &[&str]) -> Result<Built> {
    Built::run(workshop.corten(), recipe, output, (&["raw", "uki"], more))
}

fn are_for_their_owner_alone(_: &Workshop, owner: &Owner) -> Result<()> {
    for name in ["PK", "KEK", "db"] {
        let mode = fs::metadata(owner.keys.join(format!("{name}.key")))?.permissions().mode() & 0o7777;
        ensure!(mode == 0o600, "{name}.key has mode {mode:o}");
    }
    Ok(())
}

fn are_never_overwritten(workshop: &Workshop, owner: &Owner) -> Result<()> {
    let key = owner.keys.join("db.key");
    let before = fs::read(&key)?;
    let again = workshop.corten().args(["secure-boot", "keys"]).arg(&owner.keys).output()?;
    ensure!(again.status.code() == Some(10), "{}", again.status);
    ensure!(fs::read(&key)? == before, "the key is another one");
    Ok(())
}

fn openssl_accepts_the_certificates(_: &Workshop, owner: &Owner) -> Result<()> {
    for name in ["PK", "KEK", "db"] {
        let certificate = owner.keys.join(format!("{name}.pem"));
        run(tool("openssl")?.args(["verify", "-CAfile"]).args([&certificate, &certificate]))?;
    }
    Ok(())
}

fn virt_fw_vars_reads_the_store(_: &Workshop, owner: &Owner) -> Result<()> {
    let said = run(tool("virt-fw-vars")?.arg("-p").arg("-i").arg(&owner.variables))?;
    for (name, value) in
        [("PK", "blob"), ("KEK", "blob"), ("db", "blob"), ("SecureBootEnable", "ON"), ("CustomMode", "off")]
    {
        let line = said.lines().find(|line| line.split(':').next().is_some_and(|first| first.trim() == name));
        ensure!(line.is_some_and(|line| line.contains(value)), "{name} is not {value}: {said}");
    }
    Ok(())
}

/// The programs on the ESP, with a copy of each outside of it.
fn programs(owner: &Owner) -> Result<Vec<(&str, PathBuf)>> {
    let esp = Esp::open(&owner.disk)?;
    let paths = ["EFI/BOOT/BOOTX64.EFI", "EFI/systemd/systemd-bootx64.efi", &owner.boot_image];
    let copies = paths.into_iter().enumerate().map(|(number, path)| {
        let copy = owner.keys.with_file_name(format!("program-{number}.efi"));
        fs::write(&copy, esp.read(path)?)?;
        Ok((path, copy))
    });
    copies.collect()
}

fn sbverify_accepts_loader_and_boot_image(_: &Workshop, owner: &Owner) -> Result<()> {
    for (path, copy) in programs(owner)? {
        let verify = |keys: &Path| run(tool("sbverify")?.arg("--cert").arg(keys.join("db.pem")).arg(&copy));
        verify(&owner.keys).with_context(|| path.to_owned())?;
        ensure!(verify(&owner.others).is_err(), "{path}: sbverify accepts another certificate as well");
    }
    let on_esp = Esp::open(&owner.disk)?.read(&owner.boot_image)?;
    ensure!(on_esp == fs::read(owner.built.artifact("uki")?)?, "two boot images");
    Ok(())
}

fn pefile_computes_the_checksums(_: &Workshop, owner: &Owner) -> Result<()> {
    const SCRIPT: &str = "import pefile, sys; pe = pefile.PE(sys.argv[1], fast_load=True); \
                          print(pe.OPTIONAL_HEADER.CheckSum, pe.generate_checksum())";
    for (path, copy) in programs(owner)? {
        let said = run(tool("python3")?.args(["-c", SCRIPT]).arg(copy))?;
        let numbers = said.split_whitespace().collect::<Vec<_>>();
        ensure!(
            matches!(numbers[..], [there, computed] if there == computed && there != "0"),
            "{path}: {said}"
        );
    }
    Ok(())
}

fn the_esp_has_what_enrols_them(_: &Workshop, owner: &Owner) -> Result<()> {
    let esp = Esp::open(&owner.disk)?;
    for name in ["PK.auth", "KEK.auth", "db.auth"] {
        let there = esp.read(&format!("loader/keys/auto/{name}"))?;
        ensure!(there == fs::read(owner.keys.join(name))?, "{name} is another one");
    }
    Ok(())
}

fn an_unchanged_build_says_so(workshop: &Workshop, owner: &Owner) -> Result<()> {
    let again = build(workshop, &owner.recipe, &owner.keys.with_file_name("out"), &[])?;
    ensure!(again.0["unchanged"] == true, "unchanged is {}", again.0["unchanged"]);
    Ok(())
}

fn give_the_same_bytes_again(workshop: &Workshop, owner: &Owner) -> Result<()> {
    let folder = owner.keys.with_file_name("again");
    let again = build(workshop, &owner.recipe, &folder, &["--fresh"])?;
    fs::remove_dir_all(folder)?;
    ensure!(again.hashes()? == owner.built.hashes()?, "{again}");
    Ok(())
}

fn another_key_is_noticed(workshop: &Workshop, owner: &Owner) -> Result<()> {
    let folder = owner.keys.with_file_name("other");
    build(workshop, &owner.recipe, &folder, &[])?;
    let [key, certificate] = ["db.key", "db.pem"].map(|name| owner.others.join(name).display().to_string());
    let more = ["--secure-boot-key", &key, "--secure-boot-cert", &certificate];
    let other = build(workshop, &owner.recipe, &folder, &more)?;
    ensure!(other.0["unchanged"] == false, "the build takes what is signed with another key for its own");
    let boot_image = other.artifact("uki")?;
    run(tool("sbverify")?.arg("--cert").arg(&certificate).arg(&boot_image))?;
    fs::remove_dir_all(folder)?;
    Ok(())
}

fn that_can_not_be_used_are_refused(workshop: &Workshop, owner: &Owner) -> Result<()> {
    let file = |folder: &Path, name: &str| folder.join(name).display().to_string();
    let (own, others) = (&owner.keys, &owner.others);
    let fresh = owner.keys.with_file_name("refused");
    for (key, certificate, text) in [
        (file(own, "none.key"), file(own, "db.pem"), "No such file"),
        (file(own, "db.pem"), file(own, "db.pem"), "not an RSA key"),
        (file(own, "db.key"), file(others, "db.pem"), "is not that of certificate"),
        (file(own, "db.key"), file(own, "db.key"), "not a certificate"),
    ] {
        let mut command = workshop.corten();
        command.arg("build").arg(&owner.recipe).arg("-o").arg(&fresh);
        let out = command.args(["--secure-boot-key", &key, "--secure-boot-cert", &certificate]).output()?;
        let said = String::from_utf8_lossy(&out.stderr);
        ensure!(out.status.code() == Some(10) && said.contains(text), "{}: {said}", out.status);
    }
    // What firmware with these keys would refuse is not built.
    let mut command = workshop.corten();
    command.arg("build").arg(&owner.recipe).arg("-o").arg(&fresh).arg("--secure-boot-enrol").arg(others);
    let out = command
        .args(["--secure-boot-key", &file(own, "db.key"), "--secure-boot-cert", &file(own, "db.pem")])
        .output()?;
    let said = String::from_utf8_lossy(&out.stderr);
    ensure!(
        out.status.code() == Some(10) && said.contains("db.auth lacks the certificate"),
        "{}: {said}",
        out.status
    );
    Ok(())
}

fn firmware_that_can_not_get_them_is_named(workshop: &Workshop, owner: &Owner) -> Result<()> {
    let enrol = |keys: &Path, variables: &Path, text: &str| {
        let mut corten = workshop.corten();
        let ran = Ran::new(corten.args(["secure-boot", "enrol"]).arg(keys).arg("--vars").arg(variables))?;
        ran.exits_with(10)?;
        ensure!(ran.said().contains(text), "{text:?} is not in {}", ran.said());
        Ok(())
    };
    enrol(&owner.keys, Path::new("/no/such/variables.fd"), "/no/such/variables.fd: ")?;
    enrol(&owner.keys, &owner.recipe, "signed.toml: not a store of firmware variables")?;
    let broken = owner.folder()?.join("broken");
    fs::create_dir(&broken)?;
    for name in ["PK.esl", "KEK.esl", "db.esl"] {
        fs::copy(owner.keys.join(name), broken.join(name))?;
    }
    fs::write(broken.join("KEK.esl"), "no list of signatures, though it is long enough for one")?;
    let fresh = owner.folder()?.join("fresh.fd");
    enrol(&broken, &fresh, "broken/KEK.esl: signature list at byte 0")?;
    ensure!(!fresh.exists(), "variables were written all the same");
    // A kept machine is not given other keys than it has.
    let kept = owner.folder()?.join("kept");
    fs::create_dir(&kept)?;
    fs::copy(&owner.variables, kept.join("variables.fd"))?;
    let mut corten = workshop.corten();
    corten.arg("run").arg(&owner.disk).arg("--secure-boot").arg(&owner.others).arg("--keep").arg(&kept);
    let ran = Ran::new(&mut corten)?;
    fs::remove_dir_all(&kept)?;
    ran.exits_with(10)?;
    ensure!(ran.said().contains("its firmware knows other keys"), "{}", ran.said());
    Ok(())
}
