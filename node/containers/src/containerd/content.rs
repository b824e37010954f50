//! Blobs: manifests, configurations, and layers for as long as it takes to unpack them.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use super::{Containerd, SNAPSHOTTER, if_there, or_there, refused, request};
use crate::Error;
use crate::api::containerd::services::content::v1::content_client::ContentClient;
use crate::api::containerd::services::content::v1::{
    AbortRequest, InfoRequest, ReadContentRequest, WriteAction, WriteContentRequest,
};
use crate::api::containerd::services::leases::v1::leases_client::LeasesClient;
use crate::api::containerd::services::leases::v1::{
    AddResourceRequest, CreateRequest, DeleteRequest, ListRequest, Resource,
};

/// Pieces that are under way to containerd. Each has 256 KiB at most.
const UNDER_WAY: usize = 4;
/// When a lease ends that nobody gave back, since the node lost power meanwhile for example.
const EXPIRES: &str = "containerd.io/gc.expire";

/// What names a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// `sha256:…`.
    pub digest: String,
    /// Bytes.
    pub size: u64,
}

/// A lease: what is written under it stays until it is given back, though nothing refers to it yet. One that is dropped is
/// given back too, and what nothing refers to goes with it.
#[derive(Debug)]
pub struct Lease {
    id: String,
    header: MetadataValue<tonic::metadata::Ascii>,
    /// `None` once it was given back.
    containerd: Option<Containerd>,
}

impl Lease {
    /// A request whose results stay under the lease.
    pub(super) fn on<T>(&self, mut request: Request<T>) -> Request<T> {
        request.metadata_mut().insert("containerd-lease", self.header.clone());
        request
    }

    /// Gives it back: what it was taken for is done.
    pub async fn end(mut self) -> Result<(), Error> {
        match self.containerd.take() {
            Some(containerd) => containerd.end_lease(&self.id, Rests::Later).await,
            None => Ok(()),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(containerd), Ok(runtime)) = (self.containerd.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let id = std::mem::take(&mut self.id);
        runtime.spawn(async move {
            if let Err(error) = containerd.end_lease(&id, Rests::AtOnce).await {
                eprintln!("lease {id}: {error}");
            }
        });
    }
}

/// When what a lease has kept is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rests {
    /// With all that nothing refers to, when containerd looks for that.
    Later,
    /// Before the answer.
    AtOnce,
}

/// A blob that is being written. It is there once [`Self::finish`] says so, and checked by containerd then.
pub struct Writing {
    pieces: mpsc::Sender<WriteContentRequest>,
    answer: tokio::task::JoinHandle<Result<(), Status>>,
    offset: i64,
    name: String,
    size: i64,
}

impl Containerd {
    fn content(&self) -> ContentClient<Channel> {
        ContentClient::new(self.channel.clone())
    }

    /// Takes a lease that ends by itself at `expires`, RFC 3339.
    pub async fn lease(&self, id: &str, expires: &str) -> Result<Lease, Error> {
        let labels = [(EXPIRES.to_owned(), expires.to_owned())].into();
        let create = CreateRequest { id: id.to_owned(), labels };
        let mut leases = LeasesClient::new(self.channel.clone());
        or_there(leases.create(request(create)).await.map_err(refused("take a lease")).map(drop))?;
        let header = MetadataValue::try_from(id).map_err(|_| Error::Name(id.to_owned()))?;
        Ok(Lease { id: id.to_owned(), header, containerd: Some(self.clone()) })
    }

    /// Ids of all leases.
    pub async fn leases(&self) -> Result<Vec<String>, Error> {
        let mut leases = LeasesClient::new(self.channel.clone());
        let answer = leases.list(request(ListRequest::default())).await.map_err(refused("list leases"))?;
        Ok(answer.into_inner().leases.into_iter().map(|lease| lease.id).collect())
    }

    /// Keeps a snapshot that is there, and all that it stands on, under a lease.
    pub async fn keep_snapshot(&self, name: &str, lease: &Lease) -> Result<(), Error> {
        let resource = Resource { id: name.to_owned(), r#type: format!("snapshots/{SNAPSHOTTER}") };
        let add = AddResourceRequest { id: lease.id.clone(), resource: Some(resource) };
        let mut leases = LeasesClient::new(self.channel.clone());
        or_there(leases.add_resource(request(add)).await.map_err(refused("keep a snapshot")).map(drop))
    }

    /// Gives a lease back.
    pub async fn end_lease(&self, id: &str, rests: Rests) -> Result<(), Error> {
        let delete = DeleteRequest { id: id.to_owned(), sync: rests == Rests::AtOnce };
        let mut leases = LeasesClient::new(self.channel.clone());
        if_there(leases.delete(request(delete)).await.map_err(refused("end a lease"))).map(drop)
    }

    /// Whether a blob is there.
    pub async fn has_blob(&self, digest: &str) -> Result<bool, Error> {
        let info = InfoRequest { digest: digest.to_owned() };
        let answer = self.content().info(request(info)).await.map_err(refused("look for a blob"));
        Ok(if_there(answer)?.is_some())
    }

    /// A small blob as a whole: `None` where there is none.
    pub async fn read_blob(&self, digest: &str, max: usize) -> Result<Option<Vec<u8>>, Error> {
        let read = ReadContentRequest { digest: digest.to_owned(), offset: 0, size: 0 };
        let answer = self.content().read(request(read)).await.map_err(refused("read a blob"));
        let Some(answer) = if_there(answer)? else { return Ok(None) };
        let mut pieces = answer.into_inner();
        let mut whole = Vec::new();
        while let Some(piece) = pieces.next().await {
            let Some(piece) = if_there(piece.map_err(refused("read a blob")))? else { return Ok(None) };
            whole.extend_from_slice(&piece.data);
            if whole.len() > max {
                return Err(Error::Large { what: digest.to_owned(), max });
            }
        }
        Ok(Some(whole))
    }

    /// Begins to write a blob under a lease.
    pub fn write_blob(&self, blob: &Descriptor, labels: BTreeMap<String, String>, lease: &Lease) -> Writing {
        let (pieces, stream) = mpsc::channel(UNDER_WAY);
        let mut client = self.content();
        let request = lease.on(request(ReceiverStream::new(stream)));
        let answer = tokio::spawn(async move {
            let mut answers = client.write(request).await?.into_inner();
            while let Some(answer) = answers.next().await {
                answer?;
            }
            Ok(())
        });
        let writing = Writing {
            pieces,
            answer,
            offset: 0,
            name: format!("corten-{}", blob.digest),
            size: blob.size as i64,
        };
        let first = WriteContentRequest {
            action: WriteAction::Stat.into(),
            r#ref: writing.name.clone(),
            total: writing.size,
            expected: blob.digest.clone(),
            labels: labels.into_iter().collect(),
            ..WriteContentRequest::default()
        };
        // There is room for the first one.
        let _ = writing.pieces.try_send(first);
        writing
    }

    /// Writes a small blob as a whole.
    pub async fn put_blob(
        &self,
        blob: &Descriptor,
        data: Vec<u8>,
        labels: BTreeMap<String, String>,
        lease: &Lease,
    ) -> Result<(), Error> {
        let mut writing = self.write_blob(blob, labels.clone(), lease);
        // A refusal is heard at the end.
        let _ = writing.write(data).await;
        writing.finish(blob, labels).await
    }
}

impl Writing {
    /// Writes the next piece. `false` when containerd takes no more; [`Self::finish`] says why.
    pub async fn write(&mut self, data: Vec<u8>) -> bool {
        let length = data.len() as i64;
        let piece = WriteContentRequest {
            action: WriteAction::Write.into(),
            r#ref: self.name.clone(),
            total: self.size,
            offset: self.offset,
            data,
            ..WriteContentRequest::default()
        };
        self.offset += length;
        self.pieces.send(piece).await.is_ok()
    }

    /// Bytes that were written.
    pub fn written(&self) -> u64 {
        self.offset.cast_unsigned()
    }

    /// Gives up: what was written is removed, so that it can be written again from its start.
    pub async fn abandon(self, containerd: &Containerd) -> Result<(), Error> {
        drop(self.pieces);
        // containerd keeps it locked until the stream has ended.
        let _ = self.answer.await;
        let abort = AbortRequest { r#ref: self.name };
        if_there(containerd.content().abort(request(abort)).await.map_err(refused("give up a blob")))
            .map(drop)
    }

    /// Says that this was all. That the blob was there already is fine.
    pub async fn finish(self, blob: &Descriptor, labels: BTreeMap<String, String>) -> Result<(), Error> {
        let last = WriteContentRequest {
            action: WriteAction::Commit.into(),
            r#ref: self.name,
            total: self.size,
            expected: blob.digest.clone(),
            offset: self.offset,
            labels: labels.into_iter().collect(),
            ..WriteContentRequest::default()
        };
        let _ = self.pieces.send(last).await;
        drop(self.pieces);
        match self.answer.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) if status.code() == Code::AlreadyExists => Ok(()),
            Ok(Err(status)) => Err(refused("store a blob")(status)),
            Err(error) => Err(refused("store a blob")(Status::internal(error.to_string()))),
        }
    }
}
