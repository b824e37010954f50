//! The way to the container service: one connection of HTTP/2, made when it is first needed and anew when the service
//! was started again. Bodies go through it piece by piece in both directions, whatever kind of call it is; what is under
//! way is bounded by windows and by the number of calls, not by the length of a stream.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use corten_api::error::ApiError;
use http::{Request, Response, Uri, Version, header};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tonic::{Code, Status};

use super::answer::Answer;
use crate::root::Root;

/// Where the service listens.
pub const SOCKET: &str = "/run/corten/containers/api.sock";
/// The service itself. An image without it runs no containers.
pub const PROGRAM: &str = "/usr/lib/corten/containers";

/// Calls of all clients at a time, and those of the agent's own.
const CALLS: usize = 128;
const OWN_CALLS: usize = 8;
/// Bytes that may be under way to us in one call.
const STREAM_WINDOW: u32 = 64 << 10;
/// The same for all calls together. Who does not read keeps nobody else waiting, so there is room for what all of them
/// may hold.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * (CALLS + OWN_CALLS) as u32;
/// Bytes that wait for a service that does not read, for each call.
const MAX_WAITING: usize = 64 << 10;
/// A service that says nothing while it is called is asked whether it is there after this time, and has this one to
/// answer.
const ASK_AFTER: Duration = Duration::from_secs(20);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// The way. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Containers {
    root: Root,
    connection: Arc<Mutex<Option<SendRequest<Body>>>>,
    places: Arc<Semaphore>,
}

impl Containers {
    /// The way below a root, for those who call the agent.
    pub fn new(root: Root) -> Self {
        Self { root, connection: Arc::default(), places: Arc::new(Semaphore::new(CALLS)) }
    }

    /// The same for the agent itself, which has places that nobody else takes.
    #[must_use]
    pub fn own(&self) -> Self {
        Self { places: Arc::new(Semaphore::new(OWN_CALLS)), ..self.clone() }
    }

    /// Whether the image has the service.
    pub fn is_there(&self) -> bool {
        self.root.path(PROGRAM).exists()
    }

    /// Passes a request on. What can't be is answered as any refusal of the API.
    pub async fn send(&self, request: Request<Body>) -> Response<Body> {
        match self.pass(request).await {
            Ok(response) => response,
            Err(error) => Status::from(error).into_http(),
        }
    }

    async fn pass(&self, request: Request<Body>) -> Result<Response<Body>, ApiError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            let cause = "the node has as many calls to its container service under way as it takes";
            ApiError::new(Code::ResourceExhausted, cause, "end one of them, or try again in a moment")
        })?;
        let mut request = addressed(request)?;
        let mut sender = self.connected().await?;
        loop {
            let mut error = match sender.try_send_request(request).await {
                Ok(response) => return Ok(passed_back(response, place)),
                Err(error) => error,
            };
            // What was not begun on a connection that had ended can go over the next one.
            match error.take_message().filter(|_| sender.is_closed()) {
                Some(back) => request = back,
                None => return Err(broken(&error.into_error())),
            }
            sender = self.connected().await?;
        }
    }

    async fn connected(&self) -> Result<SendRequest<Body>, ApiError> {
        let mut connection = self.connection.lock().await;
        if let Some(sender) = connection.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let sender = self.connect().await.map_err(|error| self.not_there(&error))?;
        Ok(connection.insert(sender).clone())
    }

    async fn connect(&self) -> io::Result<SendRequest<Body>> {
        let stream = UnixStream::connect(self.root.path(SOCKET)).await?;
        let mut builder = Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(MAX_WAITING)
            .keep_alive_interval(ASK_AFTER)
            .keep_alive_timeout(ANSWER_WITHIN);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // How it ended is told to each call that was on it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    fn not_there(&self, error: &io::Error) -> ApiError {
        if self.is_there() {
            let cause = format!("the container service does not answer: {error}");
            let remedy = "it may be starting; see `corten node services` and `corten node logs containers`";
            return ApiError::new(Code::Unavailable, cause, remedy);
        }
        let cause = "the image of this node has no container service";
        let remedy = "build it from a recipe that extends container-host";
        ApiError::new(Code::Unimplemented, cause, remedy)
    }
}

/// HTTP/2 wants a scheme and an authority, which a client of a socket may have left out.
fn addressed(request: Request<Body>) -> Result<Request<Body>, ApiError> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let uri = Uri::builder().scheme("http").authority("containers").path_and_query(path).build();
    parts.uri = uri.map_err(|error| ApiError::new(Code::Internal, error.to_string(), ""))?;
    parts.version = Version::HTTP_2;
    parts.headers.remove(header::HOST);
    // They are for the agent's own methods.
    parts.extensions.clear();
    Ok(Request::from_parts(parts, body))
}

fn passed_back(response: Response<hyper::body::Incoming>, place: OwnedSemaphorePermit) -> Response<Body> {
    response.map(|body| Body::new(Answer::new(body, place)))
}

/// The connection ended in the middle.
pub(super) fn broken(error: &hyper::Error) -> ApiError {
    let cause = format!("the container service went away in the middle of the call: {error}");
    ApiError::new(Code::Unavailable, cause, "see what became of it, and try again in a moment")
}
