//! The DHCPv4 client against a model of a server on a network that loses, delays, doubles and damages packets, and with
//! a liar on it, who hears everything and answers as if he were the server.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::Ipv4Addr;

use corten_network::dhcp::v4::{Client, Event, Identity, Lease, Output};
use corten_network::dhcp::{Moment, Phase};
use dhcproto::v4::{DhcpOption, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::lies::{Lie, SERVER, forge, is_harmless, reply};

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// What the network does with one answer.
#[derive(Clone, Debug)]
enum Fate {
    Lost,
    Arrives {
        after_ms: u64,
    },
    Doubled {
        after_ms: u64,
        again_ms: u64,
    },
    Damaged {
        after_ms: u64,
        at: prop::sample::Index,
        with: u8,
    },
    /// The liar is faster.
    Forged {
        lie: Lie,
    },
}

/// A part of the client's life.
#[derive(Clone, Debug)]
enum Part {
    Passes { seconds: u64 },
    LinkDown { seconds: u64 },
    ServerDead { seconds: u64 },
    ServerForgets,
}

fn fates() -> impl Strategy<Value = Fate> {
    let lies = [
        Lie::Acknowledges,
        Lie::Refuses,
        Lie::OtherTransaction,
        Lie::OtherCard,
        Lie::NoTime,
        Lie::NoServer,
        Lie::Nonsense,
    ];
    prop_oneof![
        Just(Fate::Lost),
        (0_u64..20_000).prop_map(|after_ms| Fate::Arrives { after_ms }),
        (0_u64..2_000, 0_u64..90_000).prop_map(|(after_ms, again_ms)| Fate::Doubled { after_ms, again_ms }),
        (0_u64..2_000, any::<prop::sample::Index>(), 1_u8..).prop_map(|(after_ms, at, with)| Fate::Damaged {
            after_ms,
            at,
            with
        }),
        proptest::sample::select(lies.to_vec()).prop_map(|lie| Fate::Forged { lie }),
    ]
}

fn parts() -> impl Strategy<Value = Part> {
    prop_oneof![
        (1_u64..400).prop_map(|seconds| Part::Passes { seconds }),
        (1_u64..400).prop_map(|seconds| Part::LinkDown { seconds }),
        (1_u64..400).prop_map(|seconds| Part::ServerDead { seconds }),
        Just(Part::ServerForgets),
    ]
}

/// The server and everything between it and the client.
struct World {
    now_ms: u64,
    client: Client,
    lease_seconds: u32,
    is_alive: bool,
    is_up: bool,
    /// Next address; one that was forgotten is not given again.
    next_host: u8,
    given: BTreeMap<Ipv4Addr, u64>,
    fates: Vec<Fate>,
    flying: BinaryHeap<Reverse<(u64, usize, Vec<u8>)>>,
    sent: usize,
    random: u64,
    bound: Option<Lease>,
}

impl World {
    fn new(lease_seconds: u32, fates: Vec<Fate>, seed: u64) -> Self {
        let identity = Identity { mac: MAC, hostname: Some("node".into()) };
        Self {
            now_ms: 1_000,
            client: Client::new(identity, None),
            lease_seconds,
            is_alive: true,
            is_up: false,
            next_host: 10,
            given: BTreeMap::new(),
            fates,
            flying: BinaryHeap::new(),
            sent: 0,
            random: seed,
            bound: None,
        }
    }

    fn happen(&mut self, event: Event<'_>) -> Result<(), TestCaseError> {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let now = Moment { ms: self.now_ms, random: self.random };
        for output in self.client.handle(now, event) {
            match output {
                Output::Send { payload, .. } => {
                    self.sent += 1;
                    self.carry(&payload);
                }
                Output::Bound(lease) => {
                    prop_assert_eq!(lease.server, SERVER, "a lease of somebody else");
                    let end = self.given.get(&lease.address.addr()).copied();
                    // The server counts from when it answered, which is after it was asked.
                    prop_assert!(
                        end >= lease.expires_ms,
                        "used longer than it is given: {:?} {:?}",
                        end,
                        lease
                    );
                    self.bound = Some(lease);
                }
                Output::Lost => {
                    prop_assert!(self.bound.is_some(), "what was not there is lost");
                    self.bound = None;
                }
            }
        }
        prop_assert_eq!(self.client.lease(), self.bound.as_ref());
        prop_assert!(
            self.bound.as_ref().is_none_or(|lease| !lease.is_over(self.now_ms)),
            "used after its end"
        );
        Ok(())
    }

    /// Lets time pass, with all that falls due.
    fn pass(&mut self, seconds: u64) -> Result<(), TestCaseError> {
        let end = self.now_ms + seconds * 1000;
        loop {
            let packet = self.flying.peek().map(|Reverse((time, _, _))| *time);
            let deadline = self.client.deadline();
            let Some(next) = [packet, deadline].into_iter().flatten().min().filter(|next| *next <= end)
            else {
                break;
            };
            self.now_ms = self.now_ms.max(next);
            if packet == Some(next) {
                if let Some(Reverse((_, _, bytes))) = self.flying.pop()
                    && self.is_up
                {
                    self.happen(Event::Received(&bytes))?;
                }
            } else {
                self.happen(Event::Tick)?;
                let after = self.client.deadline();
                prop_assert!(after.is_none_or(|after| after > self.now_ms), "it would wake up for ever");
            }
        }
        self.now_ms = end;
        Ok(())
    }

    /// Brings a request to the server and its answer back.
    fn carry(&mut self, payload: &[u8]) {
        if !self.is_up {
            return;
        }
        let request = Message::decode(&mut Decoder::new(payload)).expect("clients send messages");
        let fate = self.fates.pop().unwrap_or(Fate::Arrives { after_ms: 5 });
        if let Fate::Forged { lie } = fate {
            let bytes = forge(&request, lie);
            self.fly(1, bytes);
        }
        if matches!(fate, Fate::Lost) || !self.is_alive {
            return;
        }
        let Some(answer) = self.serve(&request) else { return };
        match fate {
            Fate::Lost => {}
            Fate::Arrives { after_ms } => self.fly(after_ms, answer),
            Fate::Forged { .. } => self.fly(5, answer),
            Fate::Doubled { after_ms, again_ms } => {
                self.fly(after_ms, answer.clone());
                self.fly(again_ms, answer);
            }
            Fate::Damaged { after_ms, at, with } => {
                let mut damaged = answer.clone();
                let at = 240 + at.index(answer.len() - 240);
                damaged[at] ^= with;
                if is_harmless(&damaged, &answer) {
                    self.fly(after_ms, damaged);
                }
            }
        }
    }

    fn fly(&mut self, after_ms: u64, bytes: Vec<u8>) {
        let order = self.flying.len() + self.sent * 8;
        self.flying.push(Reverse((self.now_ms + after_ms, order, bytes)));
    }

    fn serve(&mut self, request: &Message) -> Option<Vec<u8>> {
        let server = match request.opts().get(OptionCode::ServerIdentifier) {
            Some(DhcpOption::ServerIdentifier(server)) => Some(*server),
            _ => None,
        };
        if server.is_some_and(|server| server != SERVER) {
            return None;
        }
        let asked = match request.opts().get(OptionCode::RequestedIpAddress) {
            Some(DhcpOption::RequestedIpAddress(address)) => *address,
            _ => request.ciaddr(),
        };
        match request.opts().msg_type()? {
            MessageType::Discover => {
                let address = Ipv4Addr::new(192, 0, 2, self.next_host);
                Some(self.answer(request, MessageType::Offer, address))
            }
            MessageType::Request => {
                let current = Ipv4Addr::new(192, 0, 2, self.next_host);
                if asked != current {
                    return Some(self.answer(request, MessageType::Nak, Ipv4Addr::UNSPECIFIED));
                }
                self.given.insert(asked, self.now_ms + u64::from(self.lease_seconds) * 1000);
                Some(self.answer(request, MessageType::Ack, asked))
            }
            MessageType::Release => {
                self.given.remove(&request.ciaddr());
                None
            }
            _ => None,
        }
    }

    fn answer(&self, request: &Message, kind: MessageType, address: Ipv4Addr) -> Vec<u8> {
        reply(request, kind, address, Some(SERVER), Some(self.lease_seconds))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_lease_is_the_servers_and_comes_when_the_network_is_fair(
        lease_seconds in 2_u32..900, fates in vec(fates(), 0..40), parts in vec(parts(), 1..8), seed: u64,
    ) {
        let mut world = World::new(lease_seconds.min(120), fates, seed);
        world.is_up = true;
        world.happen(Event::LinkUp)?;
        for part in parts {
            match part {
                Part::Passes { seconds } => world.pass(seconds)?,
                Part::LinkDown { seconds } => {
                    world.is_up = false;
                    world.happen(Event::LinkDown)?;
                    world.pass(seconds)?;
                    world.is_up = true;
                    world.happen(Event::LinkUp)?;
                }
                Part::ServerDead { seconds } => {
                    world.is_alive = false;
                    world.pass(seconds)?;
                    world.is_alive = true;
                }
                Part::ServerForgets => {
                    world.next_host += 1;
                }
            }
        }
        let began = world.now_ms;
        let sent = world.sent;
        world.fates.clear();
        world.pass(400)?;
        // It may be renewing just now; that it holds a lease is what counts.
        prop_assert!(world.bound.is_some(), "no lease after {} s, {:?}", (world.now_ms - began) / 1000, world.client);
        let address = world.bound.as_ref().map(|lease| lease.address.addr().octets()[3]);
        prop_assert_eq!(address, Some(world.next_host), "the server gives another one by now");
        prop_assert!(world.sent - sent <= 420, "{} messages in 400 s", world.sent - sent);
    }

    /// Nothing that comes at any time breaks it.
    #[test]
    fn any_packet_may_come_at_any_time(packets in vec((vec(any::<u8>(), 0..300), 0_u64..100_000), 0..30), seed: u64) {
        let mut world = World::new(60, vec![], seed);
        world.is_up = true;
        world.happen(Event::LinkUp)?;
        for (bytes, later) in packets {
            world.now_ms += later;
            world.happen(Event::Tick)?;
            world.happen(Event::Received(&bytes))?;
        }
    }
}

#[test]
fn a_lease_ends_when_nobody_prolongs_it() {
    let mut world = World::new(100, vec![], 1);
    world.is_up = true;
    world.happen(Event::LinkUp).expect("fine");
    world.pass(1).expect("fine");
    assert_eq!(world.client.phase(), Phase::Bound);
    world.is_alive = false;
    world.pass(60).expect("fine");
    assert_eq!(world.client.phase(), Phase::Renewing);
    world.pass(30).expect("fine");
    assert_eq!(world.client.phase(), Phase::Rebinding);
    assert!(world.bound.is_some());
    world.pass(30).expect("fine");
    assert_eq!((world.client.phase(), &world.bound), (Phase::Selecting, &None));
}

#[test]
fn a_client_that_stops_gives_its_lease_back() {
    let mut world = World::new(100, vec![], 1);
    world.is_up = true;
    world.happen(Event::LinkUp).expect("fine");
    world.pass(1).expect("fine");
    assert_eq!(world.given.len(), 1);
    world.happen(Event::Stop).expect("fine");
    assert_eq!((world.given.len(), world.bound, world.client.phase()), (0, None, Phase::Waiting));
}
