//! Policies: digests, and signatures as cosign makes them.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corten_config::settings::Verification;
use corten_fetch::protocol::{Frame, Header, Proof};
use corten_fetch::{Class, Order};
use corten_oci::digest::Digest;
use corten_oci::manifest::{Descriptor, Manifest};
use corten_oci::{json, media};

use crate::image::{Image, REPOSITORY, Store, image};
use crate::pull::{order, pull, with_mirrors};
use crate::server::Server;

/// Somebody who signs.
struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key"))
    }

    fn key(&self) -> String {
        pem(&self.0.public_key().as_der().expect("a key"))
    }

    fn sign(&self, payload: &[u8]) -> String {
        STANDARD.encode(self.0.sign(&SystemRandom::new(), payload).expect("a signature").as_ref())
    }
}

fn pem(key: &PublicKeyX509Der<'_>) -> String {
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(key.as_ref()))
}

fn payload(repository: &str, digest: Digest) -> Vec<u8> {
    format!(
        r#"{{"critical":{{"identity":{{"docker-reference":"{repository}"}},"image":{{"docker-manifest-digest":"{digest}"}},"type":"cosign container image signature"}},"optional":null}}"#
    )
    .into_bytes()
}

/// Puts signatures where cosign puts them.
fn attach(store: &mut Store, digest: Digest, signatures: &[(Vec<u8>, String)]) {
    let layers = signatures.iter().map(|(payload, signature)| {
        let mut layer = Descriptor::new(
            "application/vnd.dev.cosign.simplesigning.v1+json",
            store.blob(payload),
            payload.len() as u64,
        );
        layer.annotations.insert("dev.cosignproject.cosign/signature".into(), signature.clone());
        layer
    });
    let layers = layers.collect();
    let config = store.blob(b"{}");
    let manifest = json::write(&Manifest::new(Descriptor::new(media::CONFIG, config, 2), layers));
    store.manifest(&[&format!("sha256-{}.sig", digest.hex())], media::MANIFEST, &manifest);
}

/// A registry that is started before what it has is signed, since its own name is part of what is signed.
fn signed(image: &Image, sign: impl FnOnce(&mut Store, &str)) -> (Server, Order) {
    let shared = std::sync::Arc::new(std::sync::Mutex::new(image.store.clone()));
    let store = std::sync::Arc::clone(&shared);
    let server = Server::start(move |asked| store.lock().expect("no panic").answer(asked));
    sign(&mut shared.lock().expect("no panic"), &format!("{}/{REPOSITORY}", server.authority()));
    let order = order(&server);
    (server, order)
}

fn verdict(mut order: Order, keys: &[&Signer]) -> (Option<Class>, String) {
    order.registry.verify =
        Verification::Signature { keys: keys.iter().map(|signer| signer.key()).collect() };
    let pulled = pull(&order);
    assert!(
        pulled.failure.is_none() || pulled.documents.is_empty(),
        "nothing is handed over before it is verified"
    );
    (pulled.class(), pulled.message().to_owned())
}

#[test]
fn an_image_that_is_signed_runs() {
    let image = image(&[1000]);
    let (ours, other) = (Signer::new(), Signer::new());
    let (_server, order) = signed(&image, |store, repository| {
        let payload = payload(repository, image.digest);
        attach(
            store,
            image.digest,
            &[(payload.clone(), other.sign(&payload)), (payload.clone(), ours.sign(&payload))],
        );
    });
    assert_eq!(verdict(order.clone(), &[&ours]), (None, String::new()));
    assert_eq!(verdict(order, &[&Signer::new(), &ours]), (None, String::new()));
}

#[test]
fn other_signatures_do_not_count() {
    let image = image(&[1000]);
    let ours = Signer::new();
    let refused = |why: &str, sign: &dyn Fn(&mut Store, &str)| {
        let (_server, order) = signed(&image, sign);
        let (class, message) = verdict(order, &[&ours]);
        assert_eq!(class, Some(Class::RefusedByPolicy), "{message}");
        assert!(message.contains(why), "{message}");
    };
    refused("it has no signature", &|_, _| {});
    refused("it has no signature", &|store, _| attach(store, image.digest, &[]));
    refused("not by one of the keys", &|store, repository| {
        let payload = payload(repository, image.digest);
        attach(store, image.digest, &[(payload.clone(), Signer::new().sign(&payload))]);
    });
    refused("is another image", &|store, repository| {
        let payload = payload(repository, image.manifest);
        attach(store, image.digest, &[(payload.clone(), ours.sign(&payload))]);
    });
    refused("is for another repository", &|store, _| {
        let payload = payload("other.test/team/web", image.digest);
        attach(store, image.digest, &[(payload.clone(), ours.sign(&payload))]);
    });
    refused("is not base64", &|store, repository| {
        attach(store, image.digest, &[(payload(repository, image.digest), "no!".into())]);
    });
    refused("is not cosign's payload", &|store, _| {
        attach(store, image.digest, &[(b"text".to_vec(), ours.sign(b"text"))]);
    });
    // The signature is of these bytes, and others are given.
    refused("not by one of the keys", &|store, repository| {
        let payload = payload(repository, image.digest);
        attach(store, image.digest, &[([payload.as_slice(), b" "].concat(), ours.sign(&payload))]);
    });
}

#[test]
fn a_mirror_without_the_signature_is_passed_over() {
    let image = image(&[1000]);
    let ours = Signer::new();
    let (own, _) = signed(&image, |store, repository| {
        let payload = payload(repository, image.digest);
        attach(store, image.digest, &[(payload.clone(), ours.sign(&payload))]);
    });
    let store = image.store.clone();
    let mirror = Server::start(move |asked| store.answer(asked));
    assert_eq!(verdict(with_mirrors(&own, &[&mirror]), &[&ours]), (None, String::new()));
}

#[test]
fn keys_of_other_kinds_sign_too() {
    let image = image(&[10]);
    let pair = Ed25519KeyPair::generate().expect("a key");
    let (_server, mut order) = signed(&image, |store, repository| {
        let payload = payload(repository, image.digest);
        let signature = STANDARD.encode(pair.sign(&payload).as_ref());
        attach(store, image.digest, &[(payload, signature)]);
    });
    order.registry.verify =
        Verification::Signature { keys: vec![pem(&pair.public_key().as_der().expect("a key"))] };
    pull(&order).assert_is(&image);
}

#[test]
fn only_digests_are_let_in_where_the_settings_say_so() {
    let image = image(&[10]);
    let store = image.store.clone();
    let server = Server::start(move |asked| store.answer(asked));
    let mut order = order(&server);
    order.registry.verify = Verification::Digest;
    assert_eq!(pull(&order).class(), Some(Class::RefusedByPolicy));
    assert!(server.asked().is_empty(), "a name that is refused is not asked for");
    order.reference = order.reference.replace(":1", &format!("@{}", image.digest));
    pull(&order).assert_is(&image);
}

#[test]
fn the_parent_does_not_believe_a_child_that_was_taken_over() {
    let image = image(&[10]);
    let (ours, other) = (Signer::new(), Signer::new());
    let mut order = Order::new(format!("r.test/{REPOSITORY}:1"));
    order.registry.verify = Verification::Signature { keys: vec![ours.key()] };
    let payload = payload(&format!("r.test/{REPOSITORY}"), image.digest);
    let proof =
        |signer: &Signer| Proof { payload: STANDARD.encode(&payload), signature: signer.sign(&payload) };
    let resolved = |digest, proof| {
        let mut session = corten_fetch::parent::Session::new(&order).expect("a session");
        let header = Header::Resolved { digest, size: 1, proof };
        match session.accept(Frame { header, bytes: Vec::new() }) {
            Ok(corten_fetch::Event::Resolved { signed_by, .. }) => signed_by,
            _ => None,
        }
    };
    let key = corten_fetch::policy::Key::from_pem(&ours.key()).expect("a key");
    assert_eq!(resolved(image.digest, Some(proof(&ours))), Some(key.digest()));
    assert_eq!(resolved(image.digest, Some(proof(&other))), None);
    assert_eq!(resolved(image.digest, None), None);
    assert_eq!(resolved(image.manifest, Some(proof(&ours))), None);
}
