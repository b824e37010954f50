//! The port for what collects metrics: `GET /metrics` over the same TLS, for those who may read.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::network::welcome;
use super::{Connections, Door, Posture};

/// As OpenMetrics 1.0 asks.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Time that a client has for the headers of a request.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// Time that a connection has in all.
const END_WITHIN: Duration = Duration::from_mins(5);

/// Serves the text that `metrics` gives, for as long as it is polled.
pub async fn serve<M, F>(
    listener: TcpListener,
    door: watch::Receiver<Arc<Door>>,
    connections: Connections,
    metrics: M,
) where
    M: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = String> + Send + 'static,
{
    loop {
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let now = Arc::clone(&door.borrow());
        if !now.admits(client.ip()) || now.posture == Posture::Maintenance {
            continue;
        }
        let Some(counted) = connections.count(client.ip(), &now.limits) else { continue };
        let metrics = metrics.clone();
        tokio::spawn(async move {
            // A connection from before the door changed ends soon by itself.
            let _ = tokio::time::timeout(END_WITHIN, connection(stream, client, &now, metrics)).await;
            drop(counted);
        });
    }
}

async fn connection<M, F>(stream: TcpStream, client: SocketAddr, door: &Door, metrics: M)
where
    M: Fn() -> F + Clone + Send + 'static,
    F: Future<Output = String> + Send + 'static,
{
    let mut tls = rustls::ServerConfig::clone(&door.tls);
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let door = Door { tls: Arc::new(tls), ..door.clone() };
    // Every role may read.
    let Some((stream, ..)) = welcome(stream, client, &door).await else { return };
    let service = service_fn(move |request: http::Request<Incoming>| {
        let answer = answer(&request, metrics.clone());
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN).max_buf_size(16 << 10);
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

fn answer<M, F>(
    request: &http::Request<Incoming>,
    metrics: M,
) -> impl Future<Output = Response<Full<Bytes>>> + Send + use<M, F>
where
    M: Fn() -> F + Send,
    F: Future<Output = String> + Send,
{
    let refused = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => None,
        (_, "/metrics") => Some((StatusCode::METHOD_NOT_ALLOWED, "GET /metrics\n")),
        _ => Some((StatusCode::NOT_FOUND, "there is /metrics and nothing else\n")),
    };
    async move {
        match refused {
            None => respond(StatusCode::OK, CONTENT_TYPE, metrics().await),
            Some((status, why)) => respond(status, "text/plain", why.into()),
        }
    }
}

fn respond(status: StatusCode, kind: &'static str, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
