//! The DHCPv6 client against a model of a server on a network that loses, delays and doubles packets, with a second
//! server that answers what it was not asked.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use corten_network::dhcp::v6::{Client, Event, Identity, Lease, Output};
use corten_network::dhcp::{Moment, Phase};
use proptest::collection::vec;
use proptest::prelude::*;

const SERVER: &[u8] = b"\x00\x03\x00\x01server";
const LIAR: &[u8] = b"\x00\x03\x00\x01liar!!";

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
    /// The other server answers too, and first.
    Answered,
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Lost),
        (0_u64..20_000).prop_map(|after_ms| Fate::Arrives { after_ms }),
        (0_u64..2_000, 0_u64..90_000).prop_map(|(after_ms, again_ms)| Fate::Doubled { after_ms, again_ms }),
        Just(Fate::Answered),
    ]
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
}

/// Options of a message by code.
fn options(mut bytes: &[u8]) -> BTreeMap<u16, Vec<u8>> {
    let mut found = BTreeMap::new();
    while let [a, b, c, d, rest @ ..] = bytes {
        let (value, rest) = rest.split_at(usize::from(u16::from_be_bytes([*c, *d])));
        found.insert(u16::from_be_bytes([*a, *b]), value.to_vec());
        bytes = rest;
    }
    found
}

struct World {
    now_ms: u64,
    client: Client,
    seconds: u32,
    is_alive: bool,
    is_up: bool,
    next_host: u16,
    given: BTreeMap<Ipv6Addr, u64>,
    fates: Vec<Fate>,
    flying: Vec<(u64, Vec<u8>)>,
    sent: usize,
    random: u64,
    bound: Option<Lease>,
}

impl World {
    fn happen(&mut self, event: Event<'_>) -> Result<(), TestCaseError> {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        for output in self.client.handle(Moment { ms: self.now_ms, random: self.random }, event) {
            match output {
                Output::Send(payload) => {
                    self.sent += 1;
                    self.carry(&payload);
                }
                Output::Bound(lease) => {
                    prop_assert_eq!(&lease.server[..], SERVER, "a lease of somebody else");
                    let end = self.given.get(&lease.address).copied();
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

    fn pass(&mut self, seconds: u64) -> Result<(), TestCaseError> {
        let end = self.now_ms + seconds * 1000;
        loop {
            self.flying.sort();
            let packet = self.flying.first().map(|(time, _)| *time);
            let Some(next) =
                [packet, self.client.deadline()].into_iter().flatten().min().filter(|next| *next <= end)
            else {
                break;
            };
            self.now_ms = self.now_ms.max(next);
            if packet == Some(next) {
                let (_, bytes) = self.flying.remove(0);
                if self.is_up {
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

    fn carry(&mut self, payload: &[u8]) {
        let fate = self.fates.pop().unwrap_or(Fate::Arrives { after_ms: 5 });
        if !self.is_up || matches!(fate, Fate::Lost) {
            return;
        }
        if matches!(fate, Fate::Answered) {
            // A Reply to whatever it was, and never an offer.
            let lie = self.answer(payload, 7, LIAR, "2001:db8:bad::1".parse().expect("an address"));
            self.flying.push((self.now_ms + 1, lie));
        }
        if !self.is_alive {
            return;
        }
        let Some(answer) = self.serve(payload) else { return };
        match fate {
            Fate::Lost => {}
            Fate::Answered => self.flying.push((self.now_ms + 5, answer)),
            Fate::Arrives { after_ms } => self.flying.push((self.now_ms + after_ms, answer)),
            Fate::Doubled { after_ms, again_ms } => {
                self.flying.push((self.now_ms + after_ms, answer.clone()));
                self.flying.push((self.now_ms + again_ms, answer));
            }
        }
    }

    fn serve(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let request = options(payload.get(4..)?);
        if request.get(&2).is_some_and(|server| server != SERVER) {
            return None;
        }
        let current = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, self.next_host);
        let asked = request.get(&3).and_then(|value| options(value.get(12..)?).remove(&5));
        let asked =
            asked.and_then(|value| Some(Ipv6Addr::from(<[u8; 16]>::try_from(value.get(..16)?).ok()?)));
        match payload[0] {
            1 => Some(self.answer(payload, 2, SERVER, current)),
            3 | 5 | 6 if asked == Some(current) => {
                self.given.insert(current, self.now_ms + u64::from(self.seconds) * 1000);
                Some(self.answer(payload, 7, SERVER, current))
            }
            // No binding.
            3 | 5 | 6 => {
                let association = request.get(&3)?.get(..4)?.to_vec();
                let association = [association, vec![0; 8], option(13, &[0, 3])].concat();
                Some(message(payload, 7, SERVER, &association))
            }
            8 => {
                self.given.remove(&asked?);
                None
            }
            _ => None,
        }
    }

    fn answer(&self, payload: &[u8], kind: u8, server: &[u8], address: Ipv6Addr) -> Vec<u8> {
        let request = options(&payload[4..]);
        let seconds = self.seconds.to_be_bytes();
        let lease = [&address.octets()[..], &seconds, &seconds].concat();
        let association = request.get(&3).map(|value| value[..4].to_vec()).unwrap_or_default();
        let association = [association, vec![0; 8], option(5, &lease)].concat();
        message(payload, kind, server, &association)
    }
}

fn message(payload: &[u8], kind: u8, server: &[u8], association: &[u8]) -> Vec<u8> {
    let client = options(&payload[4..]).remove(&1).unwrap_or_default();
    [vec![kind], payload[1..4].to_vec(), option(1, &client), option(2, server), option(3, association)]
        .concat()
}

fn world(seconds: u32, fates: Vec<Fate>, seed: u64) -> World {
    World {
        now_ms: 1_000,
        client: Client::new(Identity::new([2, 0, 0, 0, 0, 1], "eth0"), None),
        seconds,
        is_alive: true,
        is_up: true,
        next_host: 10,
        given: BTreeMap::new(),
        fates,
        flying: Vec::new(),
        sent: 0,
        random: seed,
        bound: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_lease_is_the_servers_and_comes_when_the_network_is_fair(
        seconds in 10_u32..200, fates in vec(fates(), 0..30), parts in vec((0_u8..4, 1_u64..300), 1..8), seed: u64,
    ) {
        let mut world = world(seconds, fates, seed);
        world.happen(Event::LinkUp)?;
        for (part, seconds) in parts {
            match part {
                0 => world.pass(seconds)?,
                1 => {
                    world.is_up = false;
                    world.happen(Event::LinkDown)?;
                    world.pass(seconds)?;
                    world.is_up = true;
                    world.happen(Event::LinkUp)?;
                }
                2 => {
                    world.is_alive = false;
                    world.pass(seconds)?;
                    world.is_alive = true;
                }
                _ => world.next_host += 1,
            }
        }
        world.fates.clear();
        // Waits for a server double up to an hour (RFC 8415 section 7.6), and nothing above lasted longer than this.
        world.pass(9_000)?;
        prop_assert!(world.bound.is_some(), "no lease, {:?}", world.client);
        prop_assert_eq!(world.bound.as_ref().map(|lease| lease.address.segments()[7]), Some(world.next_host));
    }

    #[test]
    fn any_packet_may_come_at_any_time(packets in vec((vec(any::<u8>(), 0..200), 0_u64..100_000), 0..30), seed: u64) {
        let mut world = world(60, vec![], seed);
        world.happen(Event::LinkUp)?;
        for (bytes, later) in packets {
            world.now_ms += later;
            world.happen(Event::Tick)?;
            world.happen(Event::Received(&bytes))?;
        }
    }
}

#[test]
fn a_lease_is_renewed_rebound_lost_and_given_back() {
    let mut world = world(100, vec![], 7);
    world.happen(Event::LinkUp).expect("fine");
    world.pass(4).expect("fine");
    assert_eq!(world.client.phase(), Phase::Bound);
    world.is_alive = false;
    world.pass(55).expect("fine");
    assert_eq!(world.client.phase(), Phase::Renewing);
    world.pass(30).expect("fine");
    assert_eq!(world.client.phase(), Phase::Rebinding);
    world.pass(30).expect("fine");
    assert_eq!((world.client.phase(), &world.bound), (Phase::Selecting, &None));
    world.is_alive = true;
    world.pass(120).expect("fine");
    assert_eq!(world.given.len(), 1);
    world.happen(Event::Stop).expect("fine");
    assert_eq!((world.given.len(), world.bound), (0, None));
}
