//! `test`: everything that has to hold before a change is taken in. CI runs the same.

use std::process::Command;

use anyhow::Result;

use crate::command::{cargo, step, target};
use crate::{build, fuzz};

/// Formatting, lints, unit and property tests, other people's readers, boots in QEMU.
#[derive(clap::Args)]
pub struct Test {
    /// Also what takes longer than CI may: what needs the network, every recipe and every scenario, more cases of
    /// properties, more mutations, licences.
    #[arg(long)]
    long: bool,
    /// Only the tests that need no boot and no archive.
    #[arg(long, conflicts_with = "long")]
    quick: bool,
}

/// Cases of a property that does not name their number, in a long run; proptest's own number is 256.
const CASES: &str = "2048";
/// Mutations of each fuzz target in a long run, ten times as many as in a short one.
const MUTATIONS: &str = "40000";

impl Test {
    /// Runs the tests.
    pub fn run(&self) -> Result<()> {
        step("formatting", cargo().args(["fmt", "--all", "--check"]))?;
        let lints = ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
        step("lints", cargo().args(lints))?;
        self.policy()?;
        if self.quick {
            return step("unit and property tests", &mut unit_tests());
        }

        let corten = build::build()?;
        let tools = target()?.join("test-tools");
        for set in ["run", "test"] {
            let mut fetch = Command::new(&corten);
            fetch.args(["tools", "install", "--set", set]).arg(&tools);
            step(&format!("tools of the set {set}, from the archive"), &mut fetch)?;
        }
        let mut units = unit_tests();
        units.env("CORTEN_TOOLS_BIN", &tools).env("CORTEN_REQUIRE_TOOLS", "1");
        let mut fuzz = fuzz::smoke();
        if self.long {
            units.args(["--", "--include-ignored"]).env("PROPTEST_CASES", CASES);
            // What is fetched stays for the next time.
            units.env("CORTEN_TEST_STORE", target()?.join("test-store"));
            fuzz.args(["--", "all", MUTATIONS]);
        }
        step("unit and property tests", &mut units)?;
        step("fuzz targets", &mut fuzz)?;
        self.boots(&corten, &tools)
    }

    /// Licences, banned crates, sources. cargo-deny takes minutes to build, so only the long tests install it.
    fn policy(&self) -> Result<()> {
        let installed =
            cargo().args(["deny", "--version"]).output().is_ok_and(|output| output.status.success());
        if !installed && !self.long {
            eprintln!("xtask: skipped: cargo-deny is not installed (`cargo xtask test --long` installs it)");
            return Ok(());
        }
        if !installed {
            step("installing cargo-deny", cargo().args(["install", "--locked", "cargo-deny"]))?;
        }
        let check = ["deny", "--all-features", "check", "bans", "licenses", "sources"];
        step("licences, bans, sources", cargo().args(check))
    }

    fn boots(&self, corten: &std::path::Path, tools: &std::path::Path) -> Result<()> {
        let mut boots = cargo();
        boots.args(["test", "--locked", "--package", "corten-tests", "--"]);
        if self.long {
            boots.arg("--include-ignored");
        }
        boots.env("CORTEN_BIN", corten).env("CORTEN_TEST_DIR", target()?.join("test-images"));
        boots.env("CORTEN_TOOLS_BIN", tools).env("CORTEN_REQUIRE_TOOLS", "1");
        step("boots in QEMU", &mut boots)
    }
}

fn unit_tests() -> Command {
    let mut tests = cargo();
    tests.args(["test", "--locked", "--workspace", "--exclude", "corten-tests", "--quiet"]);
    tests
}
