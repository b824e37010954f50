//! The process of a container: what it runs, as whom, with which rights.

use std::collections::{BTreeMap, BTreeSet};

use corten_config::settings::Container;
use serde_json::{Value, json};

/// Where programs are looked for if neither image nor configuration says it: docker's default.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Open files, soft and hard: what the kernel gives and what programs may ask for.
const OPEN_FILES: (u64, u64) = (1024, 524_288);

/// What an image says of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageProcess {
    /// Program with leading arguments.
    pub entrypoint: Vec<String>,
    /// Arguments, or the program where there is no entry point.
    pub command: Vec<String>,
    /// `NAME=value`.
    pub environment: Vec<String>,
    /// `USER[:GROUP]`; may be empty.
    pub user: String,
    /// May be empty.
    pub working_directory: String,
    /// Name or number of a signal; may be empty.
    pub stop_signal: String,
}

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The program and its arguments; not empty.
    pub arguments: Vec<String>,
    /// Variables.
    pub environment: BTreeMap<String, String>,
    /// Where it starts.
    pub working_directory: String,
}

/// As whom it runs, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
}

/// Neither the image nor the configuration says what to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither the image nor the configuration names a program")]
pub struct NoCommand;

/// Puts what the configuration says over what the image says. A `command` of the configuration takes the place of the
/// image's entry point, and then the image's arguments, which were meant for that, are left out too.
pub fn program(
    container: &Container,
    image: &ImageProcess,
    variables: BTreeMap<String, String>,
) -> Result<Program, NoCommand> {
    let mut arguments = container.command.clone().unwrap_or_else(|| image.entrypoint.clone());
    match (&container.arguments, &container.command) {
        (Some(own), _) => arguments.extend(own.iter().cloned()),
        (None, None) => arguments.extend(image.command.iter().cloned()),
        (None, Some(_)) => {}
    }
    if arguments.is_empty() {
        return Err(NoCommand);
    }
    let mut environment: BTreeMap<String, String> = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    let of_image = image.environment.iter().filter_map(|line| line.split_once('='));
    environment.extend(of_image.map(|(name, value)| (name.to_owned(), value.to_owned())));
    environment.extend(variables);
    let own = container.working_directory.as_deref().unwrap_or(&image.working_directory);
    let working_directory = if own.starts_with('/') { own.to_owned() } else { format!("/{own}") };
    Ok(Program { arguments, environment, working_directory })
}

/// The process of the specification.
pub(super) fn of(
    program: &Program,
    identity: &Identity,
    container: &Container,
    capabilities: &BTreeSet<String>,
) -> Value {
    let environment: Vec<String> =
        program.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // A user that is not root keeps none of these when its program starts unless they are ambient; one who was given a
    // capability by name is meant to have it.
    json!({
        "terminal": false,
        "user": { "uid": identity.uid, "gid": identity.gid, "additionalGids": identity.groups, "umask": 0o022 },
        "args": program.arguments,
        "env": environment,
        "cwd": program.working_directory,
        "noNewPrivileges": !container.new_privileges && !container.privileged,
        // Without it a container inherits the score of containerd, which is among the last to go.
        "oomScoreAdj": 0,
        "rlimits": [{ "type": "RLIMIT_NOFILE", "soft": OPEN_FILES.0, "hard": OPEN_FILES.1 }],
        "capabilities": {
            "bounding": capabilities,
            "effective": capabilities,
            "permitted": capabilities,
            "inheritable": capabilities,
            "ambient": capabilities,
        },
    })
}

/// The process of a program that is run in a container beside its main one: with the rights, the user and the variables
/// of that. `None` if there is no specification to go by.
pub fn exec_process(specification: &str, command: &[String]) -> Option<String> {
    let specification: Value = serde_json::from_str(specification).ok()?;
    let mut process = specification.get("process")?.clone();
    process["args"] = json!(command);
    process["terminal"] = json!(false);
    serde_json::to_string(&process).ok()
}
