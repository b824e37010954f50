//! `corten.v1.Workloads`, made up: a workload `web` with a container `app`.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::copy_to_request::Message as CopyTo;
use corten_api::v1::debug_request::Message as DebugAsked;
use corten_api::v1::exec_request::Message as Asked;
use corten_api::v1::exec_response::Message as Said;
use corten_api::v1::workloads_server::Workloads;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Request, Response, Status, Streaming};

use super::Facts;

/// Bytes of a file that is copied from a container.
pub const COPIED: usize = 300_000;

pub struct WorkloadService(pub Arc<Facts>);

type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn unknown(name: &str) -> Status {
    ApiError::new(Code::NotFound, format!("there is no workload {name:?}"), "there is web").into()
}

fn status() -> v1::WorkloadStatus {
    let container =
        v1::ContainerStatus { name: "web/app".into(), state: "ready".into(), pid: 77, ..Default::default() };
    v1::WorkloadStatus {
        name: "web".into(),
        state: "ready".into(),
        containers: vec![container],
        ..Default::default()
    }
}

/// What an archive of a container holds, beginning with the last part of the path.
fn archive(path: &str) -> Vec<u8> {
    use corten_oci::tar::{Form, Member, TarWriter};
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let member = |path: String, mode, form| Member {
        path: path.into_bytes(),
        form,
        mode,
        uid: 0,
        gid: 0,
        mtime: 1,
        xattrs: BTreeMap::default(),
    };
    let mut archive = TarWriter::new(Vec::new());
    archive.add(&member(name.into(), 0o755, Form::Directory), &mut std::io::empty()).expect("in memory");
    let file = member(format!("{name}/file"), 0o640, Form::File(COPIED as u64));
    archive.add(&file, &mut vec![7; COPIED].as_slice()).expect("in memory");
    archive.finish().expect("in memory")
}

impl WorkloadService {
    fn told(&self, text: String) {
        self.0.told.lock().expect("nobody panics").push(text);
    }

    fn known(&self, order: &str, name: &str) -> Result<(), Status> {
        self.told(format!("{order} {name}"));
        if name == "web" { Ok(()) } else { Err(unknown(name)) }
    }
}

#[tonic::async_trait]
impl Workloads for WorkloadService {
    async fn list(
        &self,
        _: Request<v1::ListWorkloadsRequest>,
    ) -> Result<Response<v1::ListWorkloadsResponse>, Status> {
        Ok(Response::new(v1::ListWorkloadsResponse { workloads: vec![status()], problem: String::new() }))
    }

    async fn inspect(
        &self,
        request: Request<v1::InspectWorkloadRequest>,
    ) -> Result<Response<v1::InspectWorkloadResponse>, Status> {
        self.known("inspect", &request.into_inner().name)?;
        Ok(Response::new(v1::InspectWorkloadResponse { status: Some(status()), ..Default::default() }))
    }

    async fn start(
        &self,
        request: Request<v1::StartWorkloadRequest>,
    ) -> Result<Response<v1::StartWorkloadResponse>, Status> {
        self.known("start", &request.into_inner().name)?;
        Ok(Response::new(v1::StartWorkloadResponse {}))
    }

    async fn stop(
        &self,
        request: Request<v1::StopWorkloadRequest>,
    ) -> Result<Response<v1::StopWorkloadResponse>, Status> {
        self.known("stop", &request.into_inner().name)?;
        Ok(Response::new(v1::StopWorkloadResponse {}))
    }

    async fn restart(
        &self,
        request: Request<v1::RestartWorkloadRequest>,
    ) -> Result<Response<v1::RestartWorkloadResponse>, Status> {
        self.known("restart", &request.into_inner().name)?;
        Ok(Response::new(v1::RestartWorkloadResponse {}))
    }

    type LogsStream = Items<v1::ContainerLogLine>;

    async fn logs(
        &self,
        request: Request<v1::WorkloadLogsRequest>,
    ) -> Result<Response<Self::LogsStream>, Status> {
        let v1::WorkloadLogsRequest { name, follow, .. } = request.into_inner();
        if !["web", "web/app", "test"].contains(&name.as_str()) {
            return Err(unknown(&name));
        }
        let line = |number| {
            Ok(v1::ContainerLogLine {
                container: "web/app".into(),
                stream: "stderr".into(),
                text: format!("of a container {number}"),
                ..Default::default()
            })
        };
        let kept = tokio_stream::iter((0..2).map(line));
        let stream: Self::LogsStream =
            if follow { Box::pin(kept.chain(tokio_stream::pending())) } else { Box::pin(kept) };
        Ok(Response::new(stream))
    }

    type StatsStream = Items<v1::WorkloadStats>;

    async fn stats(
        &self,
        request: Request<v1::WorkloadStatsRequest>,
    ) -> Result<Response<Self::StatsStream>, Status> {
        let v1::WorkloadStatsRequest { once, .. } = request.into_inner();
        let stats = |number| {
            let usage =
                v1::ContainerUsage { name: "web/app".into(), cpu_millis: number, ..Default::default() };
            Ok(v1::WorkloadStats { at_ns: 1, containers: vec![usage] })
        };
        let figures = tokio_stream::iter((0..if once { 1 } else { 3 }).map(stats));
        Ok(Response::new(Box::pin(figures)))
    }

    type ExecStream = Items<v1::ExecResponse>;

    /// `cat` repeats its input to both outputs and ends with 7; `flood` prints without end; `vanish` does not say how
    /// it ended; `size` prints the size of its terminal whenever that changes, until its input ends.
    async fn exec(
        &self,
        request: Request<Streaming<v1::ExecRequest>>,
    ) -> Result<Response<Self::ExecStream>, Status> {
        let mut asked = request.into_inner();
        let Some(Asked::Start(start)) = asked.message().await?.and_then(|first| first.message) else {
            return Err(Status::invalid_argument("the first message says what to run"));
        };
        if start.container != "web" {
            return Err(unknown(&start.container));
        }
        self.told(format!("exec {} {:?}", start.command.join(" "), start.environment));
        let (sender, receiver) = mpsc::channel(2);
        let said = |message| Ok(v1::ExecResponse { message: Some(message) });
        let program = start.command.first().cloned().unwrap_or_default();
        tokio::spawn(async move {
            let mut code = 0;
            loop {
                match program.as_str() {
                    "flood" => {
                        if sender.send(said(Said::Output(vec![b'y'; 1000]))).await.is_err() {
                            return;
                        }
                        continue;
                    }
                    "vanish" => return,
                    _ => {}
                }
                let input = asked.message().await.ok().flatten().and_then(|message| message.message);
                match input {
                    Some(Asked::Input(bytes)) => {
                        code = 7;
                        let _ = sender.send(said(Said::Output(bytes.clone()))).await;
                        let _ = sender.send(said(Said::ErrorOutput(bytes))).await;
                    }
                    Some(Asked::Resized(v1::TerminalSize { columns, rows })) => {
                        let text = format!("{columns}x{rows} ").into_bytes();
                        let _ = sender.send(said(Said::Output(text))).await;
                    }
                    _ => break,
                }
            }
            let _ = sender.send(said(Said::Ended(v1::ExecEnd { exit_code: code }))).await;
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    type DebugStream = Items<v1::ExecResponse>;

    /// Prints its image.
    async fn debug(
        &self,
        request: Request<Streaming<v1::DebugRequest>>,
    ) -> Result<Response<Self::DebugStream>, Status> {
        let first = request.into_inner().message().await?.and_then(|first| first.message);
        let Some(DebugAsked::Start(start)) = first else {
            return Err(Status::invalid_argument("the first message says what to run"));
        };
        let said = |message| Ok(v1::ExecResponse { message: Some(message) });
        let ended = Said::Ended(v1::ExecEnd { exit_code: 143 });
        let all = [said(Said::Output(start.image.into_bytes())), said(ended)];
        Ok(Response::new(Box::pin(tokio_stream::iter(all))))
    }

    type CopyFromStream = Items<v1::CopyChunk>;

    /// `/broken` breaks off in the middle.
    async fn copy_from(
        &self,
        request: Request<v1::CopyFromRequest>,
    ) -> Result<Response<Self::CopyFromStream>, Status> {
        let path = request.into_inner().path;
        let mut chunks: Vec<Result<v1::CopyChunk, Status>> =
            archive(&path).chunks(9_999).map(|data| Ok(v1::CopyChunk { data: data.to_vec() })).collect();
        if path == "/broken" {
            chunks.truncate(chunks.len() / 2);
            chunks.push(Err(Status::internal("disk")));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(chunks))))
    }

    /// `/full` takes nothing.
    async fn copy_to(
        &self,
        request: Request<Streaming<v1::CopyToRequest>>,
    ) -> Result<Response<v1::CopyToResponse>, Status> {
        let mut asked = request.into_inner();
        let mut all = Vec::new();
        while let Some(message) = asked.message().await? {
            match message.message {
                Some(CopyTo::Start(start)) if start.folder.starts_with("/full") => {
                    return Err(ApiError::new(Code::ResourceExhausted, "the disk is full", "").into());
                }
                Some(CopyTo::Start(start)) => {
                    self.told(format!("copy to {}:{}", start.container, start.folder));
                }
                Some(CopyTo::Data(data)) => all.extend(data),
                None => {}
            }
        }
        let bytes = all.len() as u64;
        *self.0.received.lock().expect("nobody panics") = all;
        // As long as a disk takes.
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(Response::new(v1::CopyToResponse { files: 1, bytes }))
    }
}
