//! Streams of several nodes at a time: logs, events and what containers use, as they come.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;

use corten_api::error::ApiError;
use corten_api::v1;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Status, Streaming};

use crate::connection::{Connection, NodeError};
use crate::contexts::{Node, NodeName};
use crate::view::{Answer, Event, LogLine, Usage};

/// Lines that wait to be printed. A reader that is slower holds the nodes up, which then count what is lost.
const WAITING: usize = 256;

/// From when on lines are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// This moment.
    Moment(Timestamp),
    /// So long ago, by the clock of the node.
    Ago(SignedDuration),
}

/// A text that is neither a moment nor a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time: expected how long ago, as 90s or 2h30m, or a moment, as 2026-11-28T07:36:41Z")]
pub struct NoTime(String);

impl std::str::FromStr for Since {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        match text.parse::<SignedDuration>() {
            Ok(ago) if !ago.is_negative() => Ok(Self::Ago(ago)),
            _ => Err(NoTime(text.to_owned())),
        }
    }
}

/// Who has printed what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Services, init and the kernel.
    Node,
    /// `kernel`, `corten` for init itself, a service, or a workload or `WORKLOAD/CONTAINER`. Where a service and a
    /// workload have the same name it is the service.
    Named(String),
    /// A workload or `WORKLOAD/CONTAINER`.
    Workload(String),
}

/// Which lines of a log are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Whose.
    pub source: Source,
    /// Whether to wait for more.
    pub end: End,
    /// The newest so many lines; 0 for all that are kept.
    pub tail: u32,
    /// Only lines from then on.
    pub since: Option<Since>,
}

/// Whether what happened before is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backlog {
    /// Only what happens from now on.
    Ignored,
    /// First what is kept of before.
    Kept,
}

/// What is done at the end of what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Stop.
    Stop,
    /// Wait for more.
    Follow,
}

/// Reads the logs of nodes until all have ended, or the reader has seen enough; lines come in the order in which they
/// arrive. The answers say how it ended with each node.
pub async fn logs(
    nodes: Vec<(NodeName, Node)>,
    query: LogQuery,
    mut reader: impl FnMut(&NodeName, &LogLine) -> ControlFlow<()>,
) -> Vec<Answer<()>> {
    let open = move |connection: Connection| {
        let query = query.clone();
        async move { open_lines(&connection, query).await }
    };
    follow(nodes, open, |name, line| reader(name, &line)).await
}

/// The same with events: from now on, and with a backlog those before that are kept.
pub async fn events(
    nodes: Vec<(NodeName, Node)>,
    backlog: Backlog,
    mut reader: impl FnMut(&NodeName, &Event) -> ControlFlow<()>,
) -> Vec<Answer<()>> {
    let open = move |connection: Connection| async move {
        let events: Items<v1::Event> = Box::pin(open_events(&connection, backlog).await?);
        Ok(events)
    };
    follow(nodes, open, |name, event| reader(name, &Event::from(event))).await
}

/// What containers use, again and again; once with [`End::Stop`].
pub async fn stats(
    nodes: Vec<(NodeName, Node)>,
    workload: String,
    end: End,
    mut reader: impl FnMut(&NodeName, Usage) -> ControlFlow<()>,
) -> Vec<Answer<()>> {
    let request = v1::WorkloadStatsRequest { name: workload, interval_ms: 0, once: end == End::Stop };
    let open = move |connection: Connection| {
        let request = request.clone();
        async move {
            let stats = connection.answer(connection.workloads().stats(request)).await?;
            let stats: Items<v1::WorkloadStats> = Box::pin(stats);
            Ok(stats)
        }
    };
    follow(nodes, open, |name, stats| reader(name, Usage::from(stats))).await
}

/// What a stream of a node brings.
type Items<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

/// Lines of services or of containers, by who is meant.
async fn open_lines(connection: &Connection, query: LogQuery) -> Result<Items<LogLine>, NodeError> {
    let name = match &query.source {
        Source::Workload(name) => return open_of_workload(connection, name.clone(), &query).await,
        // No service has such a name.
        Source::Named(name) if name.contains('/') => {
            return open_of_workload(connection, name.clone(), &query).await;
        }
        Source::Named(name) => name.clone(),
        Source::Node => String::new(),
    };
    let of_service = match open_logs(connection, name.clone(), &query).await {
        Ok(lines) => return Ok(Box::pin(lines.map(|line| line.map(LogLine::from)))),
        Err(NodeError::Answered(error)) if error.code == Code::NotFound && !name.is_empty() => error,
        Err(error) => return Err(error),
    };
    match open_of_workload(connection, name.clone(), &query).await {
        Err(NodeError::Answered(error)) if error.code == Code::NotFound => {
            let cause = format!("neither a service nor a workload is named {name:?}");
            let remedies = [of_service.remedy, error.remedy];
            let remedies = remedies.into_iter().filter(|remedy| !remedy.is_empty()).collect::<Vec<_>>();
            Err(NodeError::Answered(ApiError::new(Code::NotFound, cause, remedies.join("; "))))
        }
        // A node without containers, or whoever may read no more than services.
        Err(NodeError::Answered(error))
            if matches!(error.code, Code::Unimplemented | Code::PermissionDenied) =>
        {
            Err(NodeError::Answered(of_service))
        }
        opened => opened,
    }
}

async fn open_of_workload(
    connection: &Connection,
    name: String,
    query: &LogQuery,
) -> Result<Items<LogLine>, NodeError> {
    let (follow, since_ns) = (query.end == End::Follow, since_ns(connection, query).await?);
    let request = v1::WorkloadLogsRequest { name, follow, tail: query.tail, since_ns };
    let lines = connection.answer(connection.workloads().logs(request)).await?;
    Ok(Box::pin(lines.map(|line| line.map(LogLine::from))))
}

pub(crate) async fn open_logs(
    connection: &Connection,
    source: String,
    query: &LogQuery,
) -> Result<Streaming<v1::LogLine>, NodeError> {
    let (follow, since_ns) = (query.end == End::Follow, since_ns(connection, query).await?);
    let request = v1::ReadLogsRequest { source, follow, tail: query.tail, since_ns };
    connection.answer(connection.logs().read(request)).await
}

async fn since_ns(connection: &Connection, query: &LogQuery) -> Result<i64, NodeError> {
    Ok(match query.since {
        None => 0,
        Some(Since::Moment(moment)) => nanoseconds(moment.as_nanosecond()),
        Some(Since::Ago(ago)) => {
            let info = connection.answer(connection.node().info(v1::InfoRequest {})).await?;
            nanoseconds(i128::from(info.now_ns) - ago.as_nanos())
        }
    })
}

pub(crate) async fn open_events(
    connection: &Connection,
    backlog: Backlog,
) -> Result<Streaming<v1::Event>, NodeError> {
    let backlog = backlog == Backlog::Kept;
    connection.answer(connection.events().watch(v1::WatchEventsRequest { backlog })).await
}

/// 0 would mean no limit.
fn nanoseconds(ns: i128) -> i64 {
    i64::try_from(ns.max(1)).unwrap_or(i64::MAX)
}

async fn follow<M, F, A>(
    nodes: Vec<(NodeName, Node)>,
    open: F,
    mut reader: impl FnMut(&NodeName, M) -> ControlFlow<()>,
) -> Vec<Answer<()>>
where
    M: Send + 'static,
    F: Fn(Connection) -> A + Clone + Send + 'static,
    A: Future<Output = Result<Items<M>, NodeError>> + Send,
{
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let mut tasks = JoinSet::new();
    for (place, (name, node)) in nodes.into_iter().enumerate() {
        let (sender, open) = (sender.clone(), open.clone());
        tasks.spawn(async move {
            let result = read(&name, &node, open, &sender).await;
            (place, Answer { node: name, result })
        });
    }
    drop(sender);
    while let Some((name, item)) = receiver.recv().await {
        if reader(&name, item).is_break() {
            break;
        }
    }
    // Whoever still has something to say finds that nobody listens.
    drop(receiver);
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

async fn read<M, F, A>(
    name: &NodeName,
    node: &Node,
    open: F,
    sender: &mpsc::Sender<(NodeName, M)>,
) -> Result<(), NodeError>
where
    F: Fn(Connection) -> A,
    A: Future<Output = Result<Items<M>, NodeError>>,
{
    let connection = Connection::open(node).await?;
    let mut stream = open(connection.clone()).await?;
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            () = sender.closed() => None,
        };
        let Some(item) = message else { return Ok(()) };
        let item = item.map_err(|status| connection.explain(&status))?;
        if sender.send((name.clone(), item)).await.is_err() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_is_a_moment_or_how_long_ago() {
        assert_eq!("90s".parse(), Ok(Since::Ago(SignedDuration::from_secs(90))));
        assert_eq!("2h30m".parse(), Ok(Since::Ago(SignedDuration::from_mins(150))));
        let moment = "2026-11-28T07:36:41Z".parse().map(|since| match since {
            Since::Moment(moment) => moment.as_second(),
            Since::Ago(_) => 0,
        });
        assert_eq!(moment, Ok(1_795_851_401));
        for text in ["", "-90s", "90", "yesterday", "90 s ago"] {
            let read = text.parse::<Since>();
            assert!(read.is_err() || text == "90 s ago", "{text}: {read:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_refused(text in "[0-9a-zTZ:. +-]{0,30}") {
            let _ = text.parse::<Since>();
        }
    }
}
