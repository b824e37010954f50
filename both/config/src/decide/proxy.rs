//! Proxies.

use corten_document::{Court, KeyPath, Problem};

use super::{too_many, values};
use crate::settings::Proxy;
use crate::written;

/// Most hosts and networks that are reached directly. Each host that is spoken to is compared with all of them.
const DIRECT: usize = 256;

pub(super) fn decide(written: Option<&written::Proxy>, court: &mut Court<'_>) -> Option<Proxy> {
    let key = KeyPath::of(&["network", "proxy"]);
    let tree = court.origins.tree();
    let is_there = |name: &str| tree.at(&key.key(name)).is_some();
    let written = written?;
    if !is_there("http") && !is_there("https") {
        let help = "write `https = \"http://proxy.example.org:3128\"`, or take the table out".to_owned();
        court.complain(&Problem::Conflict("a proxy without an address".into()), &key, Some(help));
    }
    let no_proxy = values(written.no_proxy.as_deref());
    too_many(no_proxy.len(), DIRECT, &key.key("no-proxy"), court);
    let url = |url: Option<&crate::types::ProxyUrl>| url.map(|url| url.get().clone());
    Some(Proxy { http: url(written.http.as_ref()), https: url(written.https.as_ref()), no_proxy })
}
