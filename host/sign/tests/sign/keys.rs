//! Keys that tests share, and what is said about keys that can't be used.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use corten_sign::keys::{NewKey, generate};
use corten_sign::{Certificate, Exposed, FileSigner, Signer as _};

use crate::tool;

/// A set of keys that is made once.
pub fn keys() -> &'static [NewKey; 3] {
    static KEYS: OnceLock<[NewKey; 3]> = OnceLock::new();
    KEYS.get_or_init(|| generate("tests", now()).expect("keys can be made"))
}

pub fn now() -> jiff::Timestamp {
    "2026-11-24T00:00:00Z".parse().expect("a time")
}

/// The key for images.
pub fn signer() -> FileSigner {
    let [db, ..] = keys();
    FileSigner::from_pem(db.key.as_bytes(), Certificate::parse(&db.der).expect("it reads")).expect("they fit")
}

fn openssl(arguments: &[&str], folder: &tempfile::TempDir) -> bool {
    let Some(mut openssl) = tool::find("openssl") else { return false };
    // What the host has configured has no say.
    let settings = tool::file(folder, "openssl.cnf", b"[req]\ndistinguished_name = name\n[name]\n");
    tool::run(openssl.args(arguments).env("OPENSSL_CONF", settings).current_dir(folder.path()));
    true
}

fn open(folder: &tempfile::TempDir, key: &str, certificate: &str) -> Result<FileSigner, String> {
    let path = |name: &str| folder.path().join(name);
    FileSigner::open(&path(key), &path(certificate))
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let [db, kek, _] = keys();
    tool::file(&folder, "db.key", db.key.as_bytes());
    tool::file(&folder, "db.crt", db.certificate.as_bytes());
    tool::file(&folder, "db.der", &db.der);
    tool::file(&folder, "KEK.crt", kek.certificate.as_bytes());
    folder
}

#[test]
fn certificates_are_read_in_pem_and_der() {
    let folder = folder();
    let [one, two] = ["db.crt", "db.der"].map(|name| open(&folder, "db.key", name).expect("it is usable"));
    assert_eq!(one.certificate(), two.certificate());
    assert_eq!(one.certificate().subject(), "CN=tests db");
    assert_eq!(one.sign(b"message").expect("it signs"), two.sign(b"message").expect("it signs"));
}

#[test]
fn keys_are_read_in_both_forms_of_pem() {
    let folder = folder();
    if !openssl(&["rsa", "-in", "db.key", "-traditional", "-out", "pkcs1.key"], &folder) {
        return;
    }
    let text = fs::read_to_string(folder.path().join("pkcs1.key")).expect("openssl wrote it");
    assert!(text.starts_with("-----BEGIN RSA PRIVATE KEY"), "{text}");
    open(&folder, "pkcs1.key", "db.crt").expect("it is usable");
}

#[test]
fn a_key_that_can_not_be_used_is_refused_with_the_reason() {
    let folder = folder();
    let made = [
        &["pkcs8", "-topk8", "-in", "db.key", "-passout", "pass:x", "-out", "encrypted.key"][..],
        &["rsa", "-in", "db.key", "-traditional", "-aes128", "-passout", "pass:x", "-out", "old.key"],
        &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.key"],
        &["pkcs8", "-topk8", "-nocrypt", "-in", "ec.key", "-out", "ec8.key"],
        &["genrsa", "-out", "short.key", "1024"],
        &["req", "-new", "-x509", "-key", "short.key", "-subj", "/CN=short", "-out", "short.crt"],
        &["req", "-new", "-x509", "-key", "ec.key", "-subj", "/CN=ec", "-out", "ec.crt"],
    ];
    for arguments in made {
        if !openssl(arguments, &folder) {
            return;
        }
    }
    let cases: [(&str, &str); 10] = [
        ("encrypted.key", "db.crt"),
        ("old.key", "db.crt"),
        ("ec.key", "db.crt"),
        ("ec8.key", "db.crt"),
        ("short.key", "db.crt"),
        ("short.key", "short.crt"),
        ("db.key", "ec.crt"),
        ("db.key", "KEK.crt"),
        ("db.crt", "db.crt"),
        ("missing.key", "db.crt"),
    ];
    let mut text = String::new();
    for (key, certificate) in cases {
        let error = open(&folder, key, certificate).err().expect("it is not usable");
        text.push_str(&error);
        text.push('\n');
    }
    insta::assert_snapshot!(text, @r"
    encrypted.key: the key is encrypted; expected one without a passphrase, protected by the file's mode
    old.key: the key is encrypted; expected one without a passphrase, protected by the file's mode
    ec.key: not an RSA key; expected a private key in PEM, PKCS #8 or PKCS #1
    ec8.key: not an RSA key; expected a private key in PEM, PKCS #8 or PKCS #1
    short.key: the RSA key is too short; expected 2048 bits or more
    short.crt: the certificate is for an RSA key of 1024 bits: 2048 at least, 8192 at most
    ec.crt: the certificate is for a key of algorithm 1.2.840.10045.2.1: firmware verifies RSA alone
    db.key: the key is not that of certificate KEK.crt
    db.crt: not an RSA key; expected a private key in PEM, PKCS #8 or PKCS #1
    missing.key: No such file or directory (os error 2)
    ");
}

#[test]
fn a_certificate_that_has_expired_by_the_time_of_the_build_is_refused() {
    let [db, ..] = keys();
    let certificate = Certificate::parse(&db.der).expect("it reads");
    assert_eq!(certificate.check_validity(1_800_000_000), Ok(()));
    let error = certificate.check_validity(2_500_000_000).expect_err("it has expired");
    insta::assert_snapshot!(
        error,
        @"the certificate was valid until 2041-12-31T00:00:00Z, the build is of 2049-03-22T04:26:40Z: make a new one"
    );
}

#[test]
fn a_key_that_everybody_can_read_is_noticed() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let key: PathBuf = folder.path().join("db.key");
    for (mode, exposed) in [(0o600, Exposed::No), (0o640, Exposed::No), (0o644, Exposed::ToAll(0o644))] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("it is ours");
        assert_eq!(open(&folder, "db.key", "db.crt").expect("it is usable").exposed(), exposed);
    }
}

#[test]
fn certificates_are_what_openssl_takes_for_self_signed() {
    let folder = folder();
    let Some(mut openssl) = tool::find("openssl") else { return };
    let command: &mut Command = openssl.args(["verify", "-check_ss_sig", "-CAfile", "db.crt", "db.crt"]);
    let text = tool::run(command.current_dir(folder.path()));
    assert!(text.contains("db.crt: OK"), "{text}");
}
