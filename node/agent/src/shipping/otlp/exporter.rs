//! A connection to a collector.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;

use super::proto::collector::logs::v1::ExportLogsServiceRequest;
use super::proto::collector::logs::v1::logs_service_client::LogsServiceClient;
use crate::shipping::connection::Stream;

/// A connection without lines is looked after from this time on, and has this one to answer.
const ASK_AFTER: Duration = Duration::from_secs(30);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Time that a collector has to take lines.
const TAKE_WITHIN: Duration = Duration::from_secs(30);

/// What a collector did with lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exported {
    /// It took them but for so many, which it does not want.
    Taken(u64),
    /// It does not want any of them, and would not the next time either.
    Refused(String),
}

/// Sends lines to a collector.
#[derive(Debug)]
pub struct Exporter {
    client: LogsServiceClient<Connection>,
    connection: JoinHandle<()>,
}

/// Where a collector is, as requests name it.
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a> {
    /// `https` or `http`.
    pub scheme: &'static str,
    /// Name or address.
    pub host: &'a str,
    /// Port.
    pub port: u16,
}

impl Exporter {
    /// Begins with HTTP/2 on a stream.
    pub async fn begin(stream: Box<dyn Stream>, authority: Authority<'_>) -> io::Result<Self> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(ASK_AFTER)
            .keep_alive_timeout(ANSWER_WITHIN)
            .keep_alive_while_idle(true);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let connection = tokio::spawn(async move { drop(connection.await) });
        let Authority { scheme, host, port } = authority;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let origin =
            Uri::builder().scheme(scheme).authority(format!("{host}:{port}")).path_and_query("/").build();
        let client = LogsServiceClient::with_origin(Connection(sender), origin.map_err(io::Error::other)?);
        Ok(Self { client, connection })
    }

    /// Waits until the connection is over.
    pub async fn ended(&mut self) {
        let _ = (&mut self.connection).await;
    }

    /// Sends lines, and waits until they were taken. An error means that they may be taken the next time.
    pub async fn export(&mut self, request: ExportLogsServiceRequest) -> io::Result<Exported> {
        let exported = tokio::time::timeout(TAKE_WITHIN, self.client.export(request)).await;
        let answered = exported.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
        match answered {
            Ok(response) => {
                let partial = response.into_inner().partial_success.unwrap_or_default();
                Ok(Exported::Taken(u64::try_from(partial.rejected_log_records).unwrap_or(0)))
            }
            Err(status) if may_pass(&status) => Err(io::Error::other(words(&status))),
            Err(status) => Ok(Exported::Refused(words(&status))),
        }
    }
}

fn words(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}

/// Whether the same lines may be taken later, as the specification of the protocol has it. Where the collector does not
/// let the node in, that is for people to mend, and lines are kept meanwhile.
fn may_pass(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Cancelled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss
            | Code::ResourceExhausted
            | Code::Unauthenticated
            | Code::PermissionDenied
            // A connection that breaks.
            | Code::Unknown
    )
}

/// The connection as clients of gRPC want it.
#[derive(Clone, Debug)]
struct Connection(SendRequest<Body>);

impl Service<Request<Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, hyper::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
