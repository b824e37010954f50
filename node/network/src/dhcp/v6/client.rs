//! The client: RFC 8415 sections 15 and 18.2, without Confirm, Decline and rapid commit.

use super::lease::Lease;
use super::message::{Ask, Kind, Reply, Request, parse};
use crate::dhcp::{Moment, Phase};

/// Milliseconds before the first Solicit at most, so that machines that start together do not speak together.
const SOLICIT_DELAY: u64 = 1_000;
/// First and longest wait of each kind of message, in milliseconds (section 7.6).
const SOLICIT: (u64, u64) = (1_000, 3_600_000);
const REQUEST: (u64, u64) = (1_000, 30_000);
const RENEW: (u64, u64) = (10_000, 600_000);
/// Requests for an offer before another is looked for.
const REQUESTS: u32 = 10;
/// Milliseconds before the client begins anew after a refusal.
const AFTER_REFUSAL: u64 = 5_000;

/// Who the client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Address of its link, from which its identifier is made (DUID-LL).
    pub mac: [u8; 6],
    /// Number of the association: VLANs of one card have one address, so the link's name has to tell them apart.
    pub association: u32,
}

impl Identity {
    /// The client on the link of this name.
    pub fn new(mac: [u8; 6], link: &str) -> Self {
        // FNV-1a: the same number after each start, and others for other names.
        let hash = |sum: u32, byte: u8| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        Self { mac, association: link.bytes().fold(0x811c_9dc5, hash) }
    }

    /// The identifier: type 3, Ethernet, address (section 11.4).
    fn identifier(&self) -> Vec<u8> {
        [&[0, 3, 0, 1][..], &self.mac].concat()
    }
}

/// What happens to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The link carries packets and has an address of its own.
    LinkUp,
    /// It has not.
    LinkDown,
    /// A UDP payload came for port 546.
    Received(&'a [u8]),
    /// Time passed.
    Tick,
    /// The address is not wanted any longer: it is given back.
    Stop,
}

/// What the client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a UDP payload to all servers of the link.
    Send(Vec<u8>),
    /// The lease is new, or not as it was.
    Bound(Lease),
    /// There is no lease any longer.
    Lost,
}

/// A client on one link. Its phases are those of IPv4.
#[derive(Clone, Debug)]
pub struct Client {
    identity: Identity,
    phase: Phase,
    lease: Option<Lease>,
    /// The best offer so far, or the one that is asked for.
    offer: Option<(Lease, u8)>,
    transaction: u32,
    began_ms: u64,
    asked_ms: u64,
    sent: u32,
    wait_ms: u64,
    next_ms: Option<u64>,
}

impl Client {
    /// A client for a link that is down so far. `lease` is what an earlier process left.
    pub fn new(identity: Identity, lease: Option<Lease>) -> Self {
        Self {
            identity,
            phase: Phase::Waiting,
            lease,
            offer: None,
            transaction: 0,
            began_ms: 0,
            asked_ms: 0,
            sent: 0,
            wait_ms: 0,
            next_ms: None,
        }
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The lease that is in use.
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether it waits for answers, so that a socket has to listen.
    pub fn is_listening(&self) -> bool {
        !matches!(self.phase, Phase::Waiting | Phase::Bound)
    }

    /// Milliseconds of the clock at which it wants a [`Event::Tick`] at the latest.
    pub fn deadline(&self) -> Option<u64> {
        let lease = self.lease.as_ref();
        let turn = match self.phase {
            Phase::Bound => lease.and_then(|lease| lease.renew_ms),
            Phase::Renewing => lease.and_then(|lease| lease.rebind_ms),
            _ => None,
        };
        [self.next_ms, turn, lease.and_then(|lease| lease.expires_ms)].into_iter().flatten().min()
    }

    /// Lets something happen.
    pub fn handle(&mut self, now: Moment, event: Event<'_>) -> Vec<Output> {
        let mut outputs = Vec::new();
        if self.lease.as_ref().is_some_and(|lease| lease.is_over(now.ms)) {
            self.lose(now, 0, &mut outputs);
        }
        match event {
            Event::LinkUp if self.phase == Phase::Waiting => {
                let next = if self.lease.is_some() { Phase::Rebinding } else { Phase::Selecting };
                self.enter(next, now, now.up_to(SOLICIT_DELAY));
            }
            Event::LinkDown => self.wait(),
            Event::Received(bytes) if self.is_listening() => {
                if let Ok(reply) = parse(bytes) {
                    self.receive(&reply, now, &mut outputs);
                }
            }
            Event::Stop => {
                if let Some(lease) = self.lease.take() {
                    self.transaction = now.random as u32;
                    outputs.push(Output::Send(self.request(Ask::Release, Some(&lease), 0).bytes()));
                    outputs.push(Output::Lost);
                }
                self.wait();
            }
            Event::LinkUp | Event::Received(_) | Event::Tick => {}
        }
        self.turn(now);
        self.send(now, &mut outputs);
        outputs
    }

    fn lose(&mut self, now: Moment, delay: u64, outputs: &mut Vec<Output>) {
        if self.lease.take().is_some() {
            outputs.push(Output::Lost);
        }
        if self.phase != Phase::Waiting {
            self.enter(Phase::Selecting, now, delay);
        }
    }

    fn wait(&mut self) {
        self.phase = Phase::Waiting;
        self.next_ms = None;
        self.offer = None;
    }

    fn enter(&mut self, phase: Phase, now: Moment, delay: u64) {
        if phase != Phase::Requesting {
            self.offer = None;
        }
        self.transaction = now.random as u32 & 0x00ff_ffff;
        self.phase = phase;
        self.began_ms = now.ms + delay;
        self.sent = 0;
        self.wait_ms = 0;
        self.next_ms = (phase != Phase::Bound).then_some(now.ms + delay);
    }

    fn turn(&mut self, now: Moment) {
        let is_due = |time: Option<u64>| time.is_some_and(|time| time <= now.ms);
        let Some(lease) = &self.lease else { return };
        match self.phase {
            Phase::Bound | Phase::Renewing if is_due(lease.rebind_ms) => self.enter(Phase::Rebinding, now, 0),
            Phase::Bound if is_due(lease.renew_ms) => self.enter(Phase::Renewing, now, 0),
            _ => {}
        }
    }

    fn receive(&mut self, reply: &Reply, now: Moment, outputs: &mut Vec<Output>) {
        let is_ours = reply.transaction == self.transaction && reply.client == self.identity.identifier();
        if !is_ours || reply.server.is_empty() || self.sent == 0 {
            return;
        }
        // What is prolonged is the address that there is; another one would be another lease.
        let address = self.lease.as_ref().map(|lease| lease.address);
        let lease = Lease::of(reply, self.identity.association, self.asked_ms, address);
        match (self.phase, reply.kind) {
            (Phase::Selecting, Kind::Advertise) => {
                let Some(lease) = lease else { return };
                if self.offer.as_ref().is_none_or(|(_, preference)| reply.preference > *preference) {
                    self.offer = Some((lease, reply.preference));
                }
                // The first second is for all servers to be heard, unless one says that it is the one.
                if self.sent > 1 || reply.preference == u8::MAX {
                    self.enter(Phase::Requesting, now, 0);
                }
            }
            (Phase::Requesting | Phase::Renewing | Phase::Rebinding, Kind::Reply) => {
                if !self.is_from_whom_was_asked(reply) {
                    return;
                }
                match lease.filter(|lease| !lease.is_over(now.ms)) {
                    Some(lease) => {
                        self.enter(Phase::Bound, now, 0);
                        self.lease = Some(lease.clone());
                        outputs.push(Output::Bound(lease));
                    }
                    // A lease that is in use ends before its time only if a server says so.
                    None if self.phase == Phase::Requesting || self.is_refused(reply) => {
                        self.lose(now, AFTER_REFUSAL, outputs);
                    }
                    None => {}
                }
            }
            _ => {}
        }
    }

    fn is_from_whom_was_asked(&self, reply: &Reply) -> bool {
        match self.phase {
            Phase::Requesting => self.offer.as_ref().is_some_and(|(offer, _)| offer.server == reply.server),
            Phase::Renewing => self.lease.as_ref().is_some_and(|lease| lease.server == reply.server),
            _ => true,
        }
    }

    /// Whether a reply says that the address of the lease is no longer to be used: its time is over, or the server knows
    /// no lease of this client or another network (status 3 and 4).
    fn is_refused(&self, reply: &Reply) -> bool {
        let address = self.lease.as_ref().map(|lease| lease.address);
        let mut offers = reply.offers.iter().filter(|offer| offer.association == self.identity.association);
        offers.any(|offer| {
            let ends = offer.addresses.iter().any(|(one, _, valid)| Some(*one) == address && *valid == 0);
            ends || matches!(offer.status, 3 | 4)
        })
    }

    fn request<'a>(&self, ask: Ask, lease: Option<&'a Lease>, elapsed_ms: u64) -> Request<'a> {
        Request {
            ask,
            transaction: self.transaction,
            client: self.identity.identifier(),
            // Whoever rebinds asks any server.
            server: lease.filter(|_| ask != Ask::Rebind).map(|lease| lease.server.as_slice()),
            association: self.identity.association,
            address: lease.map(|lease| lease.address),
            elapsed_ms,
        }
    }

    fn send(&mut self, now: Moment, outputs: &mut Vec<Output>) {
        if self.next_ms.is_none_or(|next| next > now.ms) {
            return;
        }
        // The first second is over, and there was an offer.
        if self.phase == Phase::Selecting && self.offer.is_some() && self.sent > 0 {
            self.enter(Phase::Requesting, now, 0);
        }
        if self.phase == Phase::Requesting && self.sent >= REQUESTS {
            self.enter(Phase::Selecting, now, 0);
        }
        let offer = self.offer.as_ref().map(|(offer, _)| offer);
        let (ask, lease, (first, longest)) = match self.phase {
            Phase::Waiting | Phase::Bound => return,
            Phase::Selecting => (Ask::Solicit, None, SOLICIT),
            Phase::Requesting => (Ask::Request, offer, REQUEST),
            Phase::Renewing => (Ask::Renew, self.lease.as_ref(), RENEW),
            Phase::Rebinding => (Ask::Rebind, self.lease.as_ref(), RENEW),
        };
        // A lease counts from its request: as with IPv4, one that is prolonged has a number for each, and one that is
        // new counts from the first.
        if matches!(self.phase, Phase::Renewing | Phase::Rebinding) {
            self.transaction = now.random as u32 & 0x00ff_ffff;
        }
        if self.phase != Phase::Requesting || self.sent == 0 {
            self.asked_ms = now.ms;
        }
        let elapsed = if self.sent == 0 { 0 } else { now.ms.saturating_sub(self.began_ms) };
        outputs.push(Output::Send(self.request(ask, lease, elapsed).bytes()));
        // Section 15: doubled each time, a tenth more or less by chance.
        let base = if self.wait_ms == 0 { first } else { (self.wait_ms * 2).min(longest) };
        self.wait_ms = base - base / 10 + now.up_to(base / 5);
        self.next_ms = Some(now.ms + self.wait_ms);
        self.sent += 1;
    }
}
