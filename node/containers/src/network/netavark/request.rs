//! What netavark is told about one workload. Undoing takes the very same words as doing.

use std::net::IpAddr;

use corten_config::settings::{PublishedPort, Transport};
use serde::Serialize;

use super::super::ledger::Ledger;
use super::super::names::{link_of, number_of, veth_of};

/// Name of the link inside.
const INSIDE: &str = "eth0";

#[derive(Serialize)]
struct Request<'a> {
    container_id: String,
    container_name: &'a str,
    /// Left out where there is none: with an empty list netavark would still open the loopback to the bridge.
    #[serde(skip_serializing_if = "Option::is_none")]
    port_mappings: Option<Vec<PortMapping>>,
    networks: One<Attachment<'a>>,
    network_info: One<Network>,
}

#[derive(Serialize)]
struct PortMapping {
    container_port: u16,
    host_ip: String,
    host_port: u16,
    protocol: &'static str,
    range: u16,
}

#[derive(Serialize)]
struct Attachment<'a> {
    aliases: &'a [String],
    interface_name: &'static str,
    static_ips: [IpAddr; 2],
    options: HostSide,
}

#[derive(Serialize)]
struct HostSide {
    host_interface_name: String,
}

#[derive(Serialize)]
struct Network {
    id: String,
    name: String,
    driver: &'static str,
    network_interface: String,
    dns_enabled: bool,
    internal: bool,
    ipv6_enabled: bool,
    subnets: [Subnet; 2],
    /// Addresses are ours to choose.
    ipam_options: Ipam,
}

#[derive(Serialize)]
struct Subnet {
    subnet: String,
    gateway: IpAddr,
}

#[derive(Serialize)]
struct Ipam {
    driver: &'static str,
}

/// A map with one key.
struct One<T>(String, T);

impl<T: Serialize> Serialize for One<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(&self.0, &self.1)])
    }
}

/// The words about a workload. `None` if it is on no bridge.
pub fn request(ledger: &Ledger, workload: &str) -> Option<Vec<u8>> {
    let member = ledger.members.get(workload)?;
    let (name, bridge, number) = ledger.bridge_of(workload)?;
    // It becomes a name of files as well, beside which a bridge called aardvark.pid would be none.
    let link = link_of(name);
    let [v4, v6] = bridge.gateways();
    let subnet = |subnet: String, gateway| Subnet { subnet, gateway };
    let ports: Vec<PortMapping> = member.ports.iter().map(mapping).collect();
    let request = Request {
        container_id: number_of("workload", workload),
        container_name: workload,
        port_mappings: (!ports.is_empty()).then_some(ports),
        networks: One(
            link.clone(),
            Attachment {
                aliases: &member.aliases,
                interface_name: INSIDE,
                static_ips: bridge.at(number),
                options: HostSide { host_interface_name: veth_of(workload) },
            },
        ),
        network_info: One(
            link.clone(),
            Network {
                id: number_of("bridge", name),
                name: link.clone(),
                driver: "bridge",
                network_interface: link,
                dns_enabled: true,
                internal: false,
                ipv6_enabled: true,
                subnets: [subnet(bridge.v4.to_string(), v4), subnet(bridge.v6.to_string(), v6)],
                ipam_options: Ipam { driver: "host-local" },
            },
        ),
    };
    // Strings, numbers and lists of them: this can't fail.
    serde_json::to_vec(&request).ok()
}

fn mapping(port: &PublishedPort) -> PortMapping {
    PortMapping {
        container_port: port.port,
        host_ip: port.address.map(|address| address.to_string()).unwrap_or_default(),
        host_port: port.node_port,
        protocol: match port.protocol {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        },
        range: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::ledger::{Bridge, Member, Place, Stage};
    use super::*;

    fn ledger(ports: Vec<PublishedPort>) -> Ledger {
        let mut ledger = Ledger::default();
        let (v4, v6) = ("10.89.3.0/24".parse(), "fd01:2:3:4::/64".parse());
        ledger.bridges.insert("default".into(), Bridge { v4: v4.expect("a net"), v6: v6.expect("a net") });
        let place = Place::Bridge { name: "default".into(), number: 5 };
        let aliases = vec!["www".to_owned()];
        ledger.members.insert("web".into(), Member { place, aliases, ports, stage: Stage::Reserved });
        ledger.members.insert(
            "job".into(),
            Member { place: Place::Alone, aliases: Vec::new(), ports: Vec::new(), stage: Stage::Reserved },
        );
        ledger
    }

    #[test]
    fn a_workload_is_told_with_its_place_names_and_ports() {
        let port = |address: &str, node_port, protocol| PublishedPort {
            address: address.parse().ok(),
            node_port,
            port: 80,
            protocol,
        };
        let ports = vec![port("", 8080, Transport::Tcp), port("2001:db8::7", 5353, Transport::Udp)];
        let bytes = request(&ledger(ports), "web").expect("it is on a bridge");
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        insta::assert_snapshot!(serde_json::to_string_pretty(&value).expect("JSON"));
    }

    #[test]
    fn without_ports_nothing_is_said_of_them() {
        let bytes = request(&ledger(Vec::new()), "web").expect("it is on a bridge");
        assert!(!String::from_utf8_lossy(&bytes).contains("port_mappings"));
        assert_eq!(request(&ledger(Vec::new()), "job"), None);
    }
}
