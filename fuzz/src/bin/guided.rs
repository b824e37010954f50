//! Coverage-guided fuzzing with libFuzzer. The target is named by the environment variable CORTEN_FUZZ_TARGET.
#![no_main]

use std::sync::LazyLock;

use corten_fuzz::{Target, named};
use libfuzzer_sys::fuzz_target;

/// A name that is none would fuzz nothing and find nothing.
static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("CORTEN_FUZZ_TARGET").unwrap_or_default();
    named(&name).unwrap_or_else(|why| {
        eprintln!("error: CORTEN_FUZZ_TARGET: {why}");
        std::process::exit(2)
    })
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
