//! What nodes stream, made up: logs, events, the archive of support.

use std::pin::Pin;
use std::sync::Arc;

use corten_api::error::ApiError;
use corten_api::v1::events_server::Events;
use corten_api::v1::logs_server::Logs;
use corten_api::v1::support_server::Support;
use corten_api::v1::{
    CollectSupportRequest, Event, LogLine, ReadLogsRequest, SupportChunk, WatchEventsRequest,
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Request, Response, Status};

use super::Facts;

/// Lines that a log has.
pub const KEPT: usize = 5;

pub struct Lines(pub Arc<Facts>);

type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Logs for Lines {
    type ReadStream = Items<LogLine>;

    /// Ends, unless it is followed. A few names have a log.
    async fn read(&self, request: Request<ReadLogsRequest>) -> Result<Response<Self::ReadStream>, Status> {
        let request = request.into_inner();
        if !["", "test", "kernel", "containerd"].contains(&request.source.as_str()) {
            let cause = format!("nothing named {:?} has a log", request.source);
            return Err(ApiError::new(Code::NotFound, cause, "there are test").into());
        }
        let (hostname, follow) = (self.0.hostname.clone(), request.follow);
        *self.0.logs.lock().expect("nobody panics") = Some(request);
        let line = move |number| {
            Ok(LogLine { source: "test".into(), text: format!("{hostname} {number}"), ..LogLine::default() })
        };
        let kept = tokio_stream::iter((0..KEPT).map(line));
        let stream: Self::ReadStream =
            if follow { Box::pin(kept.chain(tokio_stream::pending())) } else { Box::pin(kept) };
        Ok(Response::new(stream))
    }
}

#[tonic::async_trait]
impl Events for Lines {
    type WatchStream = Items<Event>;

    async fn watch(
        &self,
        request: Request<WatchEventsRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let text = if request.into_inner().backlog { "before" } else { "now" };
        let event = Event { kind: "node".into(), text: text.into(), ..Event::default() };
        Ok(Response::new(Box::pin(tokio_stream::iter([Ok(event)]))))
    }
}

#[tonic::async_trait]
impl Support for Lines {
    type CollectStream = Items<SupportChunk>;

    /// Breaks off in the middle where the node has a certain name.
    async fn collect(
        &self,
        _request: Request<CollectSupportRequest>,
    ) -> Result<Response<Self::CollectStream>, Status> {
        let chunk = || Ok(SupportChunk { data: vec![7; 1000] });
        let last = if self.0.hostname == "broken" { Err(Status::internal("disk")) } else { chunk() };
        Ok(Response::new(Box::pin(tokio_stream::iter([chunk(), last]))))
    }
}
