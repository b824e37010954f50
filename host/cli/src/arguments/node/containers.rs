//! Subcommands of `corten node` about workloads, their containers, images and volumes.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use corten_client::copy::Place;

/// Looks at containers and works with them.
#[derive(Subcommand, Debug)]
pub enum ContainersCommand {
    /// Shows the workloads: the containers that the node keeps running, in groups that share a network.
    Workloads,
    /// Shows the containers of all workloads, one on a line.
    Containers,
    /// Shows the images of the node: those of its own image, and those that were fetched or imported.
    Images,
    /// Shows the volumes: what workloads keep on the state.
    Volumes,
    /// Starts, stops and inspects workloads.
    #[command(subcommand)]
    Workload(WorkloadCommand),
    /// Fetches, imports and removes images.
    #[command(subcommand)]
    Image(ImageCommand),
    /// Removes volumes.
    #[command(subcommand)]
    Volume(VolumeCommand),
    /// Shows what containers use: processors, memory, disk, network. On a terminal the table stays up to date, until
    /// Ctrl-C.
    Stats {
        /// Only the containers of this workload.
        workload: Option<String>,
        /// Show it once.
        #[arg(long)]
        once: bool,
    },
    /// Runs a program in a container, on one node.
    ///
    /// The configuration has to allow it, and it is written to the audit log with its beginning and end. Exits as the
    /// program does: with its exit code, or with 128 and the number of the signal that ended it.
    Exec(ExecArguments),
    /// Runs a program of another image beside a container, in its namespaces, with all rights of root, on one node.
    ///
    /// For finding faults in a container that has no tools of its own. The program is root in the pid, network and ipc
    /// namespaces of the container, with every capability, no seccomp profile and no masked paths, whatever the
    /// container itself may. The configuration has to allow it. Exits as the
    /// program does, as `exec`.
    Debug(DebugArguments),
    /// Copies files and folders to a container or from one, on one node.
    ///
    /// One side is WORKLOAD[/CONTAINER]:/PATH, the other one a path of this machine. What is copied from a container
    /// goes into a folder that is there, else it is called as you say. What is copied to one goes into a path that
    /// ends with a slash, else it is called as you say: `cp site web:/srv/` makes /srv/site. Owners do not travel, and
    /// neither do devices.
    Cp {
        /// What is copied.
        from: Place,
        /// Where it goes.
        to: Place,
    },
}

/// Works with one workload.
#[derive(Subcommand, Debug)]
pub enum WorkloadCommand {
    /// Runs a workload that was stopped. A job runs now, whatever its schedule says.
    Start {
        /// The workload, as `corten node workloads` shows it.
        name: String,
    },
    /// Stops a workload until it is started again, its configuration changes or the node restarts.
    Stop {
        /// The workload, as `corten node workloads` shows it.
        name: String,
    },
    /// Stops the containers of a workload and starts them again.
    Restart {
        /// The workload, as `corten node workloads` shows it.
        name: String,
    },
    /// Shows everything about a workload, secrets removed. JSON and YAML have the OCI specifications of its containers
    /// too.
    Inspect {
        /// The workload, as `corten node workloads` shows it.
        name: String,
    },
}

/// Works with images.
#[derive(Subcommand, Debug)]
pub enum ImageCommand {
    /// Has the node fetch an image from its registry.
    Pull {
        /// The image: HOST/PATH:TAG or HOST/PATH@DIGEST.
        name: String,
    },
    /// Sends an archive with images to the node: OCI or docker, as `corten oci pack` and others make them.
    Import {
        /// The archive.
        file: PathBuf,
        /// What the image in it is called on the node, in place of the name that it has there. For an archive with
        /// several it is given once for each, in their order.
        #[arg(long = "name", value_name = "NAME")]
        names: Vec<String>,
    },
    /// Removes an image that was fetched or imported and that no container uses.
    Remove {
        /// The image, as `corten node images` shows it.
        name: String,
    },
}

/// Works with volumes.
#[derive(Subcommand, Debug)]
pub enum VolumeCommand {
    /// Removes a volume that no container uses, with all that it holds.
    ///
    /// Without --yes it says what would be lost, changes nothing and exits with 2.
    Remove {
        /// The volume, as `corten node volumes` shows it.
        name: String,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
}

/// What a program gets beside its arguments.
#[derive(Args, Debug)]
pub struct ProgramArguments {
    /// Send it the standard input of this command.
    #[arg(short, long)]
    pub interactive: bool,
    /// Give it a terminal. With --interactive, keys of this one go to it, Ctrl-C too.
    #[arg(short, long)]
    pub terminal: bool,
    /// A variable beside those of the container; can be given more than once.
    #[arg(short, long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub environment: Vec<String>,
    /// Who it runs as: USER or USER:GROUP, names of the container or numbers.
    #[arg(short, long, value_name = "USER")]
    pub user: Option<String>,
    /// The folder that it runs in.
    #[arg(short, long, value_name = "FOLDER")]
    pub workdir: Option<String>,
}

/// Arguments of `corten node exec`.
#[derive(Args, Debug)]
pub struct ExecArguments {
    /// What it gets.
    #[command(flatten)]
    pub program: ProgramArguments,
    /// The container: WORKLOAD/CONTAINER, or a workload that has one.
    pub container: String,
    /// The program and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Arguments of `corten node debug`.
#[derive(Args, Debug)]
pub struct DebugArguments {
    /// What it gets.
    #[command(flatten)]
    pub program: ProgramArguments,
    /// The image with the tools.
    #[arg(long, value_name = "IMAGE")]
    pub image: String,
    /// The container: WORKLOAD/CONTAINER, or a workload that has one.
    pub container: String,
    /// The program and its arguments; without it what the image starts.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

fn variable(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("{text:?} is no variable: expected NAME=VALUE")),
    }
}
