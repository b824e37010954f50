//! Proxies. A node reaches itself directly, so registries have names here that only the proxy knows.

use corten_config::settings::{Proxy, Secret};
use corten_fetch::{Class, Order};

use crate::image::{REPOSITORY, image, manifest_path};
use crate::pull::pull;
use crate::server::{Server, nobody, proxy};
use crate::tls::Authority;

const NONE: Proxy = Proxy { http: None, https: None, no_proxy: Vec::new() };

fn order(registry: &Server, proxy: Proxy) -> Order {
    let mut order = Order::new(format!("registry.test:{}/{REPOSITORY}:1", registry.port()));
    order.registry.plain_http = registry.place().starts_with("http://");
    order.proxy = Some(proxy);
    order
}

#[test]
fn plain_http_goes_through_a_proxy_by_its_whole_address() {
    let image = image(&[100_000, 10]);
    let store = image.store.clone();
    let registry = Server::start(move |asked| store.answer(asked));
    let (authority, lines) = proxy();
    let settings = Proxy { http: Some(Secret(format!("http://u:p@{authority}"))), ..NONE };
    pull(&order(&registry, settings)).assert_is(&image);
    let lines = lines.lock().expect("no panic").clone();
    let place = format!("http://registry.test:{}", registry.port());
    let first = format!("GET {place}{} HTTP/1.1 proxy-authorization: Basic dTpw", manifest_path("1"));
    assert_eq!(lines.first(), Some(&first));
    let host = format!("registry.test:{}", registry.port());
    assert!(registry.asked().iter().all(|asked| asked.header("host") == Some(&host)));
}

#[test]
fn tls_goes_through_a_tunnel() {
    let image = image(&[100_000]);
    let store = image.store.clone();
    let ours = Authority::new("ours");
    let registry = Server::tls(ours.server("registry.test"), move |asked| store.answer(asked));
    let (authority, lines) = proxy();
    let mut order =
        order(&registry, Proxy { https: Some(Secret(format!("http://u:p@{authority}"))), ..NONE });
    order.registry.authorities = vec![ours.pem()];
    pull(&order).assert_is(&image);
    let lines = lines.lock().expect("no panic").clone();
    let line = format!("CONNECT registry.test:{} HTTP/1.1 Proxy-Authorization: Basic dTpw", registry.port());
    assert!(lines.iter().all(|found| *found == line), "{lines:?}");
    assert!(!lines.is_empty());
    assert!(registry.asked().iter().all(|asked| asked.header("proxy-authorization").is_none()));
    order.proxy = Some(Proxy { https: Some(Secret(format!("http://{}", nobody()))), ..NONE });
    assert_eq!(pull(&order).class(), Some(Class::Unreachable));
}

#[test]
fn what_is_excepted_is_reached_directly() {
    let image = image(&[10]);
    let store = image.store.clone();
    let registry = Server::start(move |asked| store.answer(asked));
    let mut order = crate::pull::order(&registry);
    order.proxy = Some(Proxy { http: Some(Secret(format!("http://{}", nobody()))), ..NONE });
    pull(&order).assert_is(&image);
}
