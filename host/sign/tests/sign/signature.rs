//! Signed programs, read by sbverify and by another implementation.

use std::path::Path;

use authenticode::{AttributeCertificateIterator, WIN_CERT_TYPE_PKCS_SIGNED_DATA};
use corten_formats::uki::PeImage;
use corten_sign::{checksum, digest, sign};
use object::read::pe::PeFile64;

use crate::keys::{keys, signer};
use crate::program::{CHECKSUM, program};
use crate::tool;

#[test]
fn the_signature_holds_the_hash_and_one_certificate() {
    for behind in [0, 3] {
        let signed = sign(&program(0x90, behind), &signer()).expect("it can be signed");
        let file = PeFile64::parse(&*signed).expect("a program");
        let entries = AttributeCertificateIterator::new(&file).expect("a table").expect("a signature");
        let entries: Vec<_> = entries.map(|entry| entry.expect("an entry")).collect();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].certificate_type, WIN_CERT_TYPE_PKCS_SIGNED_DATA);
        let signature = entries[0].get_authenticode_signature().expect("a signature");
        assert_eq!(signature.digest(), digest(&signed).expect("a hash").0);
        let certificates: Vec<_> = signature.certificates().collect();
        assert_eq!(certificates.len(), 1);
        assert_eq!(certificates[0].tbs_certificate.subject.to_string(), "CN=tests db");
    }
}

#[test]
fn signing_again_gives_the_same_bytes_and_a_signed_program_is_refused() {
    let program = program(0x90, 0);
    let signed = sign(&program, &signer()).expect("it can be signed");
    assert_eq!(sign(&program, &signer()).expect("it can be signed"), signed);
    insta::assert_snapshot!(
        sign(&signed, &signer()).expect_err("signed already"),
        @"the program has a signature already: sign the unsigned one"
    );
}

#[test]
fn the_table_is_aligned_and_the_checksum_set() {
    let signed = sign(&program(0x90, 3), &signer()).expect("it can be signed");
    let image = PeImage::parse(&signed).expect("a program");
    let table = image.certificates_range().expect("a table");
    assert!(table.start.is_multiple_of(8) && table.len().is_multiple_of(8) && table.end == signed.len());
    let written = u32::from_le_bytes(signed[CHECKSUM..CHECKSUM + 4].try_into().expect("four bytes"));
    assert_eq!(written, checksum(&signed).expect("a checksum"));
    assert_ne!(written, 0);
}

/// The loader and the stub that images are made with, or a program by hand where they are not there.
fn programs() -> Vec<Vec<u8>> {
    let found = tool::find_file(
        "linuxx64.efi.stub",
        &["/usr/lib/systemd/boot/efi/linuxx64.efi.stub", "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"],
    );
    let real = found.and_then(|path| std::fs::read(path).ok());
    real.into_iter().chain([program(0x90, 0), program(0x17, 5)]).collect()
}

#[test]
fn sbverify_accepts_what_we_sign_and_nothing_that_was_changed() {
    if tool::find("sbverify").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let [db, kek, _] = keys();
    let own = tool::file(&folder, "db.crt", db.certificate.as_bytes());
    let other = tool::file(&folder, "other.crt", kek.certificate.as_bytes());
    for program in programs() {
        let signed = sign(&program, &signer()).expect("it can be signed");
        let path = tool::file(&folder, "signed.efi", &signed);
        let verify = |certificate: &Path, path: &Path| {
            let mut sbverify = tool::find("sbverify").expect("it was there");
            tool::try_run(sbverify.arg("--cert").arg(certificate).arg(path))
        };
        let (ok, text) = verify(&own, &path);
        assert!(ok, "{text}");
        let (ok, text) = verify(&other, &path);
        assert!(!ok, "{text}");
        for at in [0x450, program.len() - 1] {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            let path = tool::file(&folder, "changed.efi", &changed);
            let (ok, text) = verify(&own, &path);
            assert!(!ok, "byte {at:#x}: {text}");
        }
    }
}

#[test]
fn osslsigncode_finds_our_hash_in_the_program() {
    let Some(mut osslsigncode) = tool::find_optional("osslsigncode") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let [db, ..] = keys();
    let certificate = tool::file(&folder, "db.crt", db.certificate.as_bytes());
    let signed = sign(&program(0x90, 0), &signer()).expect("it can be signed");
    let path = tool::file(&folder, "signed.efi", &signed);
    let text = tool::run(osslsigncode.arg("verify").arg("-CAfile").arg(certificate).arg("-in").arg(path));
    let hash = digest(&signed).expect("a hash").0;
    let hash = hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
    assert!(text.contains(&hash), "{hash} is not in {text}");
}
