//! Coverage-guided fuzzing with libFuzzer. The target is named by the environment variable CORTEN_FUZZ_TARGET.
#![no_main]

use corten_fuzz::TARGETS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let name = std::env::var("CORTEN_FUZZ_TARGET").unwrap_or_default();
    for target in TARGETS.iter().filter(|target| target.name == name) {
        (target.run)(data);
    }
});
