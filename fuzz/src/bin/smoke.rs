//! Runs every target on its seeds and on mutations of them: what CI does on each change. No compiler but Rust's is
//! needed, and the same arguments give the same inputs.
//!
//! ```text
//! smoke                         every target, as many at a time as there are processors
//! smoke all MUTATIONS           the same in another number
//! smoke run TARGET [MUTATIONS]  one of them
//! smoke feed TARGET MUTATIONS   what the others start as a process of its own
//! smoke seeds TARGET FOLDER     writes the seeds of a target, for a fuzzer that starts from files
//! ```

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use corten_fuzz::{TARGETS, Target, named, smoke};

/// Mutations of each target's seeds.
const MUTATIONS: u64 = 4_000;

/// The slowest input takes some milliseconds; this is for a host that is busy.
const LIMIT: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => told(all(MUTATIONS)),
        ["all", count] => told(number(count).and_then(all)),
        ["run", name] => told(named(name).and_then(|target| run(target, MUTATIONS))),
        ["run", name, count] => told(number(count).and_then(|mutations| run(named(name)?, mutations))),
        ["feed", name, count] => told(number(count).and_then(|mutations| {
            let feed = smoke::feed(named(name)?, mutations, &mut std::io::stdout());
            feed.map_err(|error| error.to_string())
        })),
        ["seeds", name, folder] => {
            told(named(name).and_then(|target| write_seeds(target, Path::new(folder))))
        }
        _ => told(Err(
            "expected nothing, all MUTATIONS, run TARGET [MUTATIONS], or seeds TARGET FOLDER".into()
        )),
    }
}

fn told(result: Result<(), String>) -> ExitCode {
    let Err(why) = result else { return ExitCode::SUCCESS };
    eprintln!("error: {why}");
    ExitCode::FAILURE
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} mutations: expected a number"))
}

/// As many targets at a time as there are processors. A fault in one of them does not keep another from its turn.
fn all(mutations: u64) -> Result<(), String> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let waiting = Mutex::new(TARGETS.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || std::iter::from_fn(next).filter_map(|target| run(target, mutations).err()).collect();
    let faults: Vec<Vec<String>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("what watches a target does not panic"))
            .collect()
    });
    let faults = faults.concat();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n       ")) }
}

fn run(target: &Target, mutations: u64) -> Result<(), String> {
    let (name, started) = (target.name, Instant::now());
    let mut feeder = Command::new(std::env::current_exe().map_err(|error| error.to_string())?);
    feeder.args(["feed", name, &mutations.to_string()]);
    if let Err(fault) = smoke::watch(target, &mut feeder, LIMIT) {
        let kept = fault.at().map_or_else(String::new, |at| keep(name, at));
        return Err(format!("target {name}: {fault}{kept}"));
    }
    let (seeds, seconds) = ((target.seeds)().len(), started.elapsed().as_secs_f32());
    println!("fuzz {name:<15} {seeds} seeds, {mutations} mutations, {seconds:.1} s: no fault");
    Ok(())
}

/// Writes an input down and says where.
fn keep(name: &str, at: smoke::At) -> String {
    let path = std::env::temp_dir().join(format!("corten-fuzz-{name}-{at}").replace(' ', "-"));
    let input = named(name).map(|target| at.input(&(target.seeds)())).unwrap_or_default();
    match std::fs::write(&path, input) {
        Ok(()) => format!("; the input is in {}", path.display()),
        Err(error) => format!("; the input can't be kept in {}: {error}", path.display()),
    }
}

fn write_seeds(target: &Target, folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("creating {}: {error}", folder.display()))?;
    for (number, seed) in (target.seeds)().iter().enumerate() {
        let path = folder.join(format!("seed-{number}"));
        std::fs::write(&path, seed).map_err(|error| format!("writing {}: {error}", path.display()))?;
    }
    Ok(())
}
