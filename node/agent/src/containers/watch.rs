//! Asks the container service again and again how its workloads are, for as long as there are any.

use std::sync::Arc;
use std::time::Duration;

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::workloads_client::WorkloadsClient;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::{Containers, Known};
use crate::configuration::InForce;
use crate::events::Events;

/// Between two questions, and the longest pause after one that was not answered.
const PERIOD: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Time that the service has for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Time without an answer after which nothing is known any more. Starting the service again takes less.
const SILENT_AFTER: Duration = Duration::from_secs(15);
/// Bytes of the largest answer: some thousands of containers.
const MAX_ANSWER: usize = 8 << 20;

/// Keeps what is known up to date, and tells what is new.
pub async fn watch(
    containers: Containers,
    mut in_force: watch::Receiver<Arc<InForce>>,
    known: watch::Sender<Arc<Known>>,
    events: Events,
) {
    let mut client = WorkloadsClient::new(containers).max_decoding_message_size(MAX_ANSWER);
    let mut pause = PERIOD;
    let mut heard = Instant::now();
    loop {
        let configured = !in_force.borrow_and_update().settings.containers.workloads.is_empty();
        // Those that were taken out of the configuration are stopping for a while.
        if !configured && known.borrow().workloads().is_empty() {
            known.send_if_modified(|known| std::mem::take(known) != Arc::default());
            if in_force.changed().await.is_err() {
                return;
            }
            (pause, heard) = (PERIOD, Instant::now());
            continue;
        }
        let asked = timeout(ANSWER_WITHIN, client.list(v1::ListWorkloadsRequest {})).await;
        match asked {
            Ok(Ok(list)) => {
                (pause, heard) = (PERIOD, Instant::now());
                let mut new = Vec::new();
                known.send_modify(|known| new = Arc::make_mut(known).hear(list.into_inner()));
                for change in new {
                    events.say(change.kind, change.subject, change.text);
                }
            }
            unanswered => {
                let why = match unanswered {
                    Ok(Err(status)) => ApiError::from(&status).cause,
                    _ => format!("the container service did not answer within {} s", ANSWER_WITHIN.as_secs()),
                };
                if heard.elapsed() >= SILENT_AFTER {
                    known.send_modify(|known| Arc::make_mut(known).silent = Some(why));
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = in_force.changed() => if changed.is_err() { return },
        }
    }
}
