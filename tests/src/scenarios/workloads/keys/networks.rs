//! Ports, names and networks.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::super::exec;
use crate::live::{Node, PATIENCE, find};

/// The gateway of a container: an address of the node.
const GATEWAY: &str = "$(ip route | awk '/default/ { print $3 }')";

/// Addresses of a workload without their prefix lengths, IPv4 and IPv6.
fn addresses(node: &mut Node<'_>, workload: &str) -> Result<(String, String)> {
    let workloads = node.ask(&["workloads"])?;
    let found = find(&workloads["workloads"], "name", workload)?;
    let all = found["addresses"].as_array().with_context(|| found.to_string())?;
    let bare = |is_v6: bool| {
        let mut texts = all.iter().filter_map(|text| text.as_str()?.split('/').next());
        texts.find(|text| text.contains(':') == is_v6).map(str::to_owned)
    };
    Ok((bare(false).context("no IPv4")?, bare(true).context("no IPv6")?))
}

pub(super) fn publish_ports(node: &mut Node<'_>) -> Result<()> {
    let workloads = node.ask(&["workloads"])?;
    let posts = find(&workloads["workloads"], "name", "posts")?;
    ensure!(posts["ports"] == json!(["*:5300->53/udp", "10.0.2.15:8082->80/tcp"]), "{posts}");
    node.until(PATIENCE, |node| {
        let said = exec(node, "people/name", "(echo hello; sleep 3) | socat -t 4 - UDP:10.0.2.15:5300")?;
        ensure!(said.contains("hello"), "{said:?}");
        Ok(())
    })?;
    let page = exec(node, "plain", "wget -q -T 10 -O - http://10.0.2.15:8082/")?;
    ensure!(page == "a page\n", "{page:?}");
    // The port is one of that address alone.
    let other =
        exec(node, "plain", &format!("wget -q -T 5 -O - http://{GATEWAY}:8082/ 2>&1 || echo refused"))?;
    ensure!(other.contains("refused"), "{other:?}");
    Ok(())
}

pub(super) fn give_names(node: &mut Node<'_>) -> Result<()> {
    for name in ["posts", "nick"] {
        let page = exec(node, "plain", &format!("wget -q -T 10 -O - http://{name}/"))?;
        ensure!(page == "a page\n", "{name}: {page:?}");
    }
    let hostname = exec(node, "inside", "hostname")?;
    ensure!(hostname == "harbour\n", "{hostname:?}");
    Ok(())
}

pub(super) fn connect_by_ipv6(node: &mut Node<'_>) -> Result<()> {
    let (_, v6) = addresses(node, "posts")?;
    let page = exec(node, "plain", &format!("wget -q -T 10 -O - 'http://[{v6}]/'"))?;
    ensure!(page == "a page\n", "{page:?}");
    Ok(())
}

/// What a container gets from an address within 3 seconds, or that it gets nothing.
fn asks(node: &mut Node<'_>, container: &str, place: &str) -> Result<String> {
    exec(node, container, &format!("wget -q -T 3 -O - 'http://{place}/' 2>&1 || echo not reached"))
}

/// Bridges do not reach each other, neither by address nor by name, though who listens there is reached by its
/// neighbours; `none` is a network of nothing, and `host` is the node's.
pub(super) fn keep_networks_apart(node: &mut Node<'_>) -> Result<()> {
    let (v4, v6) = addresses(node, "posts")?;
    let (other_v4, other_v6) = addresses(node, "apart")?;
    for (neighbour, foreign, page, places) in [
        ("plain", "apart", "a page\n", [v4, format!("[{v6}]"), "posts".to_owned()]),
        (
            "beside",
            "plain",
            "another page\n",
            [format!("{other_v4}:8080"), format!("[{other_v6}]:8080"), "apart:8080".to_owned()],
        ),
    ] {
        for place in places {
            node.until(PATIENCE, |node| {
                let got = asks(node, neighbour, &place)?;
                ensure!(got == page, "{place} from {neighbour}: {got:?}");
                Ok(())
            })?;
            let got = asks(node, foreign, &place)?;
            ensure!(got.contains("not reached") && !got.contains("page"), "{place} from {foreign}: {got:?}");
        }
    }
    let links = "for link in /sys/class/net/*; do echo ${link##*/}; done";
    let alone = exec(node, "alone", links)?;
    ensure!(alone == "lo\n", "{alone:?}");
    let inside = exec(node, "inside", links)?;
    for link in ["ctn-default", "ctn-other"] {
        ensure!(inside.lines().any(|line| line == link), "{inside:?}");
    }
    Ok(())
}
