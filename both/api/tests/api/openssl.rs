//! OpenSSL, which everybody else uses, takes the certificates for what they are, and for nothing else.

use std::path::{Path, PathBuf};

use corten_api::identity::Identity;

use crate::handshake::{admin, authority, name, now};
use crate::tool;

fn write(folder: &Path, file: &str, identity: &Identity) -> PathBuf {
    let path = folder.join(file);
    std::fs::write(&path, &identity.chain).expect("the folder is writable");
    path
}

#[test]
fn openssl_takes_each_certificate_for_its_purpose_alone() {
    let Some(mut fingerprint) = tool::find("openssl") else { return };
    let authority = authority();
    let addresses = ["192.0.2.1".parse().expect("an address"), "node-1.example".parse().expect("a name")];
    let node = authority.node(&name("node-1"), &addresses, now(), 10).expect("a node");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let root = write(folder, "authority.pem", authority.identity());
    let client = write(folder, "client.pem", &admin(&authority));
    let node = write(folder, "node.pem", &node);

    let verify = |arguments: &[&str], file: &Path| {
        let mut command = tool::find("openssl").expect("it was there");
        command.args(["verify", "-x509_strict", "-check_ss_sig", "-CAfile"]);
        tool::try_run(command.arg(&root).args(arguments).arg(file))
    };
    let good = |arguments: &[&str], file: &Path| {
        let (ok, text) = verify(arguments, file);
        assert!(ok, "{arguments:?} {}: {text}", file.display());
    };
    let bad = |arguments: &[&str], file: &Path| {
        let (ok, text) = verify(arguments, file);
        assert!(!ok, "{arguments:?} {}: {text}", file.display());
    };
    good(&[], &root);
    good(&["-purpose", "sslclient"], &client);
    bad(&["-purpose", "sslserver"], &client);
    good(&["-purpose", "sslserver", "-verify_ip", "192.0.2.1"], &node);
    good(&["-purpose", "sslserver", "-verify_hostname", "node-1.example"], &node);
    bad(&["-purpose", "sslserver", "-verify_hostname", "node-2.example"], &node);
    bad(&["-purpose", "sslclient"], &node);

    fingerprint.args(["x509", "-noout", "-subject", "-fingerprint", "-sha256", "-in"]);
    let text = tool::run(fingerprint.arg(&client));
    assert!(text.contains("ada") && text.contains("corten:admin"), "{text}");
    let shown = text.lines().find_map(|line| line.split_once("Fingerprint=")).expect("a fingerprint").1;
    let certificate = std::fs::read_to_string(&client).expect("it is there");
    let der = corten_api::identity::certificates(&certificate).expect("PEM").swap_remove(0);
    assert_eq!(shown.parse(), Ok(corten_api::identity::Fingerprint::of(&der)));
}
