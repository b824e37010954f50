//! What can happen to the page.

use std::time::Duration;

use crate::view::{Event, Health, Info, Links, LogLine, Services, Workloads};

/// Something that happened.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// A person pressed a key.
    Key(Key),
    /// The size of the terminal changed.
    Resized,
    /// A second passed.
    Tick,
    /// The node is being connected to.
    Connecting,
    /// There is no connection, and when the next attempt is.
    Lost { why: String, help: Option<String>, again: Duration },
    /// What the node answered when it was asked last.
    Seen(Box<Seen>),
    /// A line of its log.
    Log(LogLine),
    /// Something happened on it.
    Event(Event),
}

/// What a node says of itself at one moment. In maintenance it says no more than what it is.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) info: Info,
    pub(super) health: Option<Health>,
    pub(super) services: Option<Services>,
    pub(super) links: Option<Links>,
    pub(super) workloads: Option<Workloads>,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Letter(char),
    Tab,
    BackTab,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    Backspace,
    /// Ctrl-C, which ends the page whatever else it does.
    Interrupt,
}
