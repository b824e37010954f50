//! What containerd asks, with a runtime that is a script: it starts a process, or fails as it is told to.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use corten_sys::process::reap;

use super::*;
use crate::api::containerd::runc::v1::Options;

/// `create` starts a process that waits, `exec` one that ends with 7 at once, or with a file `waits` in the bundle one
/// that waits, after a while. A file `fail-WORD` makes a command fail with what is in it.
const RUNTIME: &str = r#"#!/bin/sh
root=$2 log=$4 word=$7
shift 7
while [ $# -gt 1 ]; do
    case $1 in
        --pid-file) pid=$2; shift;;
    esac
    shift
done
bundle=${log%/*}
if [ -e "$bundle/fail-$word" ]; then
    echo "{\"level\":\"error\",\"msg\":\"$(cat "$bundle/fail-$word")\"}" > "$log"
    exit 1
fi
case $word in
    create) sleep 600 & echo $! > "$pid";;
    exec) if [ -e "$bundle/waits" ]; then sleep 0.3; sleep 600 & echo $! > "$pid"; exit 0; fi
        (sh -c 'exit 7' & echo $! > "$pid"); sleep 0.2;;
    delete) kill -9 "$(cat "$bundle/init.pid")" 2> /dev/null || true;;
esac
"#;

/// A shim with one container.
struct Lab {
    folder: tempfile::TempDir,
    tasks: Tasks,
    next: u32,
    answers: Vec<(u32, Answer)>,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("runtime");
        fs::write(&script, RUNTIME).expect("writable");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
        let tasks = Tasks::new("k", folder.path(), Events::to(None, "k")).expect("the kernel lets us");
        Self { folder, tasks, next: 0, answers: Vec::new() }
    }

    fn fail(&self, word: &str, why: &str) {
        fs::write(self.folder.path().join(format!("fail-{word}")), why).expect("writable");
    }

    /// Asks, and returns the number of the question.
    fn ask(&mut self, method: &str, request: &impl Message) -> u32 {
        self.next += 1;
        let reply = Reply { connection: 0, stream: self.next };
        self.tasks.called(reply, "containerd.task.v2.Task", method, &request.encode_to_vec());
        self.look();
        self.next
    }

    fn look(&mut self) {
        while let Some((pid, exit)) = reap().expect("the kernel tells") {
            self.tasks.ended(pid, exit);
        }
        self.answers.extend(self.tasks.answers().into_iter().map(|(reply, answer)| (reply.stream, answer)));
    }

    /// The place of an answer among all.
    fn place(&mut self, question: u32) -> usize {
        let begun = Instant::now();
        loop {
            self.look();
            if let Some(place) = self.answers.iter().position(|(one, _)| *one == question) {
                return place;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "no answer to question {question}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn answer<M: Message + Default>(&mut self, question: u32) -> Result<M, Fault> {
        let place = self.place(question);
        self.answers[place].1.clone().map(|payload| M::decode(payload.as_slice()).expect("a message"))
    }

    fn does<M: Message + Default>(&mut self, method: &str, request: &impl Message) -> Result<M, Fault> {
        let question = self.ask(method, request);
        self.answer(question)
    }

    fn create(&mut self) -> Result<task::CreateTaskResponse, Fault> {
        let options = Options {
            binary_name: self.folder.path().join("runtime").display().to_string(),
            ..Options::default()
        };
        let options = Any { type_url: "containerd.runc.v1.Options".into(), value: options.encode_to_vec() };
        let bundle = self.folder.path().display().to_string();
        let request =
            task::CreateTaskRequest { id: ID.into(), bundle, options: Some(options), ..Default::default() };
        self.does("Create", &request)
    }

    fn start(&mut self, exec: &str) -> u32 {
        self.ask("Start", &task::StartRequest { id: ID.into(), exec_id: exec.into() })
    }

    fn wait(&mut self, exec: &str) -> u32 {
        self.ask("Wait", &task::WaitRequest { id: ID.into(), exec_id: exec.into() })
    }

    fn delete(&mut self, exec: &str) -> Result<task::DeleteResponse, Fault> {
        self.does("Delete", &task::DeleteRequest { id: ID.into(), exec_id: exec.into() })
    }

    fn exec(&mut self, exec: &str) {
        let request = task::ExecProcessRequest { id: ID.into(), exec_id: exec.into(), ..Default::default() };
        self.does::<()>("Exec", &request).expect("it is noted");
    }

    /// Processes, with the name of those that are of an exec.
    fn pids(&mut self) -> Vec<(u32, String)> {
        let pids = self.does::<task::PidsResponse>("Pids", &task::PidsRequest { id: ID.into() });
        let exec = |info: Option<Any>| {
            info.map(|info| ProcessDetails::decode(info.value.as_slice()).expect("a message").exec_id)
        };
        let processes = pids.expect("it is there").processes.into_iter();
        processes.map(|process| (process.pid, exec(process.info).unwrap_or_default())).collect()
    }

    fn ended(&mut self, question: u32) -> u32 {
        self.answer::<task::WaitResponse>(question).expect("it ended").exit_status
    }
}

const ID: &str = "web.main";

fn code<T: std::fmt::Debug>(answer: Result<T, Fault>) -> Code {
    answer.expect_err("it is refused").code
}

/// All in one test: children of a process are everybody's in it.
#[test]
fn containers_come_and_go_as_containerd_asks() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).expect("the kernel lets us");
    let mut lab = Lab::new();
    assert_eq!(code(lab.delete("")), Code::NotFound);

    // What the runtime can't make is told in its words, and may be tried again.
    lab.fail("create", "no such file");
    let fault = lab.create().expect_err("it fails");
    assert_eq!((fault.code, fault.message.as_str()), (Code::Unknown, "OCI runtime: no such file"));
    fs::remove_file(lab.folder.path().join("fail-create")).expect("ours");
    let pid = lab.create().expect("it is made").pid;
    assert_eq!(code(lab.create()), Code::AlreadyExists);

    let started = lab.start("");
    assert_eq!(lab.answer::<task::StartResponse>(started).expect("it starts").pid, pid);
    let again = lab.start("");
    assert_eq!(code(lab.answer::<task::StartResponse>(again)), Code::FailedPrecondition);
    let end = lab.wait("");
    assert_eq!(code(lab.delete("")), Code::FailedPrecondition, "it runs");

    // A process beside it that has ended before the runtime has: its end is not lost.
    lab.exec("quick");
    let end_of_quick = lab.wait("quick");
    let started = lab.start("quick");
    assert_eq!(lab.ended(end_of_quick), 7);
    lab.answer::<task::StartResponse>(started).expect("it was started");
    assert_eq!(lab.delete("quick").expect("it ended").exit_status, 7);

    // One that can't be made is over, for those too who wait already.
    lab.fail("exec", "no such program");
    lab.exec("wrong");
    let end_of_wrong = lab.wait("wrong");
    let started = lab.start("wrong");
    let fault = lab.answer::<task::StartResponse>(started).expect_err("it fails");
    assert_eq!(fault.message, "OCI runtime: no such program");
    assert_eq!(lab.ended(end_of_wrong), 255);
    lab.delete("wrong").expect("it is over");

    // A signal that comes while the runtime makes the process is not lost.
    fs::remove_file(lab.folder.path().join("fail-exec")).expect("ours");
    fs::write(lab.folder.path().join("waits"), "").expect("writable");
    lab.exec("hasty");
    let kill = |exec: &str| task::KillRequest {
        id: ID.into(),
        exec_id: exec.into(),
        signal: 9,
        ..Default::default()
    };
    assert_eq!(code(lab.does::<()>("Kill", &kill("hasty"))), Code::NotFound, "nobody makes it yet");
    let started = lab.start("hasty");
    lab.does::<()>("Kill", &kill("hasty")).expect("it is noted");
    lab.answer::<task::StartResponse>(started).expect("it was started");
    let end_of_hasty = lab.wait("hasty");
    assert_eq!(lab.ended(end_of_hasty), 128 + 9);
    lab.delete("hasty").expect("it ended");

    // Which of the processes is that of an exec is told; one that was never started goes, and who waits hears of it.
    lab.exec("named");
    let started = lab.start("named");
    let pid_of_named = lab.answer::<task::StartResponse>(started).expect("it starts").pid;
    let end_of_named = lab.wait("named");
    assert_eq!(lab.pids(), [(pid, String::new()), (pid_of_named, "named".to_owned())]);
    lab.does::<()>("Kill", &kill("named")).expect("it runs");
    assert_eq!(lab.ended(end_of_named), 128 + 9);
    assert_eq!(lab.pids(), [(pid, String::new())]);
    lab.exec("never");
    let end_of_never = lab.wait("never");
    lab.delete("never").expect("it was not started");
    lab.exec("idle");
    let end_of_idle = lab.wait("idle");
    assert_eq!(lab.ended(end_of_never), NEVER);

    let kill = kill("");
    lab.does::<()>("Kill", &kill).expect("it is there");
    assert_eq!(lab.ended(end), 128 + 9);
    assert_eq!(code(lab.does::<()>("Kill", &kill)), Code::NotFound);
    assert_eq!(
        lab.pids(),
        [(pid, String::new())],
        "containerd takes a task that is over for one that is none otherwise"
    );
    let late = lab.wait("");
    assert_eq!(lab.ended(late), 128 + 9, "who asks late hears of it too");
    let shutdown = task::ShutdownRequest { id: ID.into(), now: false };
    lab.does::<()>("Shutdown", &shutdown).expect("it is heard");
    assert!(!lab.tasks.is_done(), "a container is there");
    assert_eq!(lab.delete("").expect("it ended").pid, pid);
    lab.does::<()>("Shutdown", &shutdown).expect("it is heard");
    assert!(lab.tasks.is_done());
    assert_eq!(lab.ended(end_of_idle), 128 + 9, "it went with the container");

    // A task that was made and never started goes, and who waits for it hears of it.
    lab.create().expect("it is made");
    let end = lab.wait("");
    lab.delete("").expect("it was not started");
    assert_eq!(lab.ended(end), 128 + 9);
}

#[test]
fn names_and_signals_are_those_that_containerd_has() {
    assert!(is_file_name("a-b_c.1") && !is_file_name("") && !is_file_name("../x") && !is_file_name(".x"));
    assert!(!is_file_name(&"x".repeat(77)));
    for number in [1, 9, 15, 31, 34, 64] {
        assert_eq!(signal(number).map(|signal| signal.as_raw().cast_unsigned()), Ok(number));
    }
    for number in [0, 32, 33, 65, u32::MAX] {
        assert_eq!(code(signal(number).map(|_| ())), Code::InvalidArgument);
    }
}
