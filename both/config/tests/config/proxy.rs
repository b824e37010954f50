//! Which hosts are reached by a proxy.

use corten_config::settings::WebScheme::{self, Http, Https};

use crate::common::{refused, well, wrong};

#[test]
fn hosts_are_reached_by_the_proxy_but_for_those_that_are_named() {
    let merged = well(
        "[network.proxy]\nhttp = \"http://a\"\nhttps = \"http://b/\"\n\
         no-proxy = [\"example.org\", \".Example.net\", \"192.0.2.0/24\", \"2001:db8::1\"]",
    );
    let proxy = merged.settings().network.proxy.clone().expect("it is there");
    assert_eq!(merged.settings().containers.proxy.as_ref(), Some(&proxy));
    for (scheme, host, expected) in [
        (Http, "example.com", Some("http://a")),
        (Https, "example.com", Some("http://b")),
        (Https, "notexample.org", Some("http://b")),
        (Https, "example.net", Some("http://b")),
        (Https, "198.51.100.1", Some("http://b")),
        (Https, "2001:db8::2", Some("http://b")),
        (Https, "example.org", None),
        (Http, "Registry.Example.org.", None),
        (Https, "a.b.example.net", None),
        (Https, "192.0.2.77", None),
        (Https, "2001:db8:0::1", None),
        (Https, "localhost", None),
        (Https, "127.0.0.5", None),
        (Https, "::1", None),
    ] {
        assert_eq!(proxy.towards(scheme, host), expected, "{host}");
    }
}

#[test]
fn one_proxy_is_for_one_scheme() {
    let merged = well("[network.proxy]\nhttps = \"http://b\"");
    let of = |scheme: WebScheme| {
        merged.settings().network.proxy.as_ref().and_then(|proxy| proxy.towards(scheme, "a"))
    };
    assert_eq!((of(Http), of(Https)), (None, Some("http://b")));
}

#[test]
fn a_proxy_has_an_address() {
    for body in ["[network.proxy]", "[network.proxy]\nno-proxy = [\"a\"]"] {
        refused(body, &["a proxy without an address", "or take the table out"]);
    }
    for url in ["proxy:3128", "http://user:geheim@proxy:port", "http://user:geh/eim@proxy"] {
        let body = format!("[network.proxy]\nhttps = \"{url}\"");
        refused(&body, &["`network.proxy.https` is something else, expected a proxy"]);
        assert!(!wrong(&body).contains("geh"));
    }
    assert_eq!(well("").settings().network.proxy, None);
}
