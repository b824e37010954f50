//! An init that says what it is told to, for all who ask one.

use std::sync::{Arc, Mutex};

use tokio::net::UnixListener;

use super::*;

/// An init on a scratch root.
pub struct FakeInit {
    asked: Arc<Mutex<Vec<Request>>>,
}

impl FakeInit {
    /// Listens below a root; a function says what it answers.
    pub fn start(root: &Root, answer: impl Fn(&Request) -> String + Send + 'static) -> Self {
        let path = root.path(SOCKET);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(path).expect("a socket");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let mut line = String::new();
                stream.read_line(&mut line).await.expect("a line");
                let request = Request::parse(line.as_bytes()).expect("a request");
                let answer = answer(&request);
                log.lock().expect("no panic").push(request);
                // Who asked may have gone.
                let _ = stream.get_mut().write_all(answer.as_bytes()).await;
            }
        });
        Self { asked }
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        self.asked.lock().expect("no panic").clone()
    }
}

fn scratch() -> (tempfile::TempDir, Root) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Root::new(folder.path());
    (folder, root)
}

#[tokio::test]
async fn answers_come_as_they_are() {
    let (_folder, root) = scratch();
    let refused = Answer::Refused { why: "no such service".into() };
    let line = refused.line();
    let init = FakeInit::start(&root, move |request| match request {
        Request::Services => Answer::Services { services: Vec::new() }.line(),
        _ => line.clone(),
    });
    assert_eq!(ask(&root, &Request::Apply).await.expect("an answer"), refused);
    let services = ask(&root, &Request::Services).await.expect("an answer");
    assert_eq!(services, Answer::Services { services: Vec::new() });
    assert_eq!(init.asked(), [Request::Apply, Request::Services]);
}

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    let (_folder, root) = scratch();
    let error = ask(&root, &Request::Apply).await.expect_err("nobody listens").to_string();
    assert!(error.contains("/run/corten/init.sock"), "{error}");
    for (said, told) in
        [(String::new(), "\"\""), ("maybe\n".into(), "\"maybe\\n\""), ("x".repeat(300), "xxx\"")]
    {
        let said = said.clone();
        let _init = FakeInit::start(&root, move |_| said.clone());
        let error = ask(&root, &Request::Apply).await.expect_err("no answer").to_string();
        assert!(error.starts_with("init answered ") && error.contains(told) && error.len() < 250, "{error}");
    }
    // An answer without an end is cut.
    let _init = FakeInit::start(&root, |_| "x".repeat(MAX_ANSWER * 4));
    ask(&root, &Request::Apply).await.expect_err("too long");
}

#[tokio::test(start_paused = true)]
async fn a_silent_init_is_given_up() {
    let (_folder, root) = scratch();
    std::fs::create_dir_all(root.path("/run/corten")).expect("a folder");
    let _listener = UnixListener::bind(root.path(SOCKET)).expect("a socket");
    let error = ask(&root, &Request::Apply).await.expect_err("it says nothing");
    assert!(matches!(error, InitError::Silent { .. }), "{error}");
}
