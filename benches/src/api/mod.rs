//! `bench api`: what an agent takes for itself, and how it bears clients that are many, slow or malformed. It runs on
//! this machine against a scratch root, so that no emulation is in the way, and with the limits of a node.

mod idle;
mod malformed;
mod probe;
mod readers;
mod rest;
mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use corten_api::role::Role;
use corten_load::{Agent, Log, Malformed, Posture, Scratch, Target, Usage};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use table::Table;

/// What an agent takes for itself, and how it bears clients that are many, slow or malformed.
#[derive(clap::Args)]
pub struct Api {
    /// Connections that are idle at a time.
    #[arg(long, default_value_t = 1_000)]
    connections: usize,
    /// Readers of logs at a time.
    #[arg(long, default_value_t = 200)]
    readers: usize,
    /// Seconds that lines are written for, 1,000 each.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Malformed requests.
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// Of malformed requests these alone, by what is wrong with them as the table names it.
    #[arg(long, value_parser = kind)]
    only: Option<Malformed>,
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "rest,idle,readers,slow,malformed")]
    parts: Vec<Part>,
    /// The agent to measure, instead of the one that is built.
    #[arg(long)]
    agent: Option<PathBuf>,
    /// Print one JSON object instead of the table.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Rest,
    Idle,
    Readers,
    Slow,
    Malformed,
}

impl Api {
    /// Runs the measurement, prints it, and fails where a bar is missed.
    pub fn run(&self) -> Result<()> {
        // Both ends of a thousand connections, one of them here.
        let most = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?;
        let program = match &self.agent {
            Some(agent) => agent.clone(),
            None => std::env::var_os("CORTEN_AGENT").context("run this as `cargo xtask bench api`")?.into(),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let mut table = Table::default();
        for part in &self.parts {
            eprintln!("bench: {part:?}");
            let node = Node::start(&program).with_context(|| format!("{}", program.display()))?;
            let measured = match part {
                Part::Rest => runtime.block_on(rest::measure(&node, &mut table)),
                Part::Idle => runtime.block_on(idle::measure(&node, self.connections, &mut table)),
                Part::Readers => {
                    let load = readers::Load { readers: self.readers, seconds: self.seconds };
                    runtime.block_on(readers::many(node, &load, &mut table))
                }
                Part::Slow => runtime.block_on(readers::slow(node, self.seconds, &mut table)),
                Part::Malformed => {
                    let (requests, only) = (self.requests, self.only);
                    runtime.block_on(malformed::measure(&node, requests, only, &mut table))
                }
            };
            measured.with_context(|| format!("{part:?}"))?;
        }
        if self.json {
            println!("{:#}", table.json());
        } else {
            print!("{table}");
        }
        match table.missed() {
            0 => Ok(()),
            missed => bail!("{missed} bars are missed"),
        }
    }
}

/// An agent on a scratch root, with limits that the measurements do not reach.
struct Node {
    agent: Agent,
    scratch: Scratch,
    log: Log,
    /// Time from its start until it was ready.
    started: Duration,
}

impl Node {
    fn start(program: &Path) -> Result<Self> {
        let limits = "[api.limits]\nconnections = 4096\nconnections-per-client = 4096\n";
        let scratch = Scratch::new(&Posture::Configured(limits.into()))?;
        let log = scratch.log_pipe()?;
        let start = std::time::Instant::now();
        let agent = Agent::start(program, &scratch)?;
        Ok(Self { agent, scratch, log, started: start.elapsed() })
    }

    fn target(&self, role: Role) -> Result<Target> {
        Ok(self.agent.target(self.scratch.owner.tls_as(role)?))
    }

    fn usage(&self) -> Result<Usage> {
        Ok(self.agent.usage()?)
    }
}

fn kind(name: &str) -> Result<Malformed, String> {
    let names = || Malformed::ALL.map(Malformed::name).join(", ");
    Malformed::ALL
        .into_iter()
        .find(|malformed| malformed.name() == name)
        .ok_or_else(|| format!("expected one of {}", names()))
}
