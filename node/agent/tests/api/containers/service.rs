//! A container service that makes its answers up: one workload `web` with a container `app`.

use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::copy_to_request::Message as CopyTo;
use corten_api::v1::exec_request::Message as Asked;
use corten_api::v1::exec_response::Message as Said;
use corten_api::v1::workloads_server::{Workloads, WorkloadsServer};
use tokio::net::UnixListener;
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

/// Bytes of a piece that is copied, and how many there are.
pub const PIECE: usize = 64 << 10;
pub const PIECES: usize = 40;
/// The exit code of all programs.
pub const EXIT_CODE: u32 = 3;

/// What it is, and what it saw.
#[derive(Debug, Default)]
pub struct Facts {
    /// The state of its container.
    pub state: Mutex<String>,
    /// Streams that are open.
    pub open: AtomicUsize,
    /// What `grpc-timeout` of a call to stop said.
    pub deadline: Mutex<Option<String>>,
    /// From when on lines were asked for, the last time.
    pub since: Mutex<i64>,
}

/// A service that runs until this is dropped, with all its connections.
pub struct Service {
    pub facts: Arc<Facts>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Service {
    /// Listens on a socket, which is made anew.
    pub fn start(socket: &Path) -> Self {
        std::fs::create_dir_all(socket.parent().expect("it has one")).expect("a folder");
        let _ = std::fs::remove_file(socket);
        let listener = StdListener::bind(socket).expect("a socket");
        listener.set_nonblocking(true).expect("it can be");
        let facts = Arc::new(Facts { state: Mutex::new("ready".into()), ..Facts::default() });
        let server = WorkloadsServer::new(Calls(Arc::clone(&facts)));
        let (end, ended) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let incoming = UnixListenerStream::new(UnixListener::from_std(listener).expect("it listens"));
                tokio::select! {
                    end = Server::builder().add_service(server).serve_with_incoming(incoming) => {
                        end.expect("it serves until it is dropped");
                    }
                    _ = ended => {}
                }
            });
        });
        Self { facts, end: Some(end), thread: Some(thread) }
    }
}

struct Calls(Arc<Facts>);

/// A stream that counts until it is dropped.
struct Counted<S> {
    stream: S,
    facts: Arc<Facts>,
}

impl<S> Counted<S> {
    fn new(stream: S, facts: &Arc<Facts>) -> Self {
        facts.open.fetch_add(1, Ordering::SeqCst);
        Self { stream, facts: Arc::clone(facts) }
    }
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        self.facts.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<S: Stream + Unpin> Stream for Counted<S> {
    type Item = S::Item;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<S::Item>> {
        Pin::new(&mut self.stream).poll_next(context)
    }
}

type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn unknown(name: &str) -> Status {
    ApiError::new(Code::NotFound, format!("there is no workload {name:?}"), "there is web").into()
}

/// Waits until the caller does not.
async fn for_ever(facts: &Arc<Facts>) -> Status {
    let counted = Counted::new(tokio_stream::pending::<()>(), facts);
    tokio::time::sleep(Duration::from_mins(10)).await;
    drop(counted);
    Status::internal("nobody took it back")
}

#[tonic::async_trait]
impl Workloads for Calls {
    async fn list(
        &self,
        _: Request<v1::ListWorkloadsRequest>,
    ) -> Result<Response<v1::ListWorkloadsResponse>, Status> {
        let state = self.0.state.lock().expect("no panic").clone();
        let container = v1::ContainerStatus {
            name: "web/app".into(),
            state: state.clone(),
            restarts: 2,
            ..Default::default()
        };
        let workload = v1::WorkloadStatus {
            name: "web".into(),
            state,
            containers: vec![container],
            ..Default::default()
        };
        Ok(Response::new(v1::ListWorkloadsResponse { workloads: vec![workload], problem: String::new() }))
    }

    async fn inspect(
        &self,
        request: Request<v1::InspectWorkloadRequest>,
    ) -> Result<Response<v1::InspectWorkloadResponse>, Status> {
        Err(unknown(&request.into_inner().name))
    }

    async fn start(
        &self,
        request: Request<v1::StartWorkloadRequest>,
    ) -> Result<Response<v1::StartWorkloadResponse>, Status> {
        match request.into_inner().name.as_str() {
            "web" => Ok(Response::new(v1::StartWorkloadResponse {})),
            other => Err(unknown(other)),
        }
    }

    async fn stop(
        &self,
        request: Request<v1::StopWorkloadRequest>,
    ) -> Result<Response<v1::StopWorkloadResponse>, Status> {
        let deadline = request.metadata().get("grpc-timeout").and_then(|value| value.to_str().ok());
        *self.0.deadline.lock().expect("no panic") = deadline.map(str::to_owned);
        Err(for_ever(&self.0).await)
    }

    async fn restart(
        &self,
        request: Request<v1::RestartWorkloadRequest>,
    ) -> Result<Response<v1::RestartWorkloadResponse>, Status> {
        Err(unknown(&request.into_inner().name))
    }

    type LogsStream = Items<v1::ContainerLogLine>;

    async fn logs(
        &self,
        request: Request<v1::WorkloadLogsRequest>,
    ) -> Result<Response<Self::LogsStream>, Status> {
        let since_ns = request.into_inner().since_ns;
        *self.0.since.lock().expect("no panic") = since_ns;
        let line = move |number: i64| {
            Ok(v1::ContainerLogLine {
                container: "web/app".into(),
                at_ns: since_ns + 2_000_000_000 + number,
                stream: "stdout".into(),
                text: format!("line {number}"),
                lost: 0,
            })
        };
        let lines = tokio_stream::iter((0..3).map(line)).chain(tokio_stream::pending());
        Ok(Response::new(Box::pin(Counted::new(lines, &self.0))))
    }

    type StatsStream = Items<v1::WorkloadStats>;

    async fn stats(
        &self,
        _: Request<v1::WorkloadStatsRequest>,
    ) -> Result<Response<Self::StatsStream>, Status> {
        Err(Status::unimplemented("no figures"))
    }

    type ExecStream = Items<v1::ExecResponse>;

    /// `cat` repeats its input; everything else waits for ever.
    async fn exec(
        &self,
        request: Request<Streaming<v1::ExecRequest>>,
    ) -> Result<Response<Self::ExecStream>, Status> {
        let mut asked = request.into_inner();
        let Some(Asked::Start(start)) = asked.message().await?.and_then(|first| first.message) else {
            return Err(Status::invalid_argument("the first message says what to run"));
        };
        let (sender, receiver) = mpsc::channel(2);
        let said = |message| Ok(v1::ExecResponse { message: Some(message) });
        if start.command.first().is_some_and(|program| program == "cat") {
            tokio::spawn(async move {
                while let Ok(Some(v1::ExecRequest { message: Some(Asked::Input(bytes)) })) =
                    asked.message().await
                {
                    let _ = sender.send(said(Said::Output(bytes))).await;
                }
                let _ = sender.send(said(Said::Ended(v1::ExecEnd { exit_code: EXIT_CODE }))).await;
            });
        } else {
            // It is there for as long as somebody listens.
            tokio::spawn(async move { sender.closed().await });
        }
        Ok(Response::new(Box::pin(Counted::new(ReceiverStream::new(receiver), &self.0))))
    }

    type DebugStream = Items<v1::ExecResponse>;

    async fn debug(
        &self,
        _: Request<Streaming<v1::DebugRequest>>,
    ) -> Result<Response<Self::DebugStream>, Status> {
        Err(ApiError::new(Code::FailedPrecondition, "the configuration does not allow it", "").into())
    }

    type CopyFromStream = Items<v1::CopyChunk>;

    async fn copy_from(
        &self,
        _: Request<v1::CopyFromRequest>,
    ) -> Result<Response<Self::CopyFromStream>, Status> {
        let chunks = (0..PIECES).map(|number| Ok(v1::CopyChunk { data: vec![number as u8; PIECE] }));
        Ok(Response::new(Box::pin(tokio_stream::iter(chunks))))
    }

    async fn copy_to(
        &self,
        request: Request<Streaming<v1::CopyToRequest>>,
    ) -> Result<Response<v1::CopyToResponse>, Status> {
        let mut asked = request.into_inner();
        let (mut files, mut bytes) = (0, 0);
        while let Some(message) = asked.message().await? {
            match message.message {
                Some(CopyTo::Data(data)) => bytes += data.len() as u64,
                _ => files += 1,
            }
        }
        Ok(Response::new(v1::CopyToResponse { files, bytes }))
    }
}
