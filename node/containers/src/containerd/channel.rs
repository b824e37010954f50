//! The connection to containerd, and the namespace that calls name.

use std::path::Path;
use std::time::{Duration, Instant};

use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use crate::Error;

/// A node is ready some milliseconds after its containerd is, so the wait between two attempts is short. An
/// attempt is one connect(2).
const RETRY: Duration = Duration::from_millis(10);

/// Connects as soon as somebody listens on the socket. The connection makes itself anew when containerd restarts.
pub(crate) async fn connect(socket: &Path, timeout: Duration) -> Result<Channel, Error> {
    let shown = socket.display().to_string();
    let silent = |last: String| Error::Silent { socket: shown.clone(), seconds: timeout.as_secs(), last };
    let start = Instant::now();
    // containerd listens when its plugins are loaded, so the first connection that is taken is the one to use.
    while let Err(error) = std::os::unix::net::UnixStream::connect(socket) {
        if start.elapsed() >= timeout {
            return Err(silent(error.to_string()));
        }
        tokio::time::sleep(RETRY).await;
    }
    let endpoint =
        Endpoint::from_shared(format!("unix://{shown}")).map_err(|error| silent(error.to_string()))?;
    let left = timeout.saturating_sub(start.elapsed());
    match tokio::time::timeout(left, endpoint.connect()).await {
        Ok(Ok(channel)) => Ok(channel),
        Ok(Err(error)) => Err(silent(error.to_string())),
        Err(late) => Err(silent(late.to_string())),
    }
}

/// A request in a namespace of containerd.
pub(crate) fn within<T>(namespace: &'static str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("containerd-namespace", MetadataValue::from_static(namespace));
    request
}

/// Names what was asked for when a call is refused, for `map_err`.
pub(crate) fn refused(what: &'static str) -> impl FnOnce(Status) -> Error {
    move |status| {
        // What has a source did not come from containerd: the connection broke, which has many codes.
        let is_answer = std::error::Error::source(&status).is_none();
        let code = if is_answer { status.code() } else { Code::Unavailable };
        Error::Refused { what, code, message: status.message().to_owned() }
    }
}
