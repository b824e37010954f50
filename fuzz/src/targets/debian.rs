//! What the Debian archive serves: packages, indexes, signed releases.

use bytes::Bytes;
use corten_formats::deb::{
    ar as ar_format, control as control_format, package, packages, relation, release, tar as tar_format,
};

const RELEASE: &str = "Origin: Debian\nSuite: stable\nCodename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n\
                       Components: main\nArchitectures: all amd64\nSHA256:\n \
                       e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/binary-amd64/Packages\n";

const PACKAGE: &str = "Package: crun\nVersion: 1.21-1\nArchitecture: amd64\nDepends: libc6 (>= 2.38), a | b:any\n\
                       Filename: pool/main/c/crun/crun_1.21-1_amd64.deb\nSize: 368640\nSHA256: \
                       e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\n";

pub fn ar(data: &[u8]) {
    let _ = ar_format::members(data);
    let _ = package::layout(data);
}

pub fn ar_seeds() -> Vec<Vec<u8>> {
    vec![ar_format::write(&[("debian-binary", b"2.0\n"), ("control.tar.xz", b"x"), ("data.tar.xz", b"y")])]
}

pub fn tar(data: &[u8]) {
    let _ = tar_format::read(&Bytes::copy_from_slice(data), tar_format::Limits::default());
}

/// A directory and a file, as dpkg-deb writes them.
pub fn tar_seeds() -> Vec<Vec<u8>> {
    let mut archive = Vec::new();
    for (name, kind, content) in [("./usr/", b'5', ""), ("./usr/x", b'0', "content")] {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[136..147].copy_from_slice(b"00000000001");
        header[148..156].fill(b' ');
        header[156] = kind;
        header[257..265].copy_from_slice(b"ustar  \0");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        archive.extend_from_slice(&header);
        archive.extend_from_slice(content.as_bytes());
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    vec![archive]
}

pub fn control(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = control_format::Control::parse(&text);
    let _ = relation::parse_relations(&text);
    if let Ok(index) = packages::Packages::parse(data.to_vec()) {
        for name in index.names().take(10) {
            let _ = index.named(name);
            let _ = index.providing(name);
        }
    }
}

pub fn control_seeds() -> Vec<Vec<u8>> {
    vec![PACKAGE.into(), PACKAGE.repeat(2).into(), "libc6 (>= 2.38), a | b:any [amd64]".into()]
}

pub fn inrelease(data: &[u8]) {
    let _ = release::Release::parse(&String::from_utf8_lossy(data));
    if let Ok(message) = corten_archive::verify::clearsign::Message::parse(data) {
        let _ = message.canonical();
        let _ = release::Release::parse(message.text());
    }
}

pub fn inrelease_seeds() -> Vec<Vec<u8>> {
    let signed = format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{RELEASE}-----BEGIN PGP SIGNATURE-----\n\n\
         iHUEABYKAB0WIQQ=\n=AAAA\n-----END PGP SIGNATURE-----\n"
    );
    vec![RELEASE.into(), signed.into()]
}
