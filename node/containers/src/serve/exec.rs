//! A program that somebody runs in a container.

use std::path::PathBuf;

use corten_api::v1;
use corten_api::v1::exec_request::Message as In;
use corten_api::v1::exec_response::Message as Out;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Status, Streaming};

use super::{Answers, WAITING, failed, refuse, running};
use crate::containerd::Io;
use crate::daemon::programs::{self, EXEC, LOOK_AGAIN, Program};
use crate::daemon::shell::Shell;
use crate::daemon::users;
use crate::fleet::Id;
use crate::logs::{Errors, Exec, ExecInput, ExecOutput, ExecOver, ExecPaths, Stream as Of};

const SIGKILL: u32 = 9;
const SIGHUP: u32 = 1;

/// What comes in after the first message, whatever it is called there.
pub(super) enum Input {
    Bytes(Vec<u8>),
    Ended,
    Resized(v1::TerminalSize),
}

pub(super) async fn exec(
    shell: &Shell,
    mut requests: Streaming<v1::ExecRequest>,
) -> Result<Answers<v1::ExecResponse>, Status> {
    if !shell.order().containers.interactive.exec {
        let remedy = "set containers.allow-exec = true in the machine configuration";
        return Err(refuse(Code::FailedPrecondition, "the configuration does not allow exec", remedy));
    }
    let first = requests.next().await.transpose()?.and_then(|request| request.message);
    let Some(In::Start(start)) = first else {
        return Err(refuse(Code::InvalidArgument, "the first message has to say what to run", ""));
    };
    // A caller who goes meanwhile does not keep it from being begun, and then ended.
    tokio::spawn(begin(shell.clone(), start, requests)).await.map_err(failed)?
}

/// Makes and starts a program.
async fn begin(
    shell: Shell,
    start: v1::ExecStart,
    requests: Streaming<v1::ExecRequest>,
) -> Result<Answers<v1::ExecResponse>, Status> {
    let (id, pid) = running(&shell, &start.container)?;
    let process = process(&shell, &id, pid, &start)?;
    let program = Program { key: id.key(), exec: programs::name(EXEC) };
    let errors = if start.terminal { Errors::WithOutput } else { Errors::Apart };
    let Exec { paths, input, output, over } = shell.logs.exec(&program.exec, errors).map_err(failed)?;
    let io = io(&paths, start.terminal);
    let made = shell.containerd.exec(&program.key, &program.exec, process, &io).await.map_err(failed);
    let begun = match made {
        Ok(()) => shell.containerd.start(&program.key, &program.exec).await.map_err(|error| {
            refuse(Code::InvalidArgument, error.to_string(), "is the program in the container?")
        }),
        Err(status) => Err(status),
    };
    if let Err(status) = begun {
        tokio::spawn(async move { programs::remove(&shell.containerd, &program).await });
        return Err(status);
    }
    if let Some(size) = start.size {
        let _ = shell.containerd.resize(&program.key, &program.exec, (size.columns, size.rows)).await;
    }
    let inputs = requests.map(|request| {
        Some(match request.ok()?.message? {
            In::Input(bytes) => Input::Bytes(bytes),
            In::InputEnded(_) => Input::Ended,
            In::Resized(size) => Input::Resized(size),
            In::Start(_) => return None,
        })
    });
    Ok(attend(&shell, program, (input, output, over), inputs))
}

/// Pipes for containerd.
pub(super) fn io(paths: &ExecPaths, terminal: bool) -> Io {
    let path = |text: &String| (!text.is_empty()).then(|| PathBuf::from(text));
    Io { stdin: path(&paths.stdin), stdout: path(&paths.stdout), stderr: path(&paths.stderr), terminal }
}

/// The process of the specification: the container's own, with what is asked for in place of its program.
fn process(shell: &Shell, id: &Id, pid: u32, start: &v1::ExecStart) -> Result<String, Status> {
    if start.command.is_empty() {
        return Err(refuse(Code::InvalidArgument, "there is no program to run", ""));
    }
    let specification = shell.kept().specification(id);
    let specification: Value = serde_json::from_str(&specification).map_err(failed)?;
    let mut process = specification.get("process").cloned().unwrap_or_default();
    process["args"] = json!(start.command);
    process["terminal"] = json!(start.terminal);
    if let Some(environment) = process.get_mut("env").and_then(Value::as_array_mut) {
        if start.terminal {
            environment.push(json!("TERM=xterm"));
        }
        environment.extend(start.environment.iter().map(|line| json!(line)));
    }
    if !start.working_directory.is_empty() {
        process["cwd"] = json!(start.working_directory);
    }
    if !start.user.is_empty() {
        let root = PathBuf::from(format!("/proc/{pid}/root"));
        let identity = users::identity(&[root], &start.user);
        let identity = identity.map_err(|error| refuse(Code::InvalidArgument, error.to_string(), ""))?;
        process["user"] =
            json!({ "uid": identity.uid, "gid": identity.gid, "additionalGids": identity.groups });
    }
    serde_json::to_string(&process).map_err(failed)
}

/// Copies input and output of a program until it is over, and says how it ended. A caller that goes takes the program
/// with it.
pub(super) fn attend(
    shell: &Shell,
    program: Program,
    (input, mut output, over): (ExecInput, ExecOutput, ExecOver),
    inputs: impl Stream<Item = Option<Input>> + Send + 'static,
) -> Answers<v1::ExecResponse> {
    let (sender, answers) = mpsc::channel(WAITING);
    let feeding = tokio::spawn(feed(shell.clone(), program.clone(), input, inputs));
    let ending = tokio::spawn(end(shell.clone(), program.clone(), over));
    let shell = shell.clone();
    tokio::spawn(async move {
        let message = |message| Ok(v1::ExecResponse { message: Some(message) });
        loop {
            let portion = tokio::select! {
                portion = output.next() => portion,
                () = sender.closed() => break,
            };
            let sent = match portion {
                Some(Ok((Of::Stdout, bytes))) => sender.send(message(Out::Output(bytes))).await,
                Some(Ok((Of::Stderr, bytes))) => sender.send(message(Out::ErrorOutput(bytes))).await,
                Some(Err(error)) => sender.send(Err(failed(error))).await,
                None => break,
            };
            if sent.is_err() {
                break;
            }
        }
        let killing = sender.is_closed().then(|| tokio::spawn(kill(shell, program)));
        let exit_code = ending.await.ok().flatten().unwrap_or(255);
        feeding.abort();
        if let Some(killing) = killing {
            killing.abort();
        }
        let _ = sender.send(message(Out::Ended(v1::ExecEnd { exit_code }))).await;
    });
    Box::pin(ReceiverStream::new(answers))
}

/// Waits for the end, and removes what containerd has of the program: then all that it printed has come.
async fn end(shell: Shell, program: Program, over: ExecOver) -> Option<u32> {
    let exit = programs::ended(&shell.containerd, &program).await;
    if program.exec.is_empty() {
        programs::remove_debug(&shell, &program.key).await;
    } else {
        programs::remove(&shell.containerd, &program).await;
    }
    drop(over);
    exit
}

/// Ends a program. Signals do not come through while containerd is away.
async fn kill(shell: Shell, Program { key, exec }: Program) {
    loop {
        for signal in [SIGHUP, SIGKILL] {
            let _ = shell.containerd.kill(&key, &exec, signal, false).await;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Hands input over until there is no more.
async fn feed(
    shell: Shell,
    program: Program,
    input: ExecInput,
    inputs: impl Stream<Item = Option<Input>> + Send,
) {
    let mut inputs = std::pin::pin!(inputs);
    let mut input = Some(input);
    while let Some(Some(message)) = inputs.next().await {
        match message {
            Input::Bytes(bytes) => {
                if let Some(pipe) = &mut input
                    && pipe.write_all(&bytes).await.is_err()
                {
                    input = None;
                }
            }
            Input::Ended => {
                input = None;
                let _ = shell.containerd.close_input(&program.key, &program.exec).await;
            }
            Input::Resized(size) => {
                let size = (size.columns, size.rows);
                let _ = shell.containerd.resize(&program.key, &program.exec, size).await;
            }
        }
    }
    // The caller says no more; that it went altogether is seen by whoever sends to it.
    if input.take().is_some() {
        let _ = shell.containerd.close_input(&program.key, &program.exec).await;
    }
}
