//! What a network says to a node, and the two files between the agent and the network service.

use corten_config::{Document, Format};
use corten_network::dhcp::{Moment, v4, v6};
use corten_network::{Order, State, netlink};

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// A client of DHCP of either version.
trait Client {
    /// Where the number of the exchange stands in a message.
    const TRANSACTION: std::ops::Range<usize>;
    /// Lets something happen; what it sends, if it does.
    fn happen(&mut self, now: Moment, event: Happening<'_>) -> Option<Vec<u8>>;
    /// When it wants to wake up.
    fn wakes(&self) -> Option<u64>;
    /// Whether it has a lease; the second, whether that is used after its end.
    fn lease(&self, now_ms: u64) -> (bool, bool);
}

enum Happening<'a> {
    Up,
    Down,
    Tick,
    Received(&'a [u8]),
}

impl Client for v4::Client {
    const TRANSACTION: std::ops::Range<usize> = 4..8;

    fn happen(&mut self, now: Moment, event: Happening<'_>) -> Option<Vec<u8>> {
        let outputs = self.handle(
            now,
            match event {
                Happening::Up => v4::Event::LinkUp,
                Happening::Down => v4::Event::LinkDown,
                Happening::Tick => v4::Event::Tick,
                Happening::Received(payload) => v4::Event::Received(payload),
            },
        );
        outputs.into_iter().find_map(|output| match output {
            v4::Output::Send { payload, .. } => Some(payload),
            v4::Output::Bound(_) | v4::Output::Lost => None,
        })
    }

    fn wakes(&self) -> Option<u64> {
        self.deadline()
    }

    fn lease(&self, now_ms: u64) -> (bool, bool) {
        let lease = Self::lease(self);
        (lease.is_some(), lease.is_some_and(|lease| lease.is_over(now_ms)))
    }
}

impl Client for v6::Client {
    const TRANSACTION: std::ops::Range<usize> = 1..4;

    fn happen(&mut self, now: Moment, event: Happening<'_>) -> Option<Vec<u8>> {
        let outputs = self.handle(
            now,
            match event {
                Happening::Up => v6::Event::LinkUp,
                Happening::Down => v6::Event::LinkDown,
                Happening::Tick => v6::Event::Tick,
                Happening::Received(payload) => v6::Event::Received(payload),
            },
        );
        outputs.into_iter().find_map(|output| match output {
            v6::Output::Send(payload) => Some(payload),
            v6::Output::Bound(_) | v6::Output::Lost => None,
        })
    }

    fn wakes(&self) -> Option<u64> {
        self.deadline()
    }

    fn lease(&self, now_ms: u64) -> (bool, bool) {
        let lease = Self::lease(self);
        (lease.is_some(), lease.is_some_and(|lease| lease.is_over(now_ms)))
    }
}

/// Messages within one input, each behind its length. Each is handed over as if it answered what the client sent last,
/// or nothing of a mutation would get past the number of the exchange. Returns whether there ever was a lease.
fn converse<C: Client>(mut client: C, data: &[u8]) -> bool {
    let mut moment = Moment { ms: 1000, random: 7 };
    let (mut sent, mut was_bound) = (None, false);
    let mut step = |moment: &mut Moment, event: Happening<'_>| {
        moment.random = moment.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let tick = matches!(event, Happening::Tick);
        if let Some(payload) = client.happen(*moment, event) {
            sent = Some(payload);
        }
        let (is_bound, is_late) = client.lease(moment.ms);
        assert!(!is_late, "a lease is used after its end");
        was_bound |= is_bound;
        let wakes = client.wakes();
        assert!(!tick || wakes.is_none_or(|wakes| wakes > moment.ms), "it would wake up for ever");
        (sent.as_ref().and_then(|sent| sent.get(C::TRANSACTION)).map(<[u8]>::to_vec), wakes)
    };
    let (mut transaction, _) = step(&mut moment, Happening::Up);
    let mut rest = data;
    while let [high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (message, more) = after.split_at(length);
        rest = more;
        moment.ms += 10;
        (transaction, _) = match message {
            [] => step(&mut moment, Happening::Down),
            [_] => step(&mut moment, Happening::Up),
            [_, _] => {
                let wakes = step(&mut moment, Happening::Tick).1;
                moment.ms = wakes.unwrap_or(moment.ms).max(moment.ms);
                step(&mut moment, Happening::Tick)
            }
            message => {
                let mut message = message.to_vec();
                if let (Some(place), Some(number)) = (message.get_mut(C::TRANSACTION), transaction.as_ref()) {
                    place.copy_from_slice(number);
                }
                step(&mut moment, Happening::Received(&message))
            }
        };
    }
    was_bound
}

fn conversation(messages: &[&[u8]]) -> Vec<u8> {
    let framed = messages.iter().map(|message| [&(message.len() as u16).to_be_bytes(), *message].concat());
    framed.collect::<Vec<_>>().concat()
}

/// Waits until the client wants to wake up.
const WAIT: &[u8] = &[0, 0];

pub fn dhcp4(data: &[u8]) {
    if let Some(payload) = v4::frame::unwrap(data) {
        let _ = v4::parse(payload);
    }
    if let Ok(reply) = v4::parse(data) {
        let _ = format!("{reply:?}");
    }
}

/// An answer of this type: options as of common servers, names that point at one another, classless routes.
fn answer4(kind: u8) -> Vec<u8> {
    let mut bytes = vec![0; 240];
    bytes[..4].copy_from_slice(&[2, 1, 6, 0]);
    bytes[16..20].copy_from_slice(&[192, 0, 2, 9]);
    bytes[28..34].copy_from_slice(&MAC);
    bytes[236..240].copy_from_slice(&[99, 130, 83, 99]);
    bytes.extend([53, 1, kind, 54, 4, 192, 0, 2, 1, 51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0]);
    bytes.extend([3, 4, 192, 0, 2, 1, 6, 8, 192, 0, 2, 2, 192, 0, 2, 3, 26, 2, 5, 120, 42, 4, 192, 0, 2, 4]);
    bytes.extend([15, 4, b'h', b'o', b'm', b'e', 12, 4, b'n', b'o', b'd', b'e']);
    bytes.extend([121, 8, 24, 10, 1, 2, 192, 0, 2, 7]);
    bytes.extend([119, 5, 3, b'a', b'b', b'c', 3, 119, 9, b'o', b'r', b'g', 0, 1, b'x', 0xc0, 4, 255]);
    bytes
}

pub fn dhcp4_seeds() -> Vec<Vec<u8>> {
    let (any, server) = ([255, 255, 255, 255].into(), [192, 0, 2, 1].into());
    vec![answer4(2), answer4(5), answer4(6), v4::frame::wrap(&answer4(5), server, any)]
}

fn client4() -> v4::Client {
    v4::Client::new(v4::Identity { mac: MAC, hostname: Some("node-1".into()) }, None)
}

pub fn dhcp4_client(data: &[u8]) {
    converse(client4(), data);
}

/// A lease that is renewed, one that is refused, one that ends, and a link that comes and goes.
pub fn dhcp4_client_seeds() -> Vec<Vec<u8>> {
    let (offer, ack, nak) = (answer4(2), answer4(5), answer4(6));
    vec![
        conversation(&[&offer, &ack, WAIT, &ack, WAIT]),
        conversation(&[&offer, &ack, WAIT, &nak, WAIT, &offer, &nak]),
        conversation(&[&offer, &ack, &[], &[1], WAIT, WAIT, WAIT, &ack]),
    ]
}

pub fn dhcp6(data: &[u8]) {
    if let Ok(reply) = v6::parse(data) {
        let _ = format!("{reply:?}");
    }
}

/// An answer of this type (2 advertise, 7 reply) for the client with [`MAC`].
fn answer6(kind: u8) -> Vec<u8> {
    let option = |code: u16, value: &[u8]| {
        [&code.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
    };
    let address = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let association = v6::Identity::new(MAC, "lan").association.to_be_bytes();
    let lease = [&address[..], &600_u32.to_be_bytes(), &900_u32.to_be_bytes()].concat();
    let offer = [&association[..], &[0, 0, 1, 0, 0, 0, 2, 0], &option(5, &lease)].concat();
    [
        vec![kind, 1, 2, 3],
        option(1, &[&[0, 3, 0, 1][..], &MAC].concat()),
        option(2, b"\x00\x03\x00\x01server"),
        option(3, &offer),
        option(7, &[255]),
        option(23, &address),
        option(24, b"\x03lan\x07example\x00"),
        option(56, &option(1, &address)),
    ]
    .concat()
}

pub fn dhcp6_seeds() -> Vec<Vec<u8>> {
    vec![answer6(2), answer6(7)]
}

fn client6() -> v6::Client {
    v6::Client::new(v6::Identity::new(MAC, "lan"), None)
}

pub fn dhcp6_client(data: &[u8]) {
    converse(client6(), data);
}

pub fn dhcp6_client_seeds() -> Vec<Vec<u8>> {
    let (advertise, reply) = (answer6(2), answer6(7));
    vec![
        conversation(&[WAIT, &advertise, &reply, WAIT, &reply, WAIT]),
        conversation(&[WAIT, &advertise, WAIT, &reply, &[], &[1], &reply, WAIT, WAIT, WAIT]),
    ]
}

/// An option of a router, as the kernel hands it on.
pub fn advertised(data: &[u8]) {
    let _ = netlink::advertised(data);
}

/// Name servers of a router: type 25, in units of 8 bytes, for 600 seconds.
pub fn advertised_seeds() -> Vec<Vec<u8>> {
    let mut option = vec![25, 5, 0, 0, 0, 0, 2, 88];
    for host in [0x53, 0x54] {
        option.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
    }
    let mut bytes = vec![0; 32];
    bytes[4..6].copy_from_slice(&68_u16.to_ne_bytes());
    bytes[16] = 10;
    bytes[18..20].copy_from_slice(&(option.len() as u16).to_ne_bytes());
    bytes[20] = 3;
    bytes.extend(option);
    vec![bytes]
}

/// What the agent orders, and what the network service says of it: JSON in files.
pub fn order(data: &[u8]) {
    if let Ok(order) = serde_json::from_slice::<Order>(data) {
        let again = serde_json::to_vec(&order).expect("an order can be written");
        assert_eq!(serde_json::from_slice::<Order>(&again).ok(), Some(order), "it is read as it was written");
    }
    if let Ok(state) = serde_json::from_slice::<State>(data) {
        let again = serde_json::to_vec(&state).expect("a state can be written");
        assert_eq!(serde_json::from_slice::<State>(&again).ok(), Some(state), "it is read as it was written");
    }
}

/// The order of a configuration with everything that a network can have.
pub fn order_seeds() -> Vec<Vec<u8>> {
    let text = "version = 1\n[network]\ndns = [\"192.0.2.53\"]\nsearch = [\"example.org\"]\n[network.links.lan]\n\
                match = { mac = \"52:54:00:12:34:56\" }\naddresses = [\"192.0.2.4/24\"]\n\
                [[network.links.lan.routes]]\nto = \"default\"\nvia = \"192.0.2.1\"\n[network.vlans.lan10]\n\
                link = \"lan\"\nid = 10\ndhcp4 = true\n[[firewall.allow]]\nprotocol = \"tcp\"\nports = [80]\n";
    let document = Document { name: "machine".into(), format: Format::Toml, text: text.into() };
    let order = corten_config::read(&[document]).ok().map(|merged| {
        let settings = merged.settings().clone();
        let (network, firewall) = (settings.network, settings.firewall);
        Order { generation: 3, network, firewall, api_ports: vec![7443], ..Order::default() }
    });
    let state = r#"{"generation":3,"links":{"eth0":{"configured-as":"lan","addresses":[{"address":"192.0.2.4/24","source":"dhcp4","valid-until-ms":9}],"dhcp4":"bound"}},"dns":["192.0.2.53"],"firewall":{"state":"refused","problem":"why"}}"#;
    let order = order.and_then(|order| serde_json::to_vec(&order).ok()).unwrap_or_default();
    vec![order, state.into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else mutations would all be refused for the same reason.
    #[test]
    fn seeds_are_what_a_network_says() {
        assert!(dhcp4_client_seeds().iter().all(|seed| converse(client4(), seed)), "DHCPv4");
        assert!(dhcp6_client_seeds().iter().all(|seed| converse(client6(), seed)), "DHCPv6");
        assert!(dhcp6_seeds().iter().all(|seed| v6::parse(seed).is_ok()), "answers");
        assert!(advertised_seeds().iter().all(|seed| netlink::advertised(seed).is_some()), "name servers");
        assert!(serde_json::from_slice::<Order>(&order_seeds()[0]).is_ok(), "an order");
        assert!(serde_json::from_slice::<State>(&order_seeds()[1]).is_ok(), "a state");
    }
}
