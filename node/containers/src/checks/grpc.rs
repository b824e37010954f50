//! The question of a gRPC check: `grpc.health.v1.Health/Check` (gRPC Health Checking Protocol), whose answer has to be
//! SERVING.

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tonic::transport::{Endpoint, Uri};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Bytes of an answer; it is one number.
const MAX_ANSWER: usize = 1 << 10;

/// Whether a service says that it serves.
pub(super) async fn ask(stream: TcpStream, host: &str, service: &str) -> Result<(), String> {
    let endpoint = Endpoint::from_shared(format!("http://{host}")).map_err(|error| error.to_string())?;
    let mut stream = Some(TokioIo::new(stream));
    let connector = tower::service_fn(move |_: Uri| {
        // A second connection would be one to somebody else.
        std::future::ready(stream.take().ok_or_else(|| std::io::Error::other("the connection ended")))
    });
    let channel =
        endpoint.connect_with_connector(connector).await.map_err(|error| format!("asking: {error}"))?;
    let mut client = HealthClient::new(channel).max_decoding_message_size(MAX_ANSWER);
    let answer = client.check(HealthCheckRequest { service: service.into() }).await;
    let answer = answer.map_err(|status| format!("asking: {} ({:?})", status.message(), status.code()))?;
    match answer.into_inner().status() {
        ServingStatus::Serving => Ok(()),
        other => Err(format!("the service says {}", other.as_str_name())),
    }
}
