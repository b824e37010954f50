//! The client: RFC 2131 sections 3 and 4.4, without INIT-REBOOT.

use std::net::Ipv4Addr;

use dhcproto::v4::MessageType;

use super::lease::Lease;
use super::message::{Kind, Reply, Request, parse};
use crate::dhcp::{Moment, Phase};

/// Milliseconds until the first repetition; it doubles each time (RFC 2131 section 4.1).
const FIRST_WAIT: u64 = 4_000;
/// Milliseconds between repetitions at most.
const LONGEST_WAIT: u64 = 64_000;
/// Milliseconds by which a wait is longer or shorter by chance.
const JITTER: u64 = 1_000;
/// Requests for an offered address before another offer is waited for: 28 seconds.
const REQUESTS: u32 = 3;
/// Milliseconds between repetitions while a lease is renewed at least, if so much of it is left (section 4.4.5).
const RENEWAL_WAIT: u64 = 60_000;
/// Milliseconds between any two repetitions at least.
const SHORTEST_WAIT: u64 = 1_000;
/// Milliseconds before the client begins anew after a refusal, which a server may repeat for ever.
const AFTER_REFUSAL: u64 = 2_000;

/// Who the client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Address of its link.
    pub mac: [u8; 6],
    /// Name that it tells servers, if any.
    pub hostname: Option<String>,
}

/// What happens to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The link carries packets.
    LinkUp,
    /// It carries none.
    LinkDown,
    /// A UDP payload came for port 68.
    Received(&'a [u8]),
    /// Time passed.
    Tick,
    /// The address is not wanted any longer: it is given back.
    Stop,
}

/// What the client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a UDP payload from port 68 to port 67.
    Send {
        /// The payload.
        payload: Vec<u8>,
        /// Source address; unspecified without a lease.
        from: Ipv4Addr,
        /// Destination.
        to: To,
    },
    /// The lease is new, or not as it was.
    Bound(Lease),
    /// There is no lease any longer.
    Lost,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Everybody on the link.
    Link,
    /// One server, by the routes of the kernel.
    Server(Ipv4Addr),
}

/// A client on one link.
#[derive(Clone, Debug)]
pub struct Client {
    identity: Identity,
    phase: Phase,
    lease: Option<Lease>,
    /// The offer that is asked for.
    offer: Option<(Ipv4Addr, Ipv4Addr)>,
    transaction: u32,
    /// When the exchange began.
    began_ms: u64,
    /// When the request was sent that an answer is to.
    asked_ms: u64,
    /// Messages of this phase so far.
    sent: u32,
    /// When the next message is due.
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
        let end = lease.and_then(|lease| lease.expires_ms);
        let turn = match self.phase {
            Phase::Bound => lease.and_then(|lease| lease.renew_ms),
            Phase::Renewing => lease.and_then(|lease| lease.rebind_ms),
            _ => None,
        };
        [self.next_ms, turn, end].into_iter().flatten().min()
    }

    /// Lets something happen.
    pub fn handle(&mut self, now: Moment, event: Event<'_>) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.expire(now, &mut outputs);
        match event {
            Event::LinkUp if self.phase == Phase::Waiting => {
                let next = if self.lease.is_some() { Phase::Rebinding } else { Phase::Selecting };
                self.enter(next, now);
            }
            Event::LinkDown => self.wait(),
            Event::Received(bytes) if self.is_listening() => {
                if let Ok(reply) = parse(bytes) {
                    self.receive(&reply, now, &mut outputs);
                }
            }
            Event::Stop => {
                self.release(now, &mut outputs);
                self.wait();
            }
            Event::LinkUp | Event::Received(_) | Event::Tick => {}
        }
        self.turn(now);
        self.send(now, &mut outputs);
        outputs
    }

    /// Drops a lease that has ended.
    fn expire(&mut self, now: Moment, outputs: &mut Vec<Output>) {
        if self.lease.as_ref().is_some_and(|lease| lease.is_over(now.ms)) {
            self.lease = None;
            outputs.push(Output::Lost);
            if self.phase != Phase::Waiting {
                self.enter(Phase::Selecting, now);
            }
        }
    }

    /// Goes on to the phase that the times of the lease demand.
    fn turn(&mut self, now: Moment) {
        let Some(lease) = &self.lease else { return };
        let is_due = |time: Option<u64>| time.is_some_and(|time| time <= now.ms);
        match self.phase {
            Phase::Bound | Phase::Renewing if is_due(lease.rebind_ms) => self.enter(Phase::Rebinding, now),
            Phase::Bound if is_due(lease.renew_ms) => self.enter(Phase::Renewing, now),
            _ => {}
        }
    }

    fn enter(&mut self, phase: Phase, now: Moment) {
        // A request belongs to the exchange of its offer; every other phase begins one of its own.
        if phase != Phase::Requesting {
            self.transaction = now.random as u32;
            self.began_ms = now.ms;
            self.offer = None;
        }
        self.phase = phase;
        self.sent = 0;
        self.next_ms = (phase != Phase::Bound).then_some(now.ms);
    }

    fn wait(&mut self) {
        self.phase = Phase::Waiting;
        self.next_ms = None;
        self.offer = None;
    }

    fn receive(&mut self, reply: &Reply, now: Moment, outputs: &mut Vec<Output>) {
        if reply.transaction != self.transaction || reply.mac != self.identity.mac || self.sent == 0 {
            return;
        }
        match (self.phase, reply.kind) {
            (Phase::Selecting, Kind::Offer) => {
                if let Some(lease) = Lease::of(reply, now.ms) {
                    self.offer = Some((lease.address.addr(), lease.server));
                    self.enter(Phase::Requesting, now);
                }
            }
            (Phase::Requesting | Phase::Renewing | Phase::Rebinding, Kind::Acknowledgement) => {
                let lease = Lease::of(reply, self.asked_ms).filter(|lease| self.is_meant(lease));
                if let Some(lease) = lease.filter(|lease| !lease.is_over(now.ms)) {
                    self.enter(Phase::Bound, now);
                    self.lease = Some(lease.clone());
                    outputs.push(Output::Bound(lease));
                }
            }
            (Phase::Requesting | Phase::Renewing | Phase::Rebinding, Kind::Refusal)
                if self.may_refuse(reply) =>
            {
                if self.lease.take().is_some() {
                    outputs.push(Output::Lost);
                }
                self.enter(Phase::Selecting, now);
                self.next_ms = Some(now.ms + AFTER_REFUSAL + now.up_to(JITTER));
            }
            _ => {}
        }
    }

    /// Whether `lease` is what was asked for, from whom it was asked.
    fn is_meant(&self, lease: &Lease) -> bool {
        let (address, server) = (lease.address.addr(), lease.server);
        match self.phase {
            Phase::Requesting => self.offer == Some((address, server)),
            Phase::Renewing => {
                self.lease.as_ref().is_some_and(|old| old.address.addr() == address && old.server == server)
            }
            _ => self.lease.as_ref().is_some_and(|old| old.address.addr() == address),
        }
    }

    fn may_refuse(&self, reply: &Reply) -> bool {
        match self.phase {
            Phase::Requesting => {
                reply.server.is_some() && reply.server == self.offer.map(|(_, server)| server)
            }
            Phase::Renewing => {
                reply.server.is_some() && reply.server == self.lease.as_ref().map(|old| old.server)
            }
            _ => reply.server.is_some(),
        }
    }

    /// Sends what is due.
    fn send(&mut self, now: Moment, outputs: &mut Vec<Output>) {
        if self.next_ms.is_none_or(|next| next > now.ms) {
            return;
        }
        if self.phase == Phase::Requesting && self.sent >= REQUESTS {
            self.enter(Phase::Selecting, now);
        }
        // A lease counts from its request, and a late answer to an earlier one must not make it longer. While it is
        // prolonged each request has a number of its own; an offer is asked for with one number, for half a minute at
        // most, and counts from the first time.
        if matches!(self.phase, Phase::Renewing | Phase::Rebinding) {
            self.transaction = now.random as u32;
        }
        if self.phase != Phase::Requesting || self.sent == 0 {
            self.asked_ms = now.ms;
        }
        let has = self.lease.as_ref().map(|lease| lease.address.addr());
        let (kind, to) = match self.phase {
            Phase::Waiting | Phase::Bound => return,
            Phase::Selecting => (MessageType::Discover, To::Link),
            Phase::Requesting | Phase::Rebinding => (MessageType::Request, To::Link),
            Phase::Renewing => {
                let server = self.lease.as_ref().map(|lease| lease.server);
                (MessageType::Request, server.map_or(To::Link, To::Server))
            }
        };
        let request = Request {
            kind,
            transaction: self.transaction,
            mac: self.identity.mac,
            seconds: u16::try_from(now.ms.saturating_sub(self.began_ms) / 1000).unwrap_or(u16::MAX),
            has,
            wants: self.offer.map(|(address, _)| address),
            server: self.offer.map(|(_, server)| server),
            hostname: self.identity.hostname.as_deref(),
        };
        let from = has.unwrap_or(Ipv4Addr::UNSPECIFIED);
        outputs.push(Output::Send { payload: request.bytes(), from, to });
        self.next_ms = Some(now.ms + self.pause(now));
        self.sent += 1;
    }

    /// Milliseconds until the message is repeated.
    fn pause(&self, now: Moment) -> u64 {
        let doubled = (FIRST_WAIT << self.sent.min(8)).min(LONGEST_WAIT) - JITTER + now.up_to(2 * JITTER);
        let lease = self.lease.as_ref();
        let until = match self.phase {
            Phase::Renewing => lease.and_then(|lease| lease.rebind_ms),
            // What began before its time, with a link that came back, is repeated like a first request.
            Phase::Rebinding => lease
                .filter(|lease| lease.rebind_ms.is_some_and(|time| time <= now.ms))
                .and_then(|lease| lease.expires_ms),
            _ => None,
        };
        let Some(until) = until else { return doubled };
        let half = until.saturating_sub(now.ms) / 2;
        // Half of what is left, a minute at least; but a lease of less than two is asked for as often as a first one.
        half.max(RENEWAL_WAIT.min(doubled)).max(SHORTEST_WAIT)
    }

    /// Gives the lease back.
    fn release(&mut self, now: Moment, outputs: &mut Vec<Output>) {
        let Some(lease) = self.lease.take() else { return };
        let request = Request {
            kind: MessageType::Release,
            transaction: now.random as u32,
            mac: self.identity.mac,
            seconds: 0,
            has: Some(lease.address.addr()),
            wants: None,
            server: Some(lease.server),
            hostname: None,
        };
        let (from, to) = (lease.address.addr(), To::Server(lease.server));
        outputs.extend([Output::Send { payload: request.bytes(), from, to }, Output::Lost]);
    }
}
