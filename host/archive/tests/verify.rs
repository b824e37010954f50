//! Whose signatures count, on keys and messages that GnuPG made (`tests/keys`, all made on 1 January 2022).

use std::path::{Path, PathBuf};

use corten_archive::verify::clearsign::Message;
use corten_archive::verify::keyring::Keyring;
use jiff::Timestamp;

const NOW: &str = "2026-06-01T00:00:00Z";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(name)
}

fn message(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).expect("a message of the test")
}

fn verify(keyring: &str, message: &[u8], now: &str) -> Result<(), String> {
    let keyring = Keyring::read(&file(keyring)).expect("a keyring of the test");
    let now: Timestamp = now.parse().expect("a time");
    let message = Message::parse(message).map_err(|error| error.to_string())?;
    keyring.verify(&message, now).map_err(|reasons| reasons.join("; "))
}

#[test]
fn signatures_of_keys_and_subkeys_count() {
    assert_eq!(verify("primary.asc", &message("primary.InRelease"), NOW), Ok(()));
    assert_eq!(verify("subkey.asc", &message("subkey.InRelease"), NOW), Ok(()));
}

#[test]
fn of_several_signatures_one_by_a_known_key_is_enough() {
    for keyring in ["primary.asc", "subkey.asc"] {
        assert_eq!(verify(keyring, &message("several.InRelease"), NOW), Ok(()));
    }
}

#[test]
fn keys_count_until_they_expire() {
    for name in ["expired", "expired-subkey"] {
        let (keyring, message) = (format!("{name}.asc"), message(&format!("{name}.InRelease")));
        assert_eq!(verify(&keyring, &message, "2023-12-31T00:00:00Z"), Ok(()), "{name}");
        assert!(verify(&keyring, &message, "2024-01-02T00:00:00Z").is_err(), "{name}");
    }
}

#[test]
fn why_a_signature_does_not_count_is_said() {
    let cases = [
        ("expired.asc", "expired.InRelease"),
        ("expired-subkey.asc", "expired-subkey.InRelease"),
        ("revoked.asc", "revoked.InRelease"),
        ("revoked-subkey.asc", "revoked-subkey.InRelease"),
        ("primary.asc", "subkey.InRelease"),
        ("primary.asc", "sha1.InRelease"),
        ("expired.asc", "several.InRelease"),
    ];
    let reasons: Vec<String> = cases
        .iter()
        .map(|(keyring, name)| {
            let why = verify(keyring, &message(name), NOW).expect_err("it does not count");
            format!("{name} with {keyring}:\n  {}", why.replace("; ", "\n  "))
        })
        .collect();
    insta::assert_snapshot!(reasons.join("\n"));
}

#[test]
fn every_changed_byte_of_the_text_is_noticed() {
    let good = message("primary.InRelease");
    let text = String::from_utf8(good.clone()).expect("text");
    let start = text.find("\n\n").expect("the end of the headers") + 2;
    let end = text.find("-----BEGIN PGP SIGNATURE").expect("the signature");
    for at in start..end {
        let mut changed = good.clone();
        changed[at] ^= 1;
        // White space at the end of a line is not signed, and the last line end is not part of the text.
        let is_signed =
            !matches!(good[at], b' ' | b'\t' | b'\n') || matches!(changed[at], b'!' | b'\x08' | b'\x0b');
        if is_signed {
            assert!(verify("primary.asc", &changed, NOW).is_err(), "byte {at} of {text}");
        }
    }
}

#[test]
fn nothing_but_the_signed_text_is_accepted_around_it() {
    let good = String::from_utf8(message("primary.InRelease")).expect("text");
    let head = "-----BEGIN PGP SIGNED MESSAGE-----";
    let cases = [
        ("a line before", format!("Origin: Evil\n{good}")),
        ("a line after", format!("{good}Origin: Evil\n")),
        ("another message after", format!("{good}{good}")),
        ("a header that is not Hash", good.replacen("Hash: SHA256\n", "Hash: SHA256\nOrigin: Evil\n", 1)),
        ("no signature", good[..good.find("-----BEGIN PGP SIGNATURE").expect("there")].to_owned()),
        ("half a signature", good[..good.len() - 40].to_owned()),
        ("only text", "Origin: Evil\n".to_owned()),
        ("an unescaped hyphen", good.replacen("\n- - a", "\n- a\n-----BEGIN\n- - a", 1)),
        (
            "an empty signature",
            format!("{head}\n\nx\n-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n"),
        ),
    ];
    let reasons: Vec<String> = cases
        .iter()
        .map(|(what, text)| {
            format!("{what}: {}", verify("primary.asc", text.as_bytes(), NOW).expect_err("it is refused"))
        })
        .collect();
    insta::assert_snapshot!(reasons.join("\n"));
}

#[test]
fn line_ends_of_windows_do_not_matter() {
    let text = String::from_utf8(message("primary.InRelease")).expect("text");
    assert_eq!(verify("primary.asc", text.replace('\n', "\r\n").as_bytes(), NOW), Ok(()));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000)) {
        let _ = Message::parse(&bytes);
        let armored = [&b"-----BEGIN PGP SIGNED MESSAGE-----\n\n"[..], &bytes].concat();
        let _ = Message::parse(&armored);
    }
}
