//! Targets that listen, that are down, that hang, that are somebody else.

use std::time::Duration;

use corten_config::settings::{LogFormat, LogTransport};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::logs::Entry;
use crate::shipping::otlp::proto::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use crate::shipping::otlp::proto::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use crate::shipping::otlp::proto::common::v1::any_value::Value;
use crate::shipping::otlp::proto::logs::v1::LogRecord;

const PATIENCE: Duration = Duration::from_secs(20);

fn say(journal: &Journal, text: &str) {
    journal.add([Entry { source: "web".into(), text: text.into(), level: 6, uptime_us: 0 }], 0, 0);
}

/// Sends from this journal, and from one of containers that print nothing.
fn shipping(journal: &Journal, root: Root) -> Shipping {
    Shipping::new([journal.clone(), Journal::new(1 << 10)], root)
}

fn target(port: u16, transport: LogTransport) -> LogTarget {
    LogTarget { host: "localhost".into(), port, transport, format: LogFormat::Json }
}

fn one(target: LogTarget) -> BTreeMap<String, LogTarget> {
    [("central".to_string(), target)].into()
}

fn origin(hostname: &str) -> Origin {
    Origin { hostname: hostname.into(), machine_id: "0a".into() }
}

/// `localhost` may be an address of IPv6 first, at which nobody listens; the next one is tried then.
async fn listen(port: u16) -> (TcpListener, u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

async fn accept(listener: &TcpListener) -> Lines<BufReader<TcpStream>> {
    let accepted = tokio::time::timeout(PATIENCE, listener.accept()).await;
    BufReader::new(accepted.expect("in time").expect("a connection").0).lines()
}

async fn next<T: AsyncRead + Unpin>(lines: &mut Lines<BufReader<T>>) -> serde_json::Value {
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("in time");
    serde_json::from_str(&line.expect("a connection").expect("a line")).expect("JSON")
}

async fn until(shipping: &Shipping, good: impl Fn(&Status) -> bool) -> Status {
    let wait = async {
        loop {
            if let Some(status) = shipping.status().into_values().find(|status| good(status)) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("in time")
}

#[tokio::test]
async fn what_is_kept_and_what_comes_is_sent() {
    let (listener, port) = listen(0).await;
    let journal = Journal::new(1 << 20);
    say(&journal, "before");
    let shipping = shipping(&journal, Root::default());
    shipping.configure(&one(target(port, LogTransport::Tcp)), &[], &origin("n1"));
    let mut lines = accept(&listener).await;
    let first = next(&mut lines).await;
    assert_eq!((first["text"].as_str(), first["host"].as_str()), (Some("before"), Some("n1")));
    say(&journal, "after");
    assert_eq!(next(&mut lines).await["text"], "after");
    let status = until(&shipping, |status| status.sent == 2).await;
    assert_eq!(status, Status { connected: true, sent: 2, ..Status::default() });
    // Another name is no reason to send a line twice.
    shipping.configure(&one(target(port, LogTransport::Tcp)), &[], &origin("n2"));
    let mut lines = accept(&listener).await;
    say(&journal, "renamed");
    let line = next(&mut lines).await;
    assert_eq!((line["text"].as_str(), line["host"].as_str()), (Some("renamed"), Some("n2")));
    shipping.configure(&BTreeMap::new(), &[], &origin("n2"));
    let end = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("in time");
    assert!(matches!(end, Ok(None) | Err(_)));
    assert!(shipping.status().is_empty());
}

#[tokio::test]
async fn a_target_that_was_down_is_told_what_it_missed() {
    let (listener, port) = listen(0).await;
    drop(listener);
    let journal = Journal::new(16 << 10);
    let shipping = shipping(&journal, Root::default());
    shipping.configure(&one(target(port, LogTransport::Tcp)), &[], &origin("n1"));
    let status = until(&shipping, |status| !status.problem.is_empty()).await;
    assert!(status.problem.starts_with(&format!("connecting to localhost:{port}: ")), "{}", status.problem);
    for number in 0..1000 {
        say(&journal, &number.to_string());
    }
    let (listener, _) = listen(port).await;
    let mut lines = accept(&listener).await;
    let first = next(&mut lines).await;
    let lost = first["lost"].as_u64().expect("lines were lost");
    let text = |number: u64| serde_json::Value::from(number.to_string());
    assert!(lost > 500 && first["text"] == text(lost), "{first}");
    let second = next(&mut lines).await;
    assert!(second["text"] == text(lost + 1) && second.get("lost").is_none(), "{second}");
    let status = until(&shipping, |status| status.sent + status.lost == 1000).await;
    assert_eq!((status.lost, status.problem.as_str()), (lost, ""));
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again() {
    let (listener, port) = listen(0).await;
    let journal = Journal::new(1 << 20);
    let shipping = shipping(&journal, Root::default());
    shipping.configure(&one(target(port, LogTransport::Tcp)), &[], &origin("n1"));
    say(&journal, "one");
    let mut lines = accept(&listener).await;
    assert_eq!(next(&mut lines).await["text"], "one");
    drop(lines);
    let status = until(&shipping, |status| !status.connected).await;
    assert!(!status.problem.is_empty());
    say(&journal, "two");
    let mut lines = accept(&listener).await;
    assert_eq!(next(&mut lines).await["text"], "two");
}

#[tokio::test]
async fn a_target_that_hangs_makes_nobody_wait() {
    let (hanging, hanging_port) = listen(0).await;
    let (listener, port) = listen(0).await;
    let journal = Journal::new(256 << 10);
    let shipping = shipping(&journal, Root::default());
    let mut targets = one(target(port, LogTransport::Tcp));
    targets.insert("hanging".into(), target(hanging_port, LogTransport::Tcp));
    shipping.configure(&targets, &[], &origin("n1"));
    let (_held, _) = tokio::time::timeout(PATIENCE, hanging.accept()).await.expect("in time").expect("one");
    let mut lines = accept(&listener).await;
    // More than the buffers of both sockets take.
    let text = "x".repeat(4000);
    for number in 0..4000 {
        say(&journal, &format!("{number} {text}"));
        let line = next(&mut lines).await;
        assert!(line["text"].as_str().is_some_and(|text| text.starts_with(&format!("{number} "))));
    }
    let status = shipping.status();
    assert_eq!((status["central"].lost, status["central"].connected), (0, true));
    assert!(status["hanging"].sent < 4000, "{status:?}");
}

/// A server of TLS for a name, and the authority that its certificate is from, PEM.
fn tls(name: &str) -> (TlsAcceptor, String) {
    let authority_key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).expect("a certificate");
    let issuer = rcgen::Issuer::new(params, authority_key);
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec![name.to_string()]).expect("parameters");
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a server");
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}

#[tokio::test]
async fn lines_go_over_tls_to_who_is_trusted() {
    let (listener, port) = listen(0).await;
    let (acceptor, authority) = tls("localhost");
    let journal = Journal::new(1 << 20);
    say(&journal, "secret line");
    // The authority may be one of the image as well.
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("etc/ssl/certs")).expect("a folder");
    let bundle = folder.path().join("etc/ssl/certs/ca-certificates.crt");
    std::fs::write(bundle, format!("# comment\n{authority}")).expect("a file");
    for (root, authorities) in
        [(Root::new("/nowhere"), vec![authority.clone()]), (Root::new(folder.path()), Vec::new())]
    {
        let shipping = shipping(&journal, root);
        shipping.configure(&one(target(port, LogTransport::Tls)), &authorities, &origin("n1"));
        let (stream, _) =
            tokio::time::timeout(PATIENCE, listener.accept()).await.expect("in time").expect("one");
        let mut lines = BufReader::new(acceptor.accept(stream).await.expect("a handshake")).lines();
        assert_eq!(next(&mut lines).await["text"], "secret line");
    }
}

#[tokio::test]
async fn who_is_not_trusted_gets_nothing() {
    let (_, other) = tls("localhost");
    let (wrong_name, its_authority) = tls("elsewhere");
    let (unknown, _) = tls("localhost");
    for (acceptor, authority, reason) in
        [(unknown, other, "invalid peer certificate"), (wrong_name, its_authority, "not valid for name")]
    {
        let (listener, port) = listen(0).await;
        let journal = Journal::new(1 << 20);
        say(&journal, "secret line");
        let shipping = shipping(&journal, Root::new("/nowhere"));
        shipping.configure(&one(target(port, LogTransport::Tls)), &[authority], &origin("n1"));
        let (stream, _) =
            tokio::time::timeout(PATIENCE, listener.accept()).await.expect("in time").expect("one");
        assert!(acceptor.accept(stream).await.is_err());
        let status = until(&shipping, |status| !status.problem.is_empty()).await;
        assert!(status.problem.contains(reason) && status.sent == 0, "{}", status.problem);
    }
}

/// A collector that takes, refuses or fails, as it is told for each request.
#[derive(Clone, Default)]
struct Collector {
    answers: Arc<Mutex<Vec<Result<i64, tonic::Code>>>>,
    got: Arc<Mutex<Vec<Vec<String>>>>,
}

#[tonic::async_trait]
impl LogsService for Collector {
    async fn export(
        &self,
        request: tonic::Request<ExportLogsServiceRequest>,
    ) -> Result<tonic::Response<ExportLogsServiceResponse>, tonic::Status> {
        let records = request.into_inner().resource_logs.into_iter().flat_map(|logs| logs.scope_logs);
        let body = |record: LogRecord| match record.body.and_then(|body| body.value) {
            Some(Value::StringValue(text)) => text,
            other => panic!("{other:?}"),
        };
        lock(&self.got).push(records.flat_map(|scope| scope.log_records).map(body).collect());
        let answer = if lock(&self.answers).is_empty() { Ok(0) } else { lock(&self.answers).remove(0) };
        let rejected_log_records = answer.map_err(|code| tonic::Status::new(code, "told so"))?;
        let partial = ExportLogsPartialSuccess { rejected_log_records, ..Default::default() };
        Ok(tonic::Response::new(ExportLogsServiceResponse { partial_success: Some(partial) }))
    }
}

#[tokio::test]
async fn a_collector_gets_many_lines_at_a_time_and_those_again_that_it_could_not_take() {
    let (listener, port) = listen(0).await;
    let (acceptor, authority) = tls("localhost");
    let collector = Collector::default();
    let answers = [Err(tonic::Code::Unavailable), Ok(1), Err(tonic::Code::InvalidArgument)];
    *lock(&collector.answers) = answers.into();
    let service = LogsServiceServer::new(collector.clone());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let stream = acceptor.accept(stream).await.expect("a handshake");
            let service = hyper_util::service::TowerToHyperService::new(service.clone());
            let executor = hyper_util::rt::TokioExecutor::new();
            let builder = hyper::server::conn::http2::Builder::new(executor);
            let serving = builder.serve_connection(hyper_util::rt::TokioIo::new(stream), service);
            tokio::spawn(async move { drop(serving.await) });
        }
    });
    let journal = Journal::new(1 << 20);
    let shipping = shipping(&journal, Root::new("/nowhere"));
    for number in 0..600 {
        say(&journal, &number.to_string());
    }
    let target = LogTarget { format: LogFormat::Otlp, ..target(port, LogTransport::Tls) };
    shipping.configure(&one(target), &[authority], &origin("n1"));
    // The first request failed, so its lines came a second time; then one of them was not wanted, and then none of the
    // rest.
    let status = until(&shipping, |status| status.sent + status.lost == 600).await;
    assert_eq!((status.sent, status.lost), (511, 89), "{status:?}");
    assert_eq!(status.problem, "lines were refused: InvalidArgument: told so");
    say(&journal, "last");
    let status = until(&shipping, |status| status.sent == 512).await;
    assert_eq!(status, Status { connected: true, sent: 512, lost: 89, problem: String::new() });
    let got = lock(&collector.got).clone();
    assert_eq!(got.iter().map(Vec::len).collect::<Vec<_>>(), [512, 512, 88, 1]);
    assert!(got[0] == got[1] && got[1][511] == "511" && got[3] == ["last"]);
}
