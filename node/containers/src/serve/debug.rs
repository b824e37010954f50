//! A container of any image in the namespaces of another one, with everything that root may do: for finding faults where
//! an image has no tools.

use std::collections::BTreeMap;

use corten_api::v1;
use corten_api::v1::debug_request::Message as In;
use serde_json::{Value, json};
use tokio_stream::StreamExt as _;
use tonic::{Code, Status, Streaming};

use super::exec::{Input, attend, io};
use super::{Answers, failed, refuse, running};
use crate::containerd::Record;
use crate::daemon::programs::{self, DEBUG, Program};
use crate::daemon::shell::Shell;
use crate::daemon::start::runtime;
use crate::daemon::{binds, root, usage};
use crate::images::Image;
use crate::logs::{Errors, Exec};
use crate::spec::{self, ALL_CAPABILITIES};

pub(super) async fn debug(
    shell: &Shell,
    mut requests: Streaming<v1::DebugRequest>,
) -> Result<Answers<v1::ExecResponse>, Status> {
    let order = shell.order();
    if !order.containers.interactive.debug {
        let remedy = "set containers.allow-debug = true in the machine configuration";
        return Err(refuse(Code::FailedPrecondition, "the configuration does not allow debug", remedy));
    }
    let first = requests.next().await.transpose()?.and_then(|request| request.message);
    let Some(In::Start(v1::DebugStart { exec: Some(start), image })) = first else {
        return Err(refuse(Code::InvalidArgument, "the first message has to say what to run", ""));
    };
    running(shell, &start.container)?;
    let image = shell.images.ensure(&image, &order).await;
    let image =
        image.map_err(|error| refuse(Code::NotFound, error.to_string(), "import it, or name another"))?;
    // A caller who goes meanwhile does not keep it from being begun, and then ended.
    tokio::spawn(begin(shell.clone(), start, image, requests)).await.map_err(failed)?
}

/// Makes and starts the container.
async fn begin(
    shell: Shell,
    start: v1::ExecStart,
    image: Image,
    requests: Streaming<v1::DebugRequest>,
) -> Result<Answers<v1::ExecResponse>, Status> {
    let (id, pid) = running(&shell, &start.container)?;
    let command = if start.command.is_empty() {
        [&image.process.entrypoint[..], &image.process.command[..]].concat()
    } else {
        start.command.clone()
    };
    if command.is_empty() {
        return Err(refuse(Code::InvalidArgument, "neither the image nor the request names a program", ""));
    }
    let gone = || refuse(Code::NotFound, "it is not in the configuration any more", "");
    let (workload, _) = shell.settings(&id).ok_or_else(gone)?;
    // The one that made the namespaces knows its way in them.
    let runtime = runtime(&shell, &workload).map_err(failed)?.display().to_string();
    let own = programs::name(DEBUG);
    let folder = shell.paths.of_debug(&own);
    let mount = root::overlay(&image.layers, &folder.join("root")).map_err(failed)?;
    let environment: Vec<String> = image
        .process
        .environment
        .iter()
        .cloned()
        .chain(start.terminal.then(|| "TERM=xterm".to_owned()))
        .chain(start.environment.iter().cloned())
        .collect();
    let cgroup = format!("{}-{own}", usage::group(&id));
    let mut specification = specification(&command, &environment, (start.terminal, pid, &cgroup));
    // Whoever may look into a workload that has containerd may ask containerd.
    if let (true, Some(mounts)) = (workload.containerd, specification["mounts"].as_array_mut()) {
        mounts.push(spec::bound(&binds::containerd(&shell.paths)));
    }
    let errors = if start.terminal { Errors::WithOutput } else { Errors::Apart };
    let Exec { paths, input, output, over } = shell.logs.exec(&own, errors).map_err(failed)?;
    let record = Record {
        id: own.clone(),
        image: image.name,
        labels: BTreeMap::new(),
        specification: specification.to_string(),
        runtime: runtime.clone(),
    };
    let io = io(&paths, start.terminal);
    let begun = async {
        shell.containerd.create_record(&record).await?;
        shell.containerd.create_task(&own, &runtime, vec![mount], &io).await?;
        shell.containerd.start(&own, "").await
    };
    if let Err(error) = begun.await {
        tokio::spawn(async move { programs::remove_debug(&shell, &own).await });
        return Err(refuse(Code::InvalidArgument, error.to_string(), "is the program in the image?"));
    }
    if let Some(size) = start.size {
        let _ = shell.containerd.resize(&own, "", (size.columns, size.rows)).await;
    }
    let inputs = requests.map(|request| {
        Some(match request.ok()?.message? {
            In::Input(bytes) => Input::Bytes(bytes),
            In::InputEnded(_) => Input::Ended,
            In::Resized(size) => Input::Resized(size),
            In::Start(_) => return None,
        })
    });
    Ok(attend(&shell, Program::main(own), (input, output, over), inputs))
}

/// All that root may do, in the processes', network's and message queues' namespaces of a process.
fn specification(
    command: &[String],
    environment: &[String],
    (terminal, pid, cgroup): (bool, u32, &str),
) -> Value {
    let capabilities = &ALL_CAPABILITIES[..];
    let of = |kind: &str| format!("/proc/{pid}/ns/{kind}");
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": terminal,
            "user": { "uid": 0, "gid": 0 },
            "args": command,
            "env": environment,
            "cwd": "/",
            "oomScoreAdj": 0,
            "capabilities": {
                "bounding": capabilities, "effective": capabilities, "permitted": capabilities,
            },
        },
        "root": { "path": "rootfs", "readonly": false },
        "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"] },
            { "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                "options": ["nosuid", "strictatime", "mode=755", "size=64k"] },
            { "destination": "/dev/pts", "type": "devpts", "source": "devpts",
                "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
            { "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
                "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=64m"] },
            { "destination": "/sys", "type": "sysfs", "source": "sysfs",
                "options": ["nosuid", "noexec", "nodev", "ro"] },
            { "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                "options": ["nosuid", "noexec", "nodev", "ro"] },
        ],
        "linux": {
            "cgroupsPath": cgroup,
            "resources": { "devices": [{ "allow": false, "access": "rwm" }], "pids": { "limit": 4096 } },
            "namespaces": [
                { "type": "pid", "path": of("pid") },
                { "type": "network", "path": of("net") },
                { "type": "ipc", "path": of("ipc") },
                { "type": "mount" },
                { "type": "uts" },
                { "type": "cgroup" },
            ],
        },
    })
}
