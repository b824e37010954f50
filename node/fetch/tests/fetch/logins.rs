//! Logins: tokens, passwords, and whom they are shown to.

use std::sync::atomic::{AtomicUsize, Ordering};

use corten_config::settings::{Login, Secret};
use corten_fetch::Class;

use crate::image::{Image, image};
use crate::pull::{order, pull, with_mirrors};
use crate::server::{Asked, Reply, Server};

/// `user:secret` as HTTP has it.
const BASIC: &str = "Basic dXNlcjpzZWNyZXQ=";

fn login(password: &str) -> Login {
    Login { user: "user".into(), password: Secret(password.into()) }
}

/// A registry and its token service in one. Tokens are good for `uses` requests; a login is needed unless anonymous.
fn token_registry(image: &Image, uses: usize, anonymous: bool) -> Server {
    let (store, count) = (image.store.clone(), AtomicUsize::new(0));
    Server::start(move |asked| {
        let host = asked.header("host").unwrap_or_default();
        let token = || format!("token-{}", count.load(Ordering::SeqCst) / uses);
        if asked.path == "/token" {
            let is_asked = asked.query == "service=the%20registry&scope=repository%3Ateam%2Fweb%3Apull";
            let is_known = asked.header("authorization") == Some(BASIC) || anonymous;
            if !is_asked || !is_known {
                return Reply::status(401);
            }
            return Reply::status(200).body(format!(r#"{{"token":"{}","expires_in":60}}"#, token()));
        }
        if asked.header("authorization") == Some(&format!("Bearer {}", token())) {
            count.fetch_add(1, Ordering::SeqCst);
            return store.answer(asked);
        }
        let challenge = format!(
            "Bearer realm=\"http://{host}/token\",service=\"the registry\",scope=\"repository:team/web:pull,push\""
        );
        Reply::status(401).with("WWW-Authenticate", challenge)
    })
}

#[test]
fn tokens_are_asked_for_when_they_are_wanted_and_again_when_they_are_old() {
    let image = image(&[1000, 1001, 1002, 1003]);
    for (uses, anonymous) in [(1000, true), (1000, false), (2, false)] {
        let server = token_registry(&image, uses, anonymous);
        let mut order = order(&server);
        order.registry.login = (!anonymous).then(|| login("secret"));
        if uses == 2 {
            // Several threads with tokens that end would make the count a guess.
            let first = image.layers[0].0;
            let pulled = crate::pull::pull_some(&order, |digest| digest == first);
            assert_eq!(pulled.failure, None);
        } else {
            pull(&order).assert_is(&image);
            assert_eq!(server.count("/token"), 1);
        }
    }
}

#[test]
fn a_login_that_is_refused_is_said() {
    let image = image(&[10]);
    let server = token_registry(&image, 1000, false);
    let mut order = order(&server);
    for (wrong, said) in [
        (None, "the token service gives nothing without a login, and the settings have none"),
        (Some(login("wrong")), "the token service refuses the login of user"),
    ] {
        order.registry.login = wrong;
        let pulled = pull(&order);
        assert_eq!(pulled.class(), Some(Class::Unauthorised));
        assert_eq!(pulled.message(), format!("{}: {said}", server.place()));
    }
}

#[test]
fn passwords_are_shown_when_they_are_asked_for() {
    let image = image(&[10]);
    let store = image.store.clone();
    let server = Server::start(move |asked| match asked.header("authorization") {
        Some(BASIC) => store.answer(asked),
        _ => Reply::status(401).with("WWW-Authenticate", "Basic realm=\"r\""),
    });
    let mut order = order(&server);
    order.registry.login = Some(login("secret"));
    pull(&order).assert_is(&image);
    order.registry.login = Some(login("wrong"));
    let pulled = pull(&order);
    assert_eq!(pulled.class(), Some(Class::Unauthorised));
    assert_eq!(pulled.message(), format!("{}: the registry refuses the login of user", server.place()));
    order.registry.login = None;
    let pulled = pull(&order);
    assert!(
        pulled.message().ends_with("a login is asked for, and the settings have none"),
        "{}",
        pulled.message()
    );
    let strange = Server::start(|_| Reply::status(401).with("WWW-Authenticate", "Negotiate"));
    assert_eq!(pull(&crate::pull::order(&strange)).class(), Some(Class::Unauthorised));
    let forbidden = Server::start(|_| Reply::status(403));
    assert_eq!(pull(&crate::pull::order(&forbidden)).class(), Some(Class::Unauthorised));
}

#[test]
fn credentials_stay_with_the_host_that_they_are_for() {
    let image = image(&[1000]);
    let store = image.store.clone();
    // Under a name of its own, since a port alone makes another host as well.
    let blobs = Server::start(move |asked| store.answer(asked));
    let (place, store) = (blobs.place(), image.store.clone());
    let server = Server::start(move |asked| match asked.header("authorization") {
        Some(BASIC) if asked.path.contains("/blobs/") => {
            Reply::status(307).with("Location", format!("{place}{}?signature=x", asked.path))
        }
        Some(BASIC) => store.answer(asked),
        _ => Reply::status(401).with("WWW-Authenticate", "Basic realm=\"r\""),
    });
    // The store of the registry is spoken to without TLS too, which the settings have to say: here by its being a mirror
    // that does not have the manifests.
    let mut order = with_mirrors(&server, &[]);
    order.registry.login = Some(login("secret"));
    let refused = pull(&order);
    assert_eq!(refused.class(), Some(Class::Unreachable));
    assert!(refused.message().contains("without TLS"), "{}", refused.message());
    order.registry.mirrors = vec![blobs.place()];
    pull(&order).assert_is(&image);
    let shown = |asked: &Asked| asked.header("authorization").is_some();
    assert!(!blobs.asked().iter().any(shown));
}

#[test]
fn a_mirror_is_shown_its_own_login_alone() {
    let image = image(&[10]);
    let asks = |asked: &Asked| asked.header("authorization").is_none();
    let challenge = || Reply::status(401).with("WWW-Authenticate", "Basic realm=\"r\"");
    let mirror = Server::start(move |asked| if asks(asked) { challenge() } else { Reply::status(404) });
    let store = image.store.clone();
    let own = Server::start(move |asked| if asks(asked) { challenge() } else { store.answer(asked) });
    let mut order = with_mirrors(&own, &[&mirror]);
    order.registry.login = Some(login("secret"));
    pull(&order).assert_is(&image);
    assert!(mirror.asked().iter().all(asks));
    order.mirror_logins.insert(mirror.authority(), Login { user: "m".into(), password: Secret("p".into()) });
    pull(&order).assert_is(&image);
    assert!(mirror.asked().iter().any(|asked| asked.header("authorization") == Some("Basic bTpw")));
}
