//! Boots real images; see the library of this package.
#![allow(missing_docs)]

use libtest_mimic::Arguments;

fn main() {
    let mut arguments = Arguments::from_args();
    // Two machines at a time under software emulation on two processors take longer than one after the other, and
    // their times say nothing.
    arguments.test_threads = Some(1);
    match corten_tests::trials() {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit(),
        Err(why) => {
            eprintln!("error: {why}");
            std::process::exit(2)
        }
    }
}
