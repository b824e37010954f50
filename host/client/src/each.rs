//! The same question to several nodes at a time.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::connection::{Connection, NodeError};
use crate::contexts::{Node, NodeName};
use crate::view::Answer;

/// Nodes that are talked to at a time: well below the file descriptors that a process may open.
const AT_A_TIME: usize = 128;

/// Asks each node over a connection of its own. Answers are in the order of the nodes; one that can't be reached
/// holds up none of the others.
pub async fn each<T, F, A>(nodes: Vec<(NodeName, Node)>, ask: F) -> Vec<Answer<T>>
where
    T: Send + 'static,
    F: Fn(Connection) -> A + Clone + Send + 'static,
    A: Future<Output = Result<T, NodeError>> + Send,
{
    let connect = move |node: Node| {
        let ask = ask.clone();
        async move {
            let connection = Connection::open(&node).await?;
            ask(connection).await
        }
    };
    each_node(nodes, connect).await
}

/// Does the same with each node at a time, where that takes more than one connection.
pub async fn each_node<T, F, A>(nodes: Vec<(NodeName, Node)>, work: F) -> Vec<Answer<T>>
where
    T: Send + 'static,
    F: Fn(Node) -> A + Clone + Send + 'static,
    A: Future<Output = Result<T, NodeError>> + Send,
{
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut tasks = JoinSet::new();
    for (place, (name, node)) in nodes.into_iter().enumerate() {
        let (work, room) = (work.clone(), room.clone());
        tasks.spawn(async move {
            // The semaphore is never closed.
            let _place = room.acquire_owned().await.ok();
            (place, Answer { node: name, result: work(node).await })
        });
    }
    let mut answers: Vec<_> = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
