//! Everything that changes, told to all who listen: a bounded number is kept, and who is too slow is told how much was
//! missed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use corten_api::v1;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;
use tokio_stream::{Stream, StreamExt as _};

use crate::time::now_ns;

/// Events that are kept for those who come later.
const KEPT: usize = 512;
/// Events that a reader may be behind.
const BEHIND: usize = 256;

/// What a change is about: the kinds of [`v1::Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A service.
    Service,
    /// A link, an address, a lease.
    Network,
    /// The machine configuration.
    Configuration,
    /// The verdict, or one check.
    Health,
    /// A changing call.
    Audit,
    /// A container of a workload.
    Workload,
    /// An image that containers are made of.
    Image,
    /// The node as a whole.
    Node,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Network => "network",
            Self::Configuration => "configuration",
            Self::Health => "health",
            Self::Audit => "audit",
            Self::Workload => "workload",
            Self::Image => "image",
            Self::Node => "node",
        }
    }
}

/// The events of this node since the agent started. Clones share them.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<v1::Event>,
    kept: Arc<Mutex<VecDeque<v1::Event>>>,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::channel(BEHIND).0, kept: Arc::default() }
    }
}

impl Events {
    /// Tells of a change.
    pub fn say(&self, kind: Kind, subject: impl Into<String>, text: impl Into<String>) {
        let event = v1::Event {
            at_ns: now_ns(),
            kind: kind.name().into(),
            subject: subject.into(),
            text: text.into(),
            lost: 0,
        };
        // Both under one lock, so that who begins to listen in between misses nothing and hears nothing twice.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(event.clone());
        // Nobody may be listening.
        let _ = self.sender.send(event);
    }

    /// The kept events, oldest first.
    pub fn kept(&self) -> Vec<v1::Event> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Events as they come; with `backlog` after the kept ones.
    pub fn watch(&self, request: &v1::WatchEventsRequest) -> impl Stream<Item = v1::Event> + Send + 'static {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.sender.subscribe();
        let backlog: Vec<v1::Event> =
            if request.backlog { kept.iter().cloned().collect() } else { Vec::new() };
        drop(kept);
        let mut lost = 0;
        let live = BroadcastStream::new(receiver).filter_map(move |next| match next {
            Ok(event) => Some(v1::Event { lost: std::mem::take(&mut lost), ..event }),
            Err(BroadcastStreamRecvError::Lagged(missed)) => {
                lost += missed;
                None
            }
        });
        tokio_stream::iter(backlog).chain(live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_late_listener_gets_what_is_kept_and_a_slow_one_is_told_what_it_missed() {
        let events = Events::default();
        events.say(Kind::Service, "web", "ready");
        let mut all = Box::pin(events.watch(&v1::WatchEventsRequest { backlog: true }));
        let mut new = Box::pin(events.watch(&v1::WatchEventsRequest { backlog: false }));
        for number in 0..BEHIND + 10 {
            events.say(Kind::Node, number.to_string(), "");
        }
        assert_eq!(all.next().await.expect("kept").subject, "web");
        let first = new.next().await.expect("an event");
        assert_eq!((first.lost, first.subject.as_str()), (10, "10"));
        assert_eq!(events.kept().len(), BEHIND + 11);
    }
}
