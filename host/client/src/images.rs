//! Images that are brought to a node: fetched by it, or sent from here.

use std::io;
use std::path::{Path, PathBuf};

use corten_api::v1;
use corten_api::v1::import_image_request::Message;
use tokio::io::AsyncReadExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt as _;
use tonic::Streaming;

use crate::connection::{Connection, NodeError};
use crate::copy::Whole;
use crate::view::{Done, Got, GotImages, size};

/// Bytes that are sent at a time, and pieces that wait.
const PIECE: usize = 64 << 10;
const WAITING: usize = 4;

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes of a file are on their way, of so many.
    Sent(u64, u64),
    /// The node is at a step: its name, and bytes that it has of those that it wants; 0 for what it does not know.
    Step(String, u64, u64),
    /// Something went wrong, and is tried again.
    Trouble(String),
}

/// An image could not be brought to a node.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The file.
    #[error("{}: {source}", path.display())]
    File {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Has a node fetch an image from its registry.
pub async fn pull(
    connection: &Connection,
    name: &str,
    told: impl FnMut(Progress),
) -> Result<GotImages, NodeError> {
    let request = v1::PullImageRequest { name: name.to_owned() };
    let answers = connection.wait(connection.images().pull(request)).await?;
    follow(connection, answers, told).await
}

/// Sends an archive to a node, which takes the images in it under these names, or under its own without any.
pub async fn import(
    connection: &Connection,
    path: &Path,
    names: &[String],
    mut told: impl FnMut(Progress) + Send + Clone + 'static,
) -> Result<GotImages, ImageError> {
    let failed = |source| ImageError::File { path: path.to_owned(), source };
    let mut file = tokio::fs::File::open(path).await.map_err(failed)?;
    let total = file.metadata().await.map_err(failed)?.len();
    let (sender, receiver) = mpsc::channel(WAITING);
    let (whole, is_whole) = oneshot::channel();
    let mut sent_told = told.clone();
    let reading = async move {
        let mut sent = 0;
        loop {
            let mut piece = vec![0; PIECE];
            let read = file.read(&mut piece).await?;
            if read == 0 {
                // Nobody hears it if the node wants no more.
                let _ = whole.send(());
                return Ok::<_, io::Error>(());
            }
            piece.truncate(read);
            sent += read as u64;
            if sender.send(piece).await.is_err() {
                return Ok(());
            }
            sent_told(Progress::Sent(sent, total.max(sent)));
        }
    };
    let start = v1::ImportStart { names: names.to_vec() };
    let first = v1::ImportImageRequest { message: Some(Message::Start(start)) };
    let data = |piece| v1::ImportImageRequest { message: Some(Message::Data(piece)) };
    let requests = tokio_stream::once(first).chain(Whole::new(receiver, is_whole).map(data));
    let mut client = connection.images();
    let importing = async {
        let answers = connection.wait(client.import(requests)).await?;
        follow(connection, answers, &mut told).await
    };
    let (mut reading, mut importing) = (std::pin::pin!(reading), std::pin::pin!(importing));
    tokio::select! {
        biased;
        got = &mut importing => Ok(got?),
        read = &mut reading => {
            read.map_err(failed)?;
            Ok(importing.await?)
        }
    }
}

/// Follows answers to their end.
async fn follow(
    connection: &Connection,
    mut answers: Streaming<v1::ImageProgress>,
    mut told: impl FnMut(Progress),
) -> Result<GotImages, NodeError> {
    let mut got = Vec::new();
    while let Some(progress) = answers.message().await.map_err(|status| connection.explain(&status))? {
        if !progress.trouble.is_empty() {
            told(Progress::Trouble(progress.trouble));
        }
        if progress.step == "done" {
            got.push(Got { name: progress.name, digest: progress.digest });
        } else {
            told(Progress::Step(progress.step, progress.done_bytes, progress.total_bytes));
        }
    }
    Ok(GotImages(got))
}

/// Removes an image of a node's store.
pub async fn remove(connection: Connection, name: String) -> Result<Done, NodeError> {
    let request = v1::RemoveImageRequest { name: name.clone() };
    let response = connection.wait(connection.images().remove(request)).await?;
    Ok(Done::new(format!("{name} was removed: {} are free", size(response.freed_bytes))))
}
