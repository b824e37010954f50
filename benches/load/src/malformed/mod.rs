//! Requests that are wrong, each in a way of its own: before TLS, in TLS, in HTTP/2, in gRPC.

mod frames;
mod streams;
mod tls;

use crate::http2::Connection;
use crate::random::Random;
use crate::target::{Fault, Target};

/// What is wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Malformed {
    /// Bytes that are no TLS.
    Noise,
    /// A handshake that was changed or cut.
    Handshake,
    /// Records of TLS and frames of HTTP/2 that are none, after a good handshake.
    Frames,
    /// Messages that are no protobuf, or not of their method.
    Message,
    /// Methods that there are not.
    Method,
    /// Messages and headers that are too large, or say so.
    Oversized,
    /// Calls that are taken back at once.
    Reset,
    /// Calls that the caller may not make; each is written to the audit log.
    Forbidden,
}

impl Malformed {
    /// All of them, with how often one comes: what a turn of it sends differs by much.
    const TURNS: [(Self, usize); 8] = [
        (Self::Noise, 30),
        (Self::Handshake, 30),
        (Self::Frames, 20),
        (Self::Message, 5),
        (Self::Method, 5),
        (Self::Oversized, 5),
        (Self::Reset, 5),
        (Self::Forbidden, 1),
    ];

    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Noise,
        Self::Handshake,
        Self::Frames,
        Self::Message,
        Self::Method,
        Self::Oversized,
        Self::Reset,
        Self::Forbidden,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise => "no TLS",
            Self::Handshake => "broken handshakes",
            Self::Frames => "broken records and frames",
            Self::Message => "malformed messages",
            Self::Method => "unknown methods",
            Self::Oversized => "oversized messages and headers",
            Self::Reset => "calls that are reset",
            Self::Forbidden => "calls that are not allowed",
        }
    }

    /// One of them, as often as its turns say.
    pub(crate) fn any(random: &mut Random) -> Self {
        let all: usize = Self::TURNS.iter().map(|(_, turns)| turns).sum();
        let mut at = random.below(all);
        for (malformed, turns) in Self::TURNS {
            if at < turns {
                return malformed;
            }
            at -= turns;
        }
        Self::Noise
    }

    /// Sends some, and returns how many. A connection that outlives them is kept for the next.
    pub(crate) async fn send(
        self,
        target: &Target,
        kept: &mut Option<Connection>,
        random: &mut Random,
    ) -> Result<u64, Fault> {
        match self {
            Self::Noise => tls::noise(target, random).await,
            Self::Handshake => tls::handshake(target, random).await,
            Self::Frames => frames::send(target, random).await,
            Self::Message | Self::Method | Self::Oversized | Self::Reset | Self::Forbidden => {
                streams::send(self, target, kept, random).await
            }
        }
    }
}
