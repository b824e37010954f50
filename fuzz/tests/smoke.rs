//! What a smoke run notices, on targets that misbehave on purpose. The process that is fed is this test program,
//! started again.
#![allow(missing_docs)]

use std::process::Command;
use std::time::Duration;

use corten_fuzz::Target;
use corten_fuzz::smoke::{At, Fault, feed, watch};

/// Names the target that is fed.
const NAME: &str = "CORTEN_FUZZ_TEST";

fn seeds() -> Vec<Vec<u8>> {
    vec![b"first".to_vec(), b"second".to_vec()]
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run, seeds }
}

static TARGETS: [Target; 5] = [
    target("behaves", |_| {}),
    target("panics", |data| assert!(data != b"second", "on purpose")),
    target("overflows", overflow),
    target("grows", |data| drop(vec![data.len() as u8; 2 << 30])),
    target("hangs", |data| {
        if data == b"second" {
            std::thread::sleep(Duration::from_hours(1));
        }
    }),
];

#[expect(unconditional_recursion, reason = "it overflows the stack on purpose")]
fn overflow(data: &[u8]) {
    let copy = std::hint::black_box([data.len(); 512]);
    overflow(&data[copy[0] - data.len()..]);
    std::hint::black_box(copy);
}

#[test]
#[ignore = "not a test: what the other tests start"]
fn the_feeder() {
    let name = std::env::var(NAME).unwrap_or_default();
    let Some(target) = TARGETS.iter().find(|target| target.name == name) else { return };
    // The harness begins a line that it ends when the test is over.
    println!();
    feed(target, 3, &mut std::io::stdout()).expect("it can be told");
}

fn seen(name: &str, limit: Duration) -> Result<(), Fault> {
    let target = TARGETS.iter().find(|target| target.name == name).expect("there is one");
    let mut feeder = Command::new(std::env::current_exe().expect("this program has a path"));
    feeder.args(["--ignored", "--exact", "--nocapture", "the_feeder"]).env(NAME, name);
    watch(target, &mut feeder, limit)
}

const LONG: Duration = Duration::from_mins(1);

#[test]
fn a_target_that_behaves_gets_through() {
    assert_eq!(seen("behaves", LONG), Ok(()));
}

#[test]
fn a_panic_is_found_with_its_input() {
    let fault = seen("panics", LONG).expect_err("it panics");
    assert_eq!(fault.at(), Some(At::Seed(1)));
    assert_eq!(fault.to_string(), "exit status: 101 in seed 1");
}

#[test]
fn memory_without_limit_and_a_deep_recursion_end_the_target_alone() {
    for name in ["grows", "overflows"] {
        let fault = seen(name, LONG).expect_err(name);
        assert!(matches!(fault, Fault::Died { at: Some(At::Seed(0)), .. }), "{name}: {fault}");
    }
}

#[test]
fn a_hang_is_ended() {
    let fault = seen("hangs", Duration::from_secs(10)).expect_err("it hangs");
    assert_eq!(fault.to_string(), "no answer to seed 1 in 10 s");
}

#[test]
fn a_target_without_seeds_is_none() {
    for seeds in [Vec::new, || vec![b"one".to_vec(), Vec::new()]] as [fn() -> Vec<Vec<u8>>; 2] {
        let target = Target { name: "seedless", run: |_| {}, seeds };
        assert_eq!(watch(&target, &mut Command::new("/no/such"), LONG), Err(Fault::Seeds));
    }
}

#[test]
fn a_misspelt_target_is_refused_with_the_nearest() {
    let why = corten_fuzz::named("veritty").err().expect("there is no such target");
    assert_eq!(why, "there is no target \"veritty\": expected \"verity\"");
    let why = corten_fuzz::named("zzz").err().expect("there is no such target");
    assert!(why.starts_with("there is no target \"zzz\": expected one of ar, tar, "), "{why}");
}
