//! Mirrors and redirects.

use corten_fetch::Class;
use corten_fetch::protocol::Then;

use crate::image::{image, manifest_path};
use crate::pull::{order, pull, with_mirrors};
use crate::server::{Reply, Server, nobody};

#[test]
fn mirrors_are_asked_in_order_and_the_registry_last() {
    let image = image(&[1000]);
    let (store, own_store) = (image.store.clone(), image.store.clone());
    let empty = Server::start(|_| Reply::status(404));
    let full = Server::start(move |asked| store.answer(asked));
    let own = Server::start(move |asked| own_store.answer(asked));
    let pulled = pull(&with_mirrors(&own, &[&empty, &full]));
    pulled.assert_is(&image);
    assert!(own.asked().is_empty() && !empty.asked().is_empty());
    assert!(
        pulled
            .troubles
            .iter()
            .all(|trouble| trouble.then == Then::Elsewhere && trouble.place == empty.place())
    );
    let pulled = pull(&with_mirrors(&own, &[&empty]));
    pulled.assert_is(&image);
    assert_eq!(own.count(&manifest_path("1")), 1);
}

#[test]
fn a_mirror_that_does_not_answer_costs_one_try() {
    let image = image(&[1000, 1001]);
    let store = image.store.clone();
    let own = Server::start(move |asked| store.answer(asked));
    let mut order = order(&own);
    order.registry.mirrors = vec![format!("http://{}", nobody())];
    let pulled = pull(&order);
    pulled.assert_is(&image);
    assert_eq!(pulled.troubles.len(), 1);
}

#[test]
fn a_mirror_stands_in_for_a_registry_that_is_away() {
    let image = image(&[1000]);
    let store = image.store.clone();
    let mirror = Server::start(move |asked| store.answer(asked));
    let away = nobody();
    let mut order = corten_fetch::Order::new(format!("{away}/{}:1", crate::image::REPOSITORY));
    order.registry.plain_http = true;
    order.registry.mirrors = vec![mirror.place()];
    pull(&order).assert_is(&image);
}

#[test]
fn what_all_lie_about_is_a_lie() {
    let image = image(&[10]);
    let liar = || {
        let store = image.store.clone();
        let path = manifest_path(image.manifest);
        Server::start(move |asked| {
            let mut reply = store.answer(asked);
            if asked.path == path {
                reply.body[5] ^= 1;
            }
            reply
        })
    };
    let (mirror, own) = (liar(), liar());
    let pulled = pull(&with_mirrors(&own, &[&mirror]));
    assert_eq!(pulled.class(), Some(Class::Lies));
    assert_eq!(pulled.troubles[0].place, mirror.place());
    assert!(pulled.message().starts_with(&own.place()), "{}", pulled.message());
}

#[test]
fn redirects_end() {
    let server = Server::start(|asked| Reply::status(302).with("Location", asked.path.clone()));
    let pulled = pull(&order(&server));
    assert_eq!(pulled.class(), Some(Class::Protocol));
    assert!(pulled.message().ends_with("more than 5 redirects"), "{}", pulled.message());
    assert_eq!(server.asked().len(), 6);
    let server = Server::start(|_| Reply::status(302).with("Location", "file:///etc/shadow"));
    assert_eq!(pull(&order(&server)).class(), Some(Class::Protocol));
}

#[test]
fn a_redirect_within_the_registry_is_followed() {
    let image = image(&[1000]);
    let store = image.store.clone();
    let server = Server::start(move |asked| match asked.path.strip_prefix("/elsewhere") {
        Some(path) => store.answer(&crate::server::Asked { path: path.to_owned(), ..asked.clone() }),
        None => Reply::status(307).with("Location", format!("/elsewhere{}", asked.path)),
    });
    pull(&order(&server)).assert_is(&image);
}
