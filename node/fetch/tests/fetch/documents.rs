//! Names, indexes, manifests, configurations, and what registries do wrong with them.

use corten_fetch::Class;
use corten_fetch::protocol::{DocumentKind, Then};
use corten_oci::digest::Digest;
use corten_oci::manifest::{Descriptor, Index, Manifest};
use corten_oci::{json, media};

use crate::image::{Store, blob_path, config, image, manifest_path};
use crate::pull::{order, pull, pull_some};
use crate::server::{Reply, Server, Way, nobody};

/// Pulls what a store has under tag 1.
fn pull_store(store: Store) -> crate::pull::Pulled {
    pull(&order(&Server::start(move |asked| store.answer(asked))))
}

#[test]
fn an_image_comes_whole() {
    let image = image(&[700_000, 10, 0, 300_000, 5]);
    let store = image.store.clone();
    let registry = Server::start(move |asked| store.answer(asked));
    let pulled = pull(&order(&registry));
    pulled.assert_is(&image);
    assert!(pulled.troubles.is_empty() && pulled.restarts == 0);
    let accept = registry.asked()[0].header("accept").map(str::to_owned).unwrap_or_default();
    assert!([media::INDEX, media::DOCKER_MANIFEST].iter().all(|media_type| accept.contains(media_type)));
}

#[test]
fn layers_that_nobody_wants_are_not_asked_for() {
    let image = image(&[1000, 2000]);
    let (store, unwanted) = (image.store.clone(), image.layers[0].0);
    let registry = Server::start(move |asked| store.answer(asked));
    let pulled = pull_some(&order(&registry), |digest| digest != unwanted);
    assert_eq!((pulled.failure.is_none(), pulled.complete), (true, vec![image.layers[1].0]));
    assert_eq!(registry.count(&blob_path(unwanted)), 0);
    assert!(pull_some(&order(&registry), |_| false).failure.is_none());
}

#[test]
fn a_digest_is_asked_for_as_such() {
    let image = image(&[10]);
    let store = image.store.clone();
    let registry = Server::start(move |asked| store.answer(asked));
    let mut order = order(&registry);
    order.reference = order.reference.replace(":1", &format!(":9@{}", image.digest));
    pull(&order).assert_is(&image);
    // A manifest in place of an index is an image too.
    order.reference = order.reference.replace(&image.digest.to_string(), &image.manifest.to_string());
    let pulled = pull(&order);
    assert_eq!(pulled.documents.first(), Some(&(DocumentKind::Manifest, image.manifest)));
}

#[test]
fn what_is_not_there_is_not_found() {
    let image = image(&[10]);
    let store = image.store.clone();
    let registry = Server::start(move |asked| store.answer(asked));
    let mut order = order(&registry);
    order.reference = order.reference.replace(":1", ":2");
    let pulled = pull(&order);
    assert_eq!(pulled.class(), Some(Class::NotFound));
    let expected = format!("{}: there is no such content (status 404: never heard of it)", registry.place());
    assert_eq!(pulled.message(), expected);
}

#[test]
fn an_index_without_an_image_for_nodes_is_not_found() {
    let mut store = Store::default();
    let other = Descriptor {
        platform: Some(corten_oci::manifest::Platform {
            architecture: "arm64".into(),
            ..corten_oci::manifest::Platform::linux_amd64()
        }),
        ..Descriptor::new(media::MANIFEST, Digest::of(b"x"), 1)
    };
    store.manifest(&["1"], media::INDEX, &json::write(&Index { manifests: vec![other], ..Index::empty() }));
    assert_eq!(pull_store(store).class(), Some(Class::NotFound));
    let mut store = Store::default();
    let config = config("arm64", 0);
    let descriptor = Descriptor::new(media::CONFIG, store.blob(&config), config.len() as u64);
    store.manifest(&["1"], media::MANIFEST, &json::write(&Manifest::new(descriptor, Vec::new())));
    let pulled = pull_store(store);
    assert_eq!(
        (pulled.class(), pulled.message()),
        (Some(Class::NotFound), "the image is for linux/arm64, and not for linux/amd64")
    );
}

#[test]
fn documents_that_are_not_what_they_should_be_are_lies() {
    let image = image(&[10]);
    for path in [manifest_path(image.manifest), blob_path(image.config)] {
        for is_longer in [false, true] {
            let (store, path) = (image.store.clone(), path.clone());
            let registry = Server::start(move |asked| {
                let mut reply = store.answer(asked);
                if asked.path == path {
                    if is_longer { reply.body.push(b' ') } else { reply.body[0] ^= 1 }
                }
                reply
            });
            let pulled = pull(&order(&registry));
            assert_eq!(pulled.class(), Some(Class::Lies), "{}", pulled.message());
        }
    }
    // The registry contradicts itself about a tag.
    let store = image.store.clone();
    let registry = Server::start(move |asked| {
        store.answer(asked).with("Docker-Content-Digest", Digest::of(b"other").to_string())
    });
    assert_eq!(pull(&order(&registry)).class(), Some(Class::Lies));
}

#[test]
fn documents_that_are_too_large_are_not_read() {
    let huge = Server::start(|_| Reply::status(200).body(vec![b' '; (4 << 20) + 1]));
    assert_eq!(pull(&order(&huge)).class(), Some(Class::TooLarge));
    let endless = Server::start(|_| Reply::status(200).way(Way::Endless));
    assert_eq!(pull(&order(&endless)).class(), Some(Class::TooLarge));
    let mut store = Store::default();
    let large = Descriptor::new(media::CONFIG, Digest::of(b"x"), (4 << 20) + 1);
    store.manifest(&["1"], media::MANIFEST, &json::write(&Manifest::new(large, Vec::new())));
    assert_eq!(pull_store(store).class(), Some(Class::TooLarge));
}

#[test]
fn what_is_not_understood_ends_the_pull() {
    let registry = |body: &'static [u8], way: Way| {
        Server::start(move |_| Reply::status(200).body(body).way(way.clone()))
    };
    for body in [b"{".as_slice(), b"", b"<html>", br#"{"schemaVersion":1}"#] {
        assert_eq!(pull(&order(&registry(body, Way::Whole))).class(), Some(Class::Protocol), "{body:?}");
    }
    let garbage = registry(b"SSH-2.0-server\r\n\r\n", Way::Raw);
    assert_eq!(pull(&order(&garbage)).class(), Some(Class::Protocol));
    let teapot = Server::start(|_| Reply::status(418));
    assert_eq!(pull(&order(&teapot)).class(), Some(Class::Protocol));
    let head = Server::start(|_| Reply::status(200).with("X-Long", "x".repeat(60_000)));
    assert_eq!(pull(&order(&head)).class(), Some(Class::Protocol));
}

#[test]
fn indexes_within_indexes_end() {
    let mut store = Store::default();
    let mut inner = Descriptor::new(media::INDEX, Digest::of(b"x"), 1);
    for _ in 0..5 {
        let index = json::write(&Index { manifests: vec![inner], ..Index::empty() });
        let digest = store.manifest(&["1"], media::INDEX, &index);
        inner = Descriptor::new(media::INDEX, digest, index.len() as u64);
    }
    let pulled = pull_store(store);
    assert_eq!(
        (pulled.class(), pulled.message()),
        (Some(Class::Protocol), "indexes are nested more than 3 times")
    );
}

#[test]
fn nobody_there_is_tried_again_and_then_said() {
    let registry = nobody();
    let mut order = corten_fetch::Order::new(format!("{registry}/a:1"));
    order.registry.plain_http = true;
    let pulled = pull(&order);
    assert_eq!(pulled.class(), Some(Class::Unreachable));
    assert_eq!(pulled.troubles.len(), 3);
    assert!(pulled.troubles.iter().all(|trouble| matches!(trouble.then, Then::Again { .. })));
    assert_eq!(pulled.troubles[0].place, format!("http://{registry}"));
}

#[test]
fn a_registry_without_tls_is_not_asked_unless_the_settings_say_so() {
    let image = image(&[10]);
    let registry = Server::start(move |asked| image.store.answer(asked));
    let mut order = order(&registry);
    order.registry.plain_http = false;
    assert_eq!(pull(&order).class(), Some(Class::Unreachable));
    assert!(registry.asked().iter().all(|asked| !asked.line.starts_with("GET")));
}

#[test]
fn a_name_without_a_registry_is_no_name() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let order = corten_fetch::Order::new("nginx");
    // The parent would not even ask; a child that is asked says the same.
    assert!(corten_fetch::parent::Session::new(&order).is_err());
    let line = serde_json::to_string(&order).expect("an order") + "\n";
    let ending =
        corten_fetch::fetch::serve(&mut line.as_bytes(), Box::new(theirs), crate::pull::timing(), || Ok(()));
    assert_eq!(ending.ok(), Some(corten_fetch::fetch::Ending::Failed));
    let mut said = String::new();
    std::io::Read::read_to_string(&mut &ours, &mut said).expect("a line");
    assert!(said.starts_with(r#"{"event":"failed","class":"protocol""#), "{said}");
}
