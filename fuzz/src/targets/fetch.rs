//! What registries say to the program that fetches images, and what that program says to its parent.

use corten_fetch::parent::{Event, Session};
use corten_fetch::policy::{Key, Payload, Policy};
use corten_fetch::protocol::{Decoder, DocumentKind, Frame, Header, Proof, encode};
use corten_fetch::{Name, Order, image, policy, registry};
use corten_oci::digest::Digest;

const KEY: &str = include_str!("signer.pem");

/// Frames as the parent reads them, in pieces of the size that the first byte says. The parent takes all layers.
pub fn frames(data: &[u8]) {
    let _ = converse(data);
}

/// How many frames were let through.
fn converse(data: &[u8]) -> usize {
    let Some((size, data)) = data.split_first() else { return 0 };
    let Ok(mut session) = Session::new(&Order::new("registry.test/a:1")) else { return 0 };
    let (mut decoder, mut count) = (Decoder::default(), 0);
    for piece in data.chunks(usize::from(*size).max(1) * 16) {
        decoder.buffer().extend_from_slice(piece);
        while let Ok(Some(frame)) = decoder.frame() {
            let Ok(event) = session.accept(frame) else { return count };
            count += 1;
            if let Event::Choose { layers } = event {
                let layers: Vec<Digest> = layers.iter().map(|layer| layer.digest).collect();
                assert!(session.choose(&layers).is_ok(), "its own layers can't be chosen");
            }
        }
    }
    count
}

/// A pull of an image with one layer.
pub fn frames_seeds() -> Vec<Vec<u8>> {
    let layer = b"layer";
    let config = format!(
        r#"{{"os":"linux","architecture":"amd64","rootfs":{{"type":"layers","diff_ids":["{}"]}}}}"#,
        Digest::of(layer)
    );
    let descriptor = |kind: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":{}}}"#,
            bytes.len()
        )
    };
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{},"layers":[{}]}}"#,
        descriptor("config.v1+json", config.as_bytes()),
        descriptor("layer.v1.tar", layer)
    );
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
        descriptor("manifest.v1+json", manifest.as_bytes())
    );
    let document = |kind, text: &str| Frame {
        header: Header::Document { kind, digest: Digest::of(text.as_bytes()), length: text.len() as u32 },
        bytes: text.as_bytes().to_vec(),
    };
    let bare = |header| Frame { header, bytes: Vec::new() };
    let digest = Digest::of(layer);
    let frames = [
        bare(Header::Resolved {
            digest: Digest::of(index.as_bytes()),
            size: index.len() as u64,
            proof: None,
        }),
        document(DocumentKind::Index, &index),
        document(DocumentKind::Manifest, &manifest),
        document(DocumentKind::Config, &config),
        bare(Header::Choose),
        Frame {
            header: Header::Data { digest, offset: 0, length: layer.len() as u32 },
            bytes: layer.to_vec(),
        },
        bare(Header::Complete { digest }),
        bare(Header::Done),
    ];
    let bytes = frames.iter().flat_map(|frame| [encode(&frame.header), frame.bytes.clone()].concat());
    vec![std::iter::once(7).chain(bytes).collect()]
}

/// What a registry wants to be shown, and the answer of its token service.
pub fn challenge(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        for challenge in registry::parse_challenges(text) {
            let _ = (challenge.is("bearer"), challenge.get("realm"));
        }
        let _ = corten_fetch::http::content_range(text);
        if let Ok(address) = corten_fetch::http::Address::parse("https://registry.test/v2/a/blobs/b")
            && let Ok(next) = address.follow(text)
        {
            assert!(!next.authority().contains('@'), "a user in {next:?}");
        }
    }
    let _ = registry::parse_token(data);
}

pub fn challenge_seeds() -> Vec<Vec<u8>> {
    [
        r#"Bearer realm="https://auth.test/token",service="registry.test",scope="repository:a/b:pull""#,
        r#"Negotiate YQ==, Basic realm="a \"b\"""#,
        "bytes 5-9/10",
        "//store.test:8443/path/to?signature=x",
        r#"{"token":"abc","expires_in":300}"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// What cosign keeps beside an image: the manifest of the signatures, and what is signed.
pub fn signature(data: &[u8]) {
    let Ok(name) = "registry.test/a/b:1".parse::<Name>() else { return };
    let digest = Digest::of(b"image");
    if let Ok(payload) = Payload::read(data) {
        let _ = payload.is_about(&name, digest);
    }
    let _ = image::read_artifact(data);
    let _ = image::read(data, None);
    let _ = std::str::from_utf8(data).map(Key::from_pem);
    if let (Ok(key), Ok(proof)) = (Key::from_pem(KEY), serde_json::from_slice::<Proof>(data)) {
        let passes = policy::verify(&proof, std::slice::from_ref(&key), &name, digest).is_ok();
        assert!(!passes, "nobody has signed this");
        let _ = Policy::Signature(vec![key]).check(&name, digest, Some(&proof));
    }
}

pub fn signature_seeds() -> Vec<Vec<u8>> {
    let digest = Digest::of(b"image");
    let payload = format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"registry.test/a/b"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
    );
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{digest}","size":2}},"layers":[{{"mediaType":"application/vnd.dev.cosign.simplesigning.v1+json","digest":"{digest}","size":9,"annotations":{{"dev.cosignproject.cosign/signature":"MEUC"}}}}]}}"#
    );
    let proof = r#"{"payload":"e30=","signature":"MEUCIQDx"}"#;
    vec![payload.into_bytes(), manifest.into_bytes(), KEY.as_bytes().to_vec(), proof.as_bytes().to_vec()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else mutations would all be refused for the same reason.
    #[test]
    fn seeds_are_what_is_said() {
        assert_eq!(converse(&frames_seeds()[0]), 8, "a whole pull");
        let seeds = signature_seeds();
        assert!(Payload::read(&seeds[0]).is_ok(), "a payload");
        assert!(image::read_artifact(&seeds[1]).is_ok(), "a manifest");
        assert!(Key::from_pem(KEY).is_ok(), "a key");
        assert!(serde_json::from_slice::<Proof>(&seeds[3]).is_ok(), "a proof");
    }
}
