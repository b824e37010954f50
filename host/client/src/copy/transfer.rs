//! Copies over the connection.

use std::io;
use std::path::{Path, PathBuf};

use corten_api::v1;
use corten_api::v1::copy_to_request::Message;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt as _;

use super::pack::pack;
use super::pieces::{Gather, Pieces, WAITING, Whole};
use super::{CopyError, Remote, Unpacked, Unpacker};
use crate::connection::Connection;
use crate::view::{Done, size};

/// Copies a file or folder of a container to this machine: into `local` if that is a folder, else as what it says.
pub async fn from_node(connection: &Connection, from: &Remote, local: &Path) -> Result<Done, CopyError> {
    let unpacker = unpacker(from, local)?;
    let request = v1::CopyFromRequest { container: from.container.clone(), path: from.path.clone() };
    let mut chunks = connection.wait(connection.workloads().copy_from(request)).await?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let unpacking = tokio::task::spawn_blocking(move || unpacker.unpack(Pieces::new(receiver)));
    let failed = loop {
        match chunks.message().await {
            Ok(Some(chunk)) => {
                // A thread that has stopped says itself why.
                if sender.send(Ok(chunk.data)).await.is_err() {
                    break None;
                }
            }
            Ok(None) => break None,
            Err(status) => {
                // What is there is not all of it, even if it looks so.
                let _ = sender.send(Err(io::ErrorKind::UnexpectedEof.into())).await;
                break Some(connection.explain(&status));
            }
        }
    };
    drop(sender);
    let ended = unpacking.await.unwrap_or_else(|error| Err(CopyError::at(local)(io::Error::other(error))));
    if let Some(error) = failed {
        return Err(error.into());
    }
    let Unpacked { files, bytes, passed_over } = ended?;
    let devices =
        if passed_over > 0 { format!(", without {passed_over} devices and pipes") } else { String::new() };
    Ok(Done::new(format!("{}: {files} files, {}{devices}", local.display(), size(bytes))))
}

/// Where what comes goes.
fn unpacker(from: &Remote, local: &Path) -> Result<Unpacker, CopyError> {
    let asked = from.name().map(str::to_owned);
    if local.is_dir() || asked.is_none() {
        if !local.is_dir() {
            std::fs::create_dir(local).map_err(CopyError::at(local))?;
        }
        return Ok(Unpacker::new(local.to_owned(), asked, None));
    }
    let name = local.file_name().and_then(|name| name.to_str());
    let Some(name) = name.map(str::to_owned) else { return Err(CopyError::NoName(local.to_owned())) };
    Ok(Unpacker::new(folder_of(local), asked, Some(name)))
}

fn folder_of(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

/// Copies a file or folder of this machine into a container: see [`Remote::target`].
pub async fn to_node(connection: &Connection, local: &Path, to: &Remote) -> Result<Done, CopyError> {
    let own = local.canonicalize().map_err(CopyError::at(local))?;
    let name = own.file_name().and_then(|name| name.to_str());
    let (folder, name) = to.target(name.ok_or_else(|| CopyError::NoName(local.to_owned()))?);
    let (sender, receiver) = mpsc::channel(WAITING);
    let (packed, is_packed) = oneshot::channel();
    let mut packing = tokio::task::spawn_blocking(move || {
        let passed_over = pack(&own, &name, Gather::new(sender))?;
        // Nobody hears it if the node wants no more.
        let _ = packed.send(());
        Ok::<_, CopyError>(passed_over)
    });
    let start = v1::CopyToStart { container: to.container.clone(), folder };
    let first = v1::CopyToRequest { message: Some(Message::Start(start)) };
    let data = |piece| v1::CopyToRequest { message: Some(Message::Data(piece)) };
    let requests = tokio_stream::once(first).chain(Whole::new(receiver, is_packed).map(data));
    let mut client = connection.workloads();
    let mut call = std::pin::pin!(connection.wait(client.copy_to(requests)));
    let lost = |error| CopyError::at(local)(io::Error::other(error));
    let (answer, passed_over) = tokio::select! {
        biased;
        // What the node says of a copy that it does not want is more than that nobody takes it.
        answer = &mut call => (answer?, Vec::new()),
        packed = &mut packing => {
            let passed_over = packed.unwrap_or_else(|error| Err(lost(error)))?;
            (call.await?, passed_over)
        }
    };
    let v1::CopyToResponse { files, bytes } = answer;
    let without = match passed_over.as_slice() {
        [] => String::new(),
        [first, rest @ ..] => {
            format!(", without {} and {} more that are no files", first.display(), rest.len())
        }
    };
    Ok(Done::new(format!("{}:{}: {files} files, {}{without}", to.container, to.path, size(bytes))))
}
