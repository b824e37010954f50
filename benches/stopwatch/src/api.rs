//! The node's local API, as a system workload has it.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use corten_api::v1;
use corten_api::v1::workloads_client::WorkloadsClient;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tonic::transport::{Channel, Endpoint};

use crate::PATIENCE;
use crate::fault::Fault;

/// Where a container with a role has it.
const SOCKET: &str = "/run/corten/api/api.sock";
/// Time between two looks at what a workload does.
const LOOK: Duration = Duration::from_millis(50);

/// A connection, which stays.
#[derive(Clone)]
pub(crate) struct Api(WorkloadsClient<Channel>);

/// What containers print from here on.
pub(crate) struct Output(mpsc::UnboundedReceiver<v1::ContainerLogLine>);

impl Api {
    pub(crate) async fn connect() -> Result<Self, Fault> {
        let stream = UnixStream::connect(SOCKET).await.map_err(Fault::io(SOCKET))?;
        let once = Mutex::new(Some(TokioIo::new(stream)));
        let connector = tower::service_fn(move |_| {
            let stream = once.lock().ok().and_then(|mut stream| stream.take());
            std::future::ready(stream.ok_or_else(|| io::Error::other("the connection ended")))
        });
        let channel = Endpoint::from_static("http://node.corten").connect_with_connector(connector).await?;
        Ok(Self(WorkloadsClient::new(channel)))
    }

    /// Starts a workload.
    pub(crate) async fn start(&self, name: &str) -> Result<(), Fault> {
        let start = v1::StartWorkloadRequest { name: name.to_owned() };
        self.0.clone().start(start).await.map_err(Fault::refused(format!("start {name}")))?;
        Ok(())
    }

    /// Waits until all of these workloads are in a state.
    pub(crate) async fn are(&self, names: &[String], state: &str) -> Result<(), Fault> {
        let begun = tokio::time::Instant::now();
        loop {
            let list = self.0.clone().list(v1::ListWorkloadsRequest {}).await;
            let all = list.map_err(Fault::refused("list workloads"))?.into_inner().workloads;
            let found =
                all.iter().filter(|workload| workload.state == state && names.contains(&workload.name));
            if found.count() == names.len() {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                let others: Vec<String> =
                    all.iter().map(|workload| format!("{} is {}", workload.name, workload.state)).collect();
                return Err(Fault::Odd(format!("not all are {state}: {}", others.join(", "))));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Reads what containers print: of a workload, or with no name those of all.
    pub(crate) async fn output(&self, workload: &str) -> Result<Output, Fault> {
        let logs = v1::WorkloadLogsRequest {
            name: workload.to_owned(),
            follow: true,
            ..v1::WorkloadLogsRequest::default()
        };
        let lines = self.0.clone().logs(logs).await.map_err(Fault::refused("read logs"))?;
        let mut lines = lines.into_inner();
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(Ok(line)) = lines.next().await {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Output(receiver))
    }
}

impl Output {
    /// The next line of any container.
    pub(crate) async fn next(&mut self) -> Result<v1::ContainerLogLine, Fault> {
        let odd = |why: &str| Fault::Odd(format!("waiting for output: {why}"));
        let line = tokio::time::timeout(PATIENCE, self.0.recv()).await;
        line.map_err(|_| odd("it takes too long"))?.ok_or_else(|| odd("the logs ended"))
    }
}
