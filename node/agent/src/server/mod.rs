//! Connections to the API: who is let in, with what limits, and how each request gets to its method.
//!
//! ```text
//! accept -> networks, counts -> TLS 1.3 -> caller -> HTTP/2 -> gate: role, audit -> method
//! local socket ----------------------------^
//! ```
//!
//! Each connection is a task of its own with bounded buffers, so one that is slow keeps nobody else waiting. When whom
//! the node trusts changes, connections from before end: requests that run are answered first.

mod caller;
mod counts;
mod door;
mod first;
mod gate;
mod lasting;
mod limits;
mod local;
mod messages;
mod network;
mod refusals;
mod scrape;

pub use caller::{Caller, From, Posture, authorise};
pub use counts::{Counts, UnderWay};
pub use door::Door;
pub use gate::{Gate, What};
pub use limits::Connections;
pub use local::{FOLDER as LOCAL_FOLDER, bind as bind_local, serve as serve_local};
pub use network::{listen, serve};
pub use refusals::Refusals;
pub use scrape::serve as serve_metrics;

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

/// Calls of one connection at a time; fewer of somebody who is not known.
const MAX_STREAMS: u32 = 64;
const MAX_STREAMS_OF_STRANGERS: u32 = 4;
/// Calls of one connection that are answered at a time; the others wait for these and not for those of other clients. A
/// call whose answer is a stream has been answered when that begins.
const ANSWERED_AT_A_TIME: usize = 8;
/// Bytes of the headers of a request.
const MAX_HEADERS: u32 = 16 << 10;
/// Bytes that may be under way to us in one call, and in all calls of a connection.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// Bytes that wait for a client that does not read, for each call.
const MAX_WAITING: usize = 16 << 10;
/// A client that says nothing is asked whether it is there after this time, and has this one to answer.
const ASK_AFTER: Duration = Duration::from_mins(1);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Time that calls have to end when a connection is to.
const END_WITHIN: Duration = Duration::from_secs(5);

/// Answers the calls on one connection until it ends, or until `end` does.
async fn serve_connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    caller: Arc<Caller>,
    epoch: Option<u64>,
    (gate, end): (Gate, impl Future<Output = ()>),
) {
    let streams = if caller.role.is_some() { MAX_STREAMS } else { MAX_STREAMS_OF_STRANGERS };
    let turns = Arc::new(Semaphore::new(ANSWERED_AT_A_TIME));
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (gate, caller, turns) = (gate.clone(), Arc::clone(&caller), Arc::clone(&turns));
        async move {
            let _turn = turns.acquire().await;
            Ok::<_, std::convert::Infallible>(gate.call(caller, epoch, request).await)
        }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(streams)
        .max_header_list_size(MAX_HEADERS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(MAX_WAITING)
        .keep_alive_interval(ASK_AFTER)
        .keep_alive_timeout(ANSWER_WITHIN);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // How a connection ended is the client's to know.
        _ = connection.as_mut() => return,
        () = end => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(END_WITHIN, connection).await;
}
