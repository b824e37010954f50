//! Programs with a containerd that answers as it is told to, and goes away in between.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use prost_types::Any;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService};
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;

use super::*;
use crate::api::containerd::services::tasks::v1::{
    DeleteProcessRequest, DeleteResponse, KillRequest, ListPidsRequest, ListPidsResponse, ListTasksRequest,
    ListTasksResponse, WaitRequest, WaitResponse,
};
use crate::api::containerd::v1::types::{Process, ProcessInfo, Status as State};
use crate::containerd::Exit;

/// What was asked, and what a program that waits is answered with, in turn.
#[derive(Debug, Default)]
struct Said {
    asked: Vec<String>,
    waits: VecDeque<Result<u32, Code>>,
    runs: bool,
    /// How its container is; `None` if it is gone.
    container: Option<TaskState>,
}

#[derive(Clone, Debug, Default)]
struct Fake(Arc<Mutex<Said>>);

impl NamedService for Fake {
    const NAME: &'static str = "containerd.services.tasks.v1.Tasks";
}

type Body = tonic::body::Body;

impl Service<http::Request<Body>> for Fake {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        let said = Arc::clone(&self.0);
        said.lock().expect("no panic").asked.push(method.clone());
        Box::pin(async move {
            Ok(match method.as_str() {
                "Wait" => answer(request, said, |said, _: WaitRequest| wait(said)).await,
                "Kill" => {
                    let kill = |said: &mut Said, _: KillRequest| {
                        said.runs = false;
                        Ok(())
                    };
                    answer(request, said, kill).await
                }
                "DeleteProcess" => answer(request, said, |said, _: DeleteProcessRequest| delete(said)).await,
                "ListPids" => answer(request, said, |_, _: ListPidsRequest| Ok(pids())).await,
                _ => answer(request, said, |said, _: ListTasksRequest| Ok(tasks(said))).await,
            })
        })
    }
}

/// Answers one call.
async fn answer<Q, A>(
    request: http::Request<Body>,
    said: Arc<Mutex<Said>>,
    answer: impl Fn(&mut Said, Q) -> Result<A, Status> + Send + 'static,
) -> http::Response<Body>
where
    Q: prost::Message + Default + 'static,
    A: prost::Message + Default + 'static,
{
    let answer = tower::service_fn(move |request: Request<Q>| {
        let answer = answer(&mut said.lock().expect("no panic"), request.into_inner());
        async move { answer.map(Response::new) }
    });
    Grpc::new(ProstCodec::default()).unary(answer, request).await
}

fn wait(said: &mut Said) -> Result<WaitResponse, Status> {
    match said.waits.pop_front() {
        Some(Ok(exit_status)) => Ok(WaitResponse { exit_status, exited_at: None }),
        Some(Err(code)) => Err(Status::new(code, "it says")),
        None => Err(Status::not_found("no such process")),
    }
}

fn delete(said: &mut Said) -> Result<DeleteResponse, Status> {
    if said.runs { Err(Status::failed_precondition("it runs")) } else { Ok(DeleteResponse::default()) }
}

fn tasks(said: &Said) -> ListTasksResponse {
    let task = |state| {
        let (status, exit_status) = match state {
            TaskState::Created => (State::Created, 0),
            TaskState::Running => (State::Running, 0),
            TaskState::Stopped(exit) => (State::Stopped, exit.0),
        };
        Process { id: "web.main".into(), status: status.into(), exit_status, ..Process::default() }
    };
    ListTasksResponse { tasks: said.container.map(task).into_iter().collect() }
}

const EARLIER: &str = "check-0123456789abcdef-7";

fn pids() -> ListPidsResponse {
    let process = |exec: &str| ProcessInfo {
        pid: 7,
        info: Some(Any {
            type_url: "containerd.runc.v1.ProcessDetails".into(),
            // Field 1, a string.
            value: [&[10, u8::try_from(exec.len()).expect("short")], exec.as_bytes()].concat(),
        }),
    };
    let first = ProcessInfo { pid: 1, info: None };
    let own = process(&name(EXEC));
    ListPidsResponse { processes: vec![first, process(EARLIER), own, process("exec-of-somebody")] }
}

fn serve(path: &Path, fake: &Fake) -> tokio::task::JoinHandle<()> {
    let _ = fs::remove_file(path);
    let incoming = UnixListenerStream::new(UnixListener::bind(path).expect("a socket"));
    let server = tonic::transport::Server::builder().add_service(fake.clone());
    tokio::spawn(async move {
        let _ = server.serve_with_incoming(incoming).await;
    })
}

fn program() -> Program {
    Program { key: "web.main".into(), exec: name(EXEC) }
}

async fn lab(waits: &[Result<u32, Code>]) -> (tempfile::TempDir, Fake, Containerd) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let fake = Fake::default();
    fake.0.lock().expect("no panic").waits.extend(waits.iter().copied());
    serve(&path, &fake);
    let containerd = Containerd::connect(&path, Duration::from_secs(10)).await.expect("it answers");
    (folder, fake, containerd)
}

#[tokio::test]
async fn an_outage_is_not_the_end_of_a_program() {
    let waits = [Err(Code::Unavailable), Err(Code::Cancelled), Ok(7)];
    let (_folder, fake, containerd) = lab(&waits).await;
    fake.0.lock().expect("no panic").container = Some(TaskState::Running);
    assert_eq!(ended(&containerd, &program()).await, Some(7));
    assert_eq!(ended(&containerd, &program()).await, None, "nobody knows it any more");
    let (_folder, _, containerd) = lab(&[Err(Code::Unknown), Ok(7)]).await;
    assert_eq!(ended(&containerd, &program()).await, None, "its container is gone");
}

#[tokio::test]
async fn a_main_process_that_is_not_known_for_a_moment_is_as_its_task_says() {
    let (_folder, fake, containerd) = lab(&[Err(Code::NotFound), Ok(7)]).await;
    fake.0.lock().expect("no panic").container = Some(TaskState::Running);
    let main = Program::main("web.main");
    assert_eq!(ended(&containerd, &main).await, Some(7), "it runs, and is waited for again");
    fake.0.lock().expect("no panic").container = Some(TaskState::Stopped(Exit(9)));
    assert_eq!(ended(&containerd, &main).await, Some(9));
    fake.0.lock().expect("no panic").container = None;
    assert_eq!(ended(&containerd, &main).await, None, "nobody knows it any more");
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_outage() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).expect("a socket");
    let closing = tokio::spawn(async move {
        // The probe of `connect`, and the connection itself.
        for _ in 0..2 {
            listener.accept().await.expect("a client");
        }
    });
    let containerd = Containerd::connect(&path, Duration::from_secs(10)).await;
    closing.await.expect("no panic");
    if let Ok(containerd) = containerd {
        let error = containerd.wait("web.main", "").await.expect_err("nobody is there");
        assert!(error.is_outage(), "{error}");
    }
}

#[tokio::test]
async fn what_runs_is_killed_before_it_is_removed() {
    let (_folder, fake, containerd) = lab(&[Ok(137)]).await;
    fake.0.lock().expect("no panic").runs = true;
    assert!(remove(&containerd, &program()).await);
    assert_eq!(fake.0.lock().expect("no panic").asked, ["DeleteProcess", "Kill", "Wait", "DeleteProcess"]);
}

#[tokio::test]
async fn programs_of_an_earlier_daemon_are_found_and_no_others() {
    let (_folder, _, containerd) = lab(&[]).await;
    assert_eq!(execs(&containerd, "web.main").await.expect("it answers"), [EARLIER]);
    assert_ne!(name(EXEC), name(EXEC));
    assert!(is_earlier("corten-debug-0123456789abcdef-0", DEBUG));
    assert!(!is_earlier(&name(DEBUG), DEBUG) && !is_earlier("corten-debug-0", DEBUG));
}
