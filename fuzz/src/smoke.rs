//! A smoke run: every input of a target in turn, in a process of its own, so that whatever an input does to that
//! process is noticed and told: a panic, an overflow of the stack, memory without limit, a hang.
//!
//! ```text
//! watch ──starts──> feed (another process, bounded memory)
//!   ▲                 │ one line before each input: which one
//!   └─────────────────┘
//! ```

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::mutation::mutate;
use crate::targets::Target;

/// Memory that a target may have. The largest input has some megabytes, and no target holds more than a few copies.
const MEMORY: u64 = 1 << 30;

/// Last line of a process that got through.
const DONE: &str = "done";

/// Which input of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// A well-formed one.
    Seed(usize),
    /// A mutation.
    Mutation(u64),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seed(number) => write!(f, "seed {number}"),
            Self::Mutation(number) => write!(f, "mutation {number}"),
        }
    }
}

impl FromStr for At {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, number) = text.split_once(' ').ok_or(())?;
        match kind {
            "seed" => number.parse().map(Self::Seed).map_err(|_| ()),
            "mutation" => number.parse().map(Self::Mutation).map_err(|_| ()),
            _ => Err(()),
        }
    }
}

impl At {
    /// The input itself.
    pub fn input(self, seeds: &[Vec<u8>]) -> Vec<u8> {
        match self {
            Self::Seed(number) => seeds.get(number).cloned().unwrap_or_default(),
            Self::Mutation(number) => {
                let seed = seeds.get((number % seeds.len().max(1) as u64) as usize);
                mutate(seed.map_or(&[], Vec::as_slice), number)
            }
        }
    }
}

/// What is wrong with a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It has no seed, or an empty one: what makes them failed.
    Seeds,
    /// Its process ended with an input.
    Died {
        /// The input; none if it got to none.
        at: Option<At>,
        /// How the process ended.
        status: ExitStatus,
    },
    /// It did not come back from an input.
    Hung {
        /// The input; none if it got to none.
        at: Option<At>,
        /// How long it was waited for.
        limit: Duration,
    },
}

impl Fault {
    /// The input that shows it.
    pub fn at(&self) -> Option<At> {
        match self {
            Self::Seeds => None,
            Self::Died { at, .. } | Self::Hung { at, .. } => *at,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.at().map_or_else(|| "its start".to_owned(), |at| at.to_string());
        match self {
            Self::Seeds => write!(f, "a seed is empty, or there is none"),
            Self::Died { status, .. } => write!(f, "{status} in {place}"),
            Self::Hung { limit, .. } => write!(f, "no answer to {place} in {} s", limit.as_secs()),
        }
    }
}

/// Feeds a target with its seeds and so many mutations of them, and writes a line before each to `out`. Bounds the
/// memory of this process.
pub fn feed(target: &Target, mutations: u64, out: &mut impl Write) -> io::Result<()> {
    let bound = Rlimit { current: Some(MEMORY), ..getrlimit(Resource::Data) };
    setrlimit(Resource::Data, bound)?;
    // What it died of is told by the input.
    setrlimit(Resource::Core, Rlimit { current: Some(0), ..getrlimit(Resource::Core) })?;
    let seeds = (target.seeds)();
    for at in (0..seeds.len()).map(At::Seed).chain((0..mutations).map(At::Mutation)) {
        writeln!(out, "{at}")?;
        out.flush()?;
        (target.run)(&at.input(&seeds));
    }
    writeln!(out, "{DONE}")?;
    out.flush()
}

/// Starts a process that feeds a target, and watches it: each input may take up to `limit`.
pub fn watch(target: &Target, feeder: &mut Command, limit: Duration) -> Result<(), Fault> {
    let seeds = (target.seeds)();
    if seeds.is_empty() || seeds.iter().any(Vec::is_empty) {
        return Err(Fault::Seeds);
    }
    let mut child = feeder.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("this program starts");
    let (sender, lines) = channel();
    if let Some(out) = child.stdout.take() {
        // It ends with the process, or when nobody listens any more.
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
    }
    let mut at = None;
    loop {
        match lines.recv_timeout(limit) {
            Ok(line) if line == DONE => return end(&mut child, at),
            // What a test harness or the target prints is none of ours.
            Ok(line) => at = line.parse().ok().or(at),
            Err(RecvTimeoutError::Disconnected) => return end(&mut child, at),
            Err(RecvTimeoutError::Timeout) => {
                // A child that can't be killed has ended.
                let _ = child.kill();
                let _ = child.wait();
                return Err(Fault::Hung { at, limit });
            }
        }
    }
}

fn end(child: &mut Child, at: Option<At>) -> Result<(), Fault> {
    let status = child.wait().expect("a child that is ours can be waited for");
    if status.success() { Ok(()) } else { Err(Fault::Died { at, status }) }
}
