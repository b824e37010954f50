//! What the node says as actions: asked once a second, followed where it offers streams, connected to again when the
//! connection is lost.

use std::time::Duration;

use corten_api::v1;
use tokio::sync::Notify;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, sleep, timeout};

use super::action::{Action, Seen};
use crate::ask;
use crate::connection::{Connection, NodeError};
use crate::contexts::Node;
use crate::follow::{Backlog, End, LogQuery, Source, open_events, open_logs};
use crate::view::Mode;

/// Between two questions.
const PERIOD: Duration = Duration::from_secs(1);

/// Until the first attempt to connect again; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest wait. A node takes longer than this to start anyway.
const LAST_PAUSE: Duration = Duration::from_secs(15);

/// A connection that lasted this long was a good one: the next attempt comes soon again.
const LASTED: Duration = Duration::from_secs(10);

/// Lines of the log from before that are asked for.
const BEFORE: u32 = 200;

/// Nobody is interested any more.
struct Over;

/// Feeds the page until nobody takes actions any more.
pub(super) async fn feed(node: Node, actions: Sender<Action>) {
    let mut pause = FIRST_PAUSE;
    loop {
        if actions.send(Action::Connecting).await.is_err() {
            return;
        }
        let start = Instant::now();
        // Large, and part of everything that begins with it.
        let error = match Box::pin(live(&node, &actions)).await {
            Ok(Over) => return,
            Err(error) => error,
        };
        if start.elapsed() >= LASTED {
            pause = FIRST_PAUSE;
        }
        let lost = Action::Lost { why: error.to_string(), help: error.remedy(), again: pause };
        if actions.send(lost).await.is_err() {
            return;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Feeds the page over one connection.
async fn live(node: &Node, actions: &Sender<Action>) -> Result<Over, NodeError> {
    let connection = Connection::open(node).await?;
    let changed = Notify::new();
    // The first of them that ends, ends all: the node left maintenance, or the connection is gone.
    tokio::select! {
        over = questions(&connection, actions, &changed) => over,
        over = lines(&connection, actions) => over,
        over = happenings(&connection, actions, &changed) => over,
    }
}

/// Asks once a second, and at once when something happened.
async fn questions(
    connection: &Connection,
    actions: &Sender<Action>,
    changed: &Notify,
) -> Result<Over, NodeError> {
    let mut first = None;
    loop {
        let seen = look(connection).await?;
        // A node that got its configuration, or lost it, has other things to offer, to others.
        let mode = seen.info.mode();
        if *first.get_or_insert(mode) != mode {
            return Err(NodeError::Lost("the node got another configuration".to_owned()));
        }
        if actions.send(Action::Seen(Box::new(seen))).await.is_err() {
            return Ok(Over);
        }
        let _ = timeout(PERIOD, changed.notified()).await;
    }
}

async fn look(connection: &Connection) -> Result<Seen, NodeError> {
    let info = ask::info(connection.clone()).await?;
    if info.mode() == Mode::Maintenance {
        return Ok(Seen { info, health: None, services: None, links: None, workloads: None });
    }
    let (health, services, links, workloads) = tokio::join!(
        ask::health(connection.clone()),
        ask::services(connection.clone()),
        ask::links(connection.clone()),
        ask::workloads(connection.clone()),
    );
    Ok(Seen {
        info,
        health: offered(health)?,
        services: offered(services)?,
        links: offered(links)?,
        workloads: offered(workloads)?,
    })
}

/// What a node does not offer, or not to this person, is left out.
fn offered<T>(result: Result<T, NodeError>) -> Result<Option<T>, NodeError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(NodeError::Answered(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn lines(connection: &Connection, actions: &Sender<Action>) -> Result<Over, NodeError> {
    let query = LogQuery { source: Source::Node, end: End::Follow, tail: BEFORE, since: None };
    if let Some(mut stream) = offered(open_logs(connection, String::new(), &query).await)? {
        while let Some(line) = stream.message().await.map_err(|status| connection.explain(&status))? {
            let line: v1::LogLine = line;
            if actions.send(Action::Log(line.into())).await.is_err() {
                return Ok(Over);
            }
        }
    }
    without().await
}

async fn happenings(
    connection: &Connection,
    actions: &Sender<Action>,
    changed: &Notify,
) -> Result<Over, NodeError> {
    if let Some(mut stream) = offered(open_events(connection, Backlog::Ignored).await)? {
        while let Some(event) = stream.message().await.map_err(|status| connection.explain(&status))? {
            changed.notify_one();
            let event: v1::Event = event;
            if actions.send(Action::Event(event.into())).await.is_err() {
                return Ok(Over);
            }
        }
    }
    without().await
}

/// A stream that is not there, or has ended, is no reason to stop asking.
async fn without() -> Result<Over, NodeError> {
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use tokio::sync::mpsc::{self, Receiver};

    use super::*;
    use crate::fake::{Facts, Fake, Owner};

    /// The first action of a kind, within a time in which it has to come.
    async fn until<T>(actions: &mut Receiver<Action>, wanted: impl Fn(Action) -> Option<T>) -> T {
        let found = async {
            loop {
                let action = actions.recv().await.expect("the feed goes on");
                if let Some(found) = wanted(action) {
                    return found;
                }
            }
        };
        timeout(Duration::from_secs(20), found).await.expect("it comes in time")
    }

    fn seen(action: Action) -> Option<Seen> {
        match action {
            Action::Seen(seen) => Some(*seen),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_node_that_goes_away_is_told_and_seen_again_once_it_is_back() {
        let owner = Owner::new();
        let fake = Fake::of(&owner, "lab");
        let (at, node) = (fake.at, owner.context(fake.at));
        let (sender, mut actions) = mpsc::channel(8);
        let feeding = tokio::spawn(feed(node, sender));
        let line = until(&mut actions, |action| match action {
            Action::Log(line) => Some(line.text),
            _ => None,
        });
        assert_eq!(line.await, "lab 0");
        // Answers come again every second, so none was missed meanwhile.
        let first = until(&mut actions, seen).await;
        assert_eq!(first.info.hostname(), "lab");
        // This node has no services to tell of, which is no reason to give up.
        assert!(first.services.is_none() && first.health.is_some());

        drop(fake);
        let again = until(&mut actions, |action| match action {
            Action::Lost { again, .. } => Some(again),
            _ => None,
        });
        assert_eq!(again.await, FIRST_PAUSE);
        let facts = Facts { hostname: "back".into(), ..Facts::default() };
        facts.unhealthy.store(1, Ordering::SeqCst);
        let _fake = Fake::start_at(at, &owner.node(5), &owner.clients(), facts);
        assert_eq!(until(&mut actions, seen).await.info.hostname(), "back");
        feeding.abort();
    }

    #[tokio::test]
    async fn a_feed_ends_with_the_page() {
        let owner = Owner::new();
        let fake = Fake::of(&owner, "lab");
        let (sender, actions) = mpsc::channel(8);
        drop(actions);
        let ended = timeout(Duration::from_secs(5), feed(owner.context(fake.at), sender)).await;
        assert!(ended.is_ok());
    }

    #[tokio::test]
    async fn a_node_in_maintenance_is_asked_for_nothing_else() {
        let owner = Owner::new();
        let fake = Fake::in_maintenance("ABCD-0123-1XYZ");
        let mut node = owner.context(fake.at);
        node.trust = crate::contexts::Trust::Fingerprint(fake.fingerprint);
        let (sender, mut actions) = mpsc::channel(8);
        let feeding = tokio::spawn(feed(node, sender));
        let seen = until(&mut actions, seen).await;
        assert!(seen.info.mode() == Mode::Maintenance && seen.health.is_none());
        feeding.abort();
    }
}
