//! What a client is doing: the states of RFC 2131, which do for IPv6 as well.

/// What a client is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The link is down, or the client was stopped.
    Waiting,
    /// Looking for servers.
    Selecting,
    /// Asking for what one offered.
    Requesting,
    /// Using a lease.
    Bound,
    /// Using it, and asking its server to prolong it.
    Renewing,
    /// Using it, and asking any server to prolong it.
    Rebinding,
}

impl Phase {
    /// Its name, lower case: RFC 2131's, and the same for what IPv6 calls soliciting.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Selecting => "selecting",
            Self::Requesting => "requesting",
            Self::Bound => "bound",
            Self::Renewing => "renewing",
            Self::Rebinding => "rebinding",
        }
    }
}
