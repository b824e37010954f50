//! The services of the node as init tells of them, again and again without being asked.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use corten_control::{Answer, MAX_ANSWER, Request, SOCKET, Status};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::watch;

use crate::events::{Events, Kind};
use crate::root::Root;

/// Time between two attempts to reach init.
const AGAIN: Duration = Duration::from_secs(1);

/// The services as they are now; empty until init has told.
pub type Services = watch::Receiver<Arc<Vec<Status>>>;

/// Follows what init tells, and turns each change into an event.
pub async fn follow(root: Root, sender: watch::Sender<Arc<Vec<Status>>>, events: Events) {
    loop {
        if let Err(error) = listen(&root, &sender, &events).await {
            tracing_line(&error);
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn tracing_line(error: &io::Error) {
    eprintln!("init does not tell of its services: {error}");
}

async fn listen(root: &Root, sender: &watch::Sender<Arc<Vec<Status>>>, events: &Events) -> io::Result<()> {
    let mut stream = UnixStream::connect(root.path(SOCKET)).await?;
    stream.write_all(Request::Watch.line().as_bytes()).await?;
    let mut reader = BufReader::with_capacity(4096, stream);
    loop {
        let mut line = String::new();
        let read = (&mut reader).take(MAX_ANSWER as u64).read_line(&mut line).await?;
        match Answer::parse(&line) {
            Some(Answer::Services { services }) => {
                sender.send_replace(Arc::new(services));
            }
            Some(Answer::Changed { service }) => {
                events.say(Kind::Service, service.name.clone(), describe(&service));
                sender.send_modify(|services| *services = Arc::new(changed(services, service)));
            }
            Some(Answer::Refused { why }) => return Err(io::Error::other(why)),
            Some(Answer::Accepted | Answer::Going { .. }) => {}
            None if read == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            None => return Err(io::Error::other(format!("it said {line:?}"))),
        }
    }
}

fn describe(service: &Status) -> String {
    let state = service.state;
    if service.found.is_empty() { state.to_string() } else { format!("{state}: {}", service.found) }
}

fn changed(services: &[Status], changed: Status) -> Vec<Status> {
    let mut services = services.to_vec();
    match services.iter_mut().find(|service| service.name == changed.name) {
        Some(service) => *service = changed,
        None => services.push(changed),
    }
    services
}

#[cfg(test)]
mod tests {
    use corten_control::State;
    use tokio::net::UnixListener;

    use super::*;

    fn status(name: &str, state: State) -> Status {
        Status { name: name.into(), state, pid: None, since_ms: 0, restarts: 0, found: String::new() }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_init_tells_is_what_services_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path());
        std::fs::create_dir_all(root.path("/run/corten")).expect("a folder");
        let listener = UnixListener::bind(root.path(SOCKET)).expect("a socket");
        let (sender, mut services) = watch::channel(Arc::default());
        let events = Events::default();
        let follows = tokio::spawn(follow(root, sender, events.clone()));
        let (mut init, _) = listener.accept().await.expect("it connects");
        let all = vec![status("a", State::Ready), status("b", State::Starting)];
        init.write_all(Answer::Services { services: all }.line().as_bytes()).await.expect("it reads");
        services.changed().await.expect("told");
        let change = Answer::Changed { service: status("b", State::Ready) };
        init.write_all(change.line().as_bytes()).await.expect("it reads");
        services.changed().await.expect("told");
        assert!(services.borrow().iter().all(|service| service.state == State::Ready));
        let kept = events.kept();
        assert_eq!((kept[0].subject.as_str(), kept[0].text.as_str()), ("b", "ready"));
        follows.abort();
    }
}
