//! `corten keys issue` and `corten keys node`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use corten_api::identity::{Authority, Certificate, Client, Identity, Kind, certificates};
use corten_api::role::Role;
use corten_api::tls::{self, ServerCheck, Trust, check_client};
use corten_keys::{KeyFolder, KeysError, machine_configuration, read_certificates};
use tempfile::TempDir;

use crate::{all, mode, name, then};

/// A folder with an authority alone: keys that sign images take seconds.
fn folder() -> (TempDir, KeyFolder) {
    let place = tempfile::tempdir().expect("a folder");
    let folder = KeyFolder::new(place.path());
    let authority = Authority::generate(&name("acme"), then().as_second(), 1_000).expect("an authority");
    folder.authority_files().write(authority.identity()).expect("it is written");
    (place, folder)
}

#[test]
fn a_certificate_lies_beside_its_key() {
    let (place, folder) = folder();
    let output = place.path().join("out");
    let files = folder.issue((&name("Ada L."), Role::Operator), then(), 7, &output).expect("it is issued");
    assert_eq!(files.key, output.join("Ada L..key"));
    assert_eq!((mode(&output), mode(&files.key), mode(&files.certificate)), (0o700, 0o600, 0o644));

    let identity = files.read().expect("it is read");
    identity.check().expect("key and certificate are of one");
    let trusted = [folder.authority().expect("it is read").identity().chain.clone()];
    let client = check_client(&identity.chain, &trusted, then().as_second()).expect("it is let in");
    assert_eq!((client.name.as_str(), client.role), ("Ada L.", Role::Operator));
    assert_eq!(read_certificates(&files.certificate).expect("it is read")[0].fingerprint, client.fingerprint);
}

#[test]
fn no_file_is_overwritten_and_none_is_written_by_halves() {
    let (place, folder) = folder();
    let output = place.path().join("out");
    for there in ["ada.key", "ada.pem"] {
        fs::create_dir_all(&output).expect("a folder");
        fs::write(output.join(there), "mine").expect("it is written");
        let why = folder.issue((&name("ada"), Role::Reader), then(), 7, &output).expect_err("it is refused");
        assert!(matches!(&why, KeysError::Exists(path) if *path == output.join(there)), "{why}");
        assert_eq!(all(&output), [output.join(there)]);
        fs::remove_dir_all(&output).expect("it is removed");
    }
    // The folder itself is where the authority lies.
    let why = folder.issue((&name("authority"), Role::Reader), then(), 7, place.path()).expect_err("refused");
    assert!(matches!(why, KeysError::Exists(_)), "{why}");
    for text in ["../ada", "a/b", ".ada", ".."] {
        let why = folder.issue((&name(text), Role::Reader), then(), 7, &output).expect_err("it is refused");
        assert!(matches!(why, KeysError::FileName(_)), "{why}");
    }
    assert!(!output.exists());
}

#[test]
fn an_authority_that_others_can_use_is_not_used() {
    let (_place, folder) = folder();
    let key = folder.authority_files().key;
    for (mode, fine) in
        [(0o600, true), (0o400, true), (0o640, true), (0o644, false), (0o620, false), (0o604, false)]
    {
        fs::set_permissions(&key, Permissions::from_mode(mode)).expect("it is ours");
        match folder.authority() {
            Ok(_) => assert!(fine, "{mode:o}"),
            Err(KeysError::Exposed { path, mode: found }) => {
                assert_eq!((fine, path, found), (false, key.clone(), mode));
            }
            Err(other) => panic!("{mode:o}: {other}"),
        }
    }
}

#[test]
fn errors_name_the_file() {
    let (place, folder) = folder();
    let missing = place.path().join("nowhere");
    let mut texts = vec![KeyFolder::new(&missing).authority().expect_err("it is not there").to_string()];
    fs::write(place.path().join("text"), "hello").expect("it is written");
    texts.push(read_certificates(&place.path().join("text")).expect_err("no certificate").to_string());
    texts.push(read_certificates(place.path()).expect_err("a folder").to_string());
    fs::write(place.path().join("large"), vec![b' '; 300 << 10]).expect("it is written");
    texts.push(read_certificates(&place.path().join("large")).expect_err("large").to_string());
    let admin = folder.authority().expect("it is read");
    let admin = admin.client(&name("ada"), Role::Admin, then().as_second(), 1).expect("a client");
    let other = KeyFolder::new(&place.path().join("other"));
    fs::create_dir(place.path().join("other")).expect("a folder");
    other.authority_files().write(&admin).expect("it is written");
    texts.push(other.authority().expect_err("a client").to_string());
    let texts = texts.join("\n").replace(&place.path().display().to_string(), "KEYS");
    insta::assert_snapshot!(texts, @r#"
    KEYS/nowhere/authority.pem: No such file or directory (os error 2)
    KEYS/text: no certificate in it; expected -----BEGIN CERTIFICATE-----
    KEYS: not a regular file
    KEYS/large: larger than 262144 bytes
    KEYS/other/authority.pem: the certificate of "ada" is not an authority's
    "#);
}

#[test]
fn a_machine_configuration_is_toml_that_a_node_can_serve_with() {
    let (_place, folder) = folder();
    let addresses = ["192.0.2.1".parse().expect("an address"), "node-1.example".parse().expect("a name")];
    let (authority, node) = folder.node(&name("node-1"), &addresses, then(), None).expect("it is issued");
    let text = machine_configuration(&authority, &node);
    let table: toml::Table = text.parse().expect("it is TOML");
    let api = &table["api"];
    let string = |value: &toml::Value| value.as_str().expect("a string").to_owned();
    let trusted = vec![string(&api["trusted"][0])];
    let shown = Identity { chain: string(&api["certificate"]), key: string(&api["key"]).into() };
    assert_eq!((&trusted[0], &shown), (&authority.identity().chain, &node));
    // Without days it lasts as long as the authority.
    let certificate = shown.check().expect("key and certificate are of one");
    assert_eq!((certificate.kind, certificate.not_after), (Kind::Node, authority.certificate().not_after));
    tls::server(&shown, &Trust::Clients { authorities: trusted.clone(), revoked: vec![] })
        .expect("it serves");
    tls::client(None, &ServerCheck::Authority(trusted[0].clone())).expect("it is called");

    let der = &certificates(&shown.chain).expect("PEM")[0];
    assert!(Client::read(der).is_err());
    assert!(Certificate::read_node(der).is_ok());
}

#[test]
fn what_other_tools_write_around_pem_does_not_get_into_a_configuration() {
    let (_place, folder) = folder();
    let chain = folder.authority().expect("it is read").identity().chain.clone();
    let files = folder.authority_files();
    fs::write(&files.certificate, format!("subject = '''acme\r\n{}\nend", chain.replace('\n', "\r\n")))
        .expect("it is written");
    let (authority, node) = folder.node(&name("node-1"), &[], then(), None).expect("it is issued");
    let table: toml::Table = machine_configuration(&authority, &node).parse().expect("it is TOML");
    assert_eq!(table["api"]["trusted"][0].as_str(), Some(chain.as_str()));
}

#[test]
fn an_authority_that_has_ended_issues_nothing() {
    let (place, folder) = folder();
    let late = then() + jiff::Span::new().hours(24 * 1_001);
    let why = folder.node(&name("node-1"), &[], late, None).expect_err("it has ended");
    assert_eq!(why.to_string(), "the authority \"acme\" has ended, or ends within a day: make another one");
    assert!(folder.issue((&name("ada"), Role::Reader), late, 1, place.path()).is_err());
}
