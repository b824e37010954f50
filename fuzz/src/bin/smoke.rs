//! Runs every target on its seeds and on mutations of them: what CI does on each change. No compiler but Rust's is
//! needed, and the same arguments give the same inputs.

use std::time::Instant;

use corten_fuzz::{TARGETS, mutate};

/// Mutations of each target's seeds unless the first argument says otherwise.
const RUNS: u64 = 4_000;

fn main() {
    let runs = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(RUNS);
    for target in TARGETS {
        let started = Instant::now();
        let seeds = (target.seeds)();
        for seed in &seeds {
            (target.run)(seed);
        }
        for run in 0..runs {
            let seed = seeds.get((run % seeds.len().max(1) as u64) as usize);
            let input = mutate(seed.map_or(&[], Vec::as_slice), run);
            let caught = std::panic::catch_unwind(|| (target.run)(&input));
            if caught.is_err() {
                let path = std::env::temp_dir().join(format!("corten-fuzz-{}-{run}", target.name));
                let kept = std::fs::write(&path, &input).map(|()| path.display().to_string());
                eprintln!("target {} panicked in run {run}; its input: {kept:?}", target.name);
                std::process::exit(1);
            }
        }
        let (seeds, seconds) = (seeds.len(), started.elapsed().as_secs_f32());
        println!("fuzz {:<12} {seeds} seeds, {runs} mutations, {seconds:.1} s: no panic", target.name);
    }
}
