//! Answers one request: a task that reads on threads that may wait for the disk, and gives what it read to a stream. Who
//! does not take lines from the stream stops this task and nothing else; what leaves the files meanwhile is counted.

use std::sync::Arc;

use corten_api::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::Logs;
use super::cursor::Until;
use super::merge::{Merge, More, Question};
use super::name::Wanted;
use super::store::Store;

/// Lines that wait for a reader; it is told of more than that when it has taken these.
const WAITING: usize = 16;

pub(super) fn start(
    logs: Logs,
    wanted: Wanted,
    request: &v1::WorkloadLogsRequest,
) -> ReceiverStream<v1::ContainerLogLine> {
    let question = Question {
        newest: (request.tail > 0).then_some(request.tail.into()),
        since_ns: request.since_ns,
        until: if request.follow { Until::Never } else { Until::Now },
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        // Where a thread panicked the stream ends.
        let _ = run(logs, wanted, question, sender).await;
    });
    ReceiverStream::new(receiver)
}

async fn run(
    logs: Logs,
    wanted: Wanted,
    question: Question,
    lines: mpsc::Sender<v1::ContainerLogLine>,
) -> Result<(), tokio::task::JoinError> {
    let mut news = logs.news();
    let (stores, mut changes) = logs.wanted(&wanted);
    let mut merge = tokio::task::spawn_blocking(move || Merge::new(&stores, question)).await?;
    loop {
        news.borrow_and_update();
        let came = (question.until == Until::Never && logs.changes() != changes).then(|| {
            let (stores, now) = logs.wanted(&wanted);
            changes = now;
            stores
        });
        let (left, batch, more) = tokio::task::spawn_blocking(move || next(merge, came)).await?;
        merge = left;
        for line in batch {
            if lines.send(line).await.is_err() {
                return Ok(());
            }
        }
        if more == More::Perhaps {
            continue;
        }
        if question.until == Until::Now {
            return Ok(());
        }
        while !merge.has_more() && logs.changes() == changes {
            tokio::select! {
                () = lines.closed() => return Ok(()),
                // The counter lives as long as the logs, of which this task has a clone.
                _ = news.changed() => {}
            }
        }
    }
}

fn next(mut merge: Merge, came: Option<Vec<Arc<Store>>>) -> (Merge, Vec<v1::ContainerLogLine>, More) {
    if let Some(stores) = came {
        merge.follow(&stores);
    }
    let (lines, more) = merge.batch();
    (merge, lines, more)
}
