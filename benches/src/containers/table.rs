//! The figures as a table and as JSON, with the ratios and with what was aimed at.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use super::figures::Figures;
use crate::statistics::Runs;

/// How many times faster than `ctr run` and than `podman run`.
const FASTER_THAN_CTR: f64 = 1.5;
const FASTER_THAN_PODMAN: f64 = 3.0;
/// Seconds from ready to the first container, on a first boot.
const FIRST_S: f64 = 1.0;

const CORTEN: &str = "corten";
const SYSTEMS: [&str; 4] = [CORTEN, "ctr+runc", "ctr+crun", "podman"];

/// Everything that was measured.
pub struct Result {
    /// The machine in a few words.
    pub machine: String,
    /// Containers at once.
    pub crowd: u32,
    /// The figures.
    pub figures: Figures,
}

/// A row of the table: what, the name of its figures, how much of them is one unit, digits behind the point.
struct Row {
    name: &'static str,
    what: &'static str,
    unit: f64,
    digits: usize,
    pick: Pick,
}

#[derive(Clone, Copy)]
enum Pick {
    Median,
    /// What 99 of 100 do not exceed.
    Percentile,
    /// The median, with the least and the most where there are several.
    Spread,
}

/// A start that finds its container known is the only kind that a workload has.
const KNOWN: &str = "start-known";
const NONE: &str = "start-none";
const BRIDGE: &str = "start-bridge";

/// The first container of a first boot, without a network and on a bridge.
pub const FIRST_NONE: &str = "first-none";
pub const FIRST_BRIDGE: &str = "first-bridge";

const fn row(name: &'static str, what: &'static str, unit: f64, digits: usize, pick: Pick) -> Row {
    Row { name, what, unit, digits, pick }
}

const ROWS: [Row; 10] = [
    row("start to first byte, no network, ms", NONE, 1e3, 0, Pick::Median),
    row("  99 of 100; highest of fewer", NONE, 1e3, 0, Pick::Percentile),
    row("the same on a bridge, ms", BRIDGE, 1e3, 0, Pick::Median),
    row("  99 of 100; highest of fewer", BRIDGE, 1e3, 0, Pick::Percentile),
    row("created before, no network, ms", KNOWN, 1e3, 0, Pick::Median),
    row("  99 of 100; highest of fewer", KNOWN, 1e3, 0, Pick::Percentile),
    row("all at once, until each printed, s", "crowd", 1e6, 1, Pick::Spread),
    row("memory of an idle container, MB", "idle", 1e6, 1, Pick::Spread),
    row("ready to first container, s", FIRST_NONE, 1e3, 2, Pick::Spread),
    row("the same on a bridge, s", FIRST_BRIDGE, 1e3, 2, Pick::Spread),
];

/// An aim: what, the value, what it is compared with, and whether it is met.
struct Aim {
    what: String,
    value: f64,
    aim: String,
    met: bool,
}

impl Result {
    fn runs(&self, system: &str, what: &str) -> Runs {
        let what = if system == CORTEN && what == KNOWN { NONE } else { what };
        self.figures.runs(system, what)
    }

    fn aims(&self) -> Vec<Aim> {
        let mut aims = Vec::new();
        let ratios = [
            ("ctr+runc", NONE, "no network", FASTER_THAN_CTR),
            ("ctr+crun", NONE, "no network", FASTER_THAN_CTR),
            ("podman", NONE, "no network", FASTER_THAN_PODMAN),
            ("podman", BRIDGE, "bridge", FASTER_THAN_PODMAN),
        ];
        for (peer, figure, network, least) in ratios {
            let (ours, theirs) = (self.runs(CORTEN, figure), self.runs(peer, figure));
            if ours.count() > 0 && theirs.count() > 0 {
                let value = theirs.median() / ours.median();
                let (what, aim) = (format!("{peer} / corten, {network}"), format!("{least} at least"));
                aims.push(Aim { what, value, aim, met: value >= least });
            }
        }
        for (figure, network) in [(FIRST_NONE, "no network"), (FIRST_BRIDGE, "bridge")] {
            let first = self.runs(CORTEN, figure);
            if first.count() > 0 {
                let value = first.median() / 1e3;
                let (what, aim) = (format!("first container, {network}, s"), format!("{FIRST_S} at most"));
                aims.push(Aim { what, value, aim, met: value <= FIRST_S });
            }
        }
        aims
    }

    /// The same for programs: times in microseconds, memory in bytes, and milliseconds after ready.
    pub fn json(&self) -> Value {
        let figures = |system: &str| -> Value {
            let rows = ROWS.iter().filter(|row| !matches!(row.pick, Pick::Percentile));
            let rows = rows.map(|row| (row.what, self.runs(system, row.what)));
            let rows = rows.filter(|(_, runs)| runs.count() > 0).map(|(what, runs)| {
                let value = json!({
                    "count": runs.count(), "median": runs.median(), "p99": runs.percentile(99),
                    "min": runs.least(), "max": runs.most(),
                });
                (what.to_owned(), value)
            });
            rows.collect::<serde_json::Map<_, _>>().into()
        };
        json!({
            "machine": self.machine,
            "at_once": self.crowd,
            "systems": SYSTEMS.map(|system| (system.to_owned(), figures(system)))
                .into_iter().collect::<serde_json::Map<_, _>>(),
            "aims": self.aims().iter().map(|aim| {
                json!({"what": aim.what, "value": aim.value, "aim": aim.aim, "met": aim.met})
            }).collect::<Vec<_>>(),
        })
    }
}

/// What stands in the table, or nothing where nothing was measured.
fn cell(row: &Row, runs: &Runs) -> String {
    if runs.count() == 0 {
        return "-".into();
    }
    let Row { unit, digits, .. } = row;
    let [median, high, least, most] =
        [runs.median(), runs.percentile(99), runs.least(), runs.most()].map(|value| value / unit);
    match row.pick {
        Pick::Spread if runs.count() > 1 => format!("{median:.digits$} ({least:.digits$}..{most:.digits$})"),
        Pick::Median | Pick::Spread => format!("{median:.digits$}"),
        Pick::Percentile => format!("{high:.digits$}"),
    }
}

impl fmt::Display for Result {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let starts = self.runs(CORTEN, NONE).count();
        writeln!(f, "{}; {starts} starts of each kind, {} at once; medians", self.machine, self.crowd)?;
        let mut names = String::new();
        SYSTEMS.iter().try_for_each(|name| write!(names, " {name:>20}"))?;
        writeln!(f, "{:38}{names}", "")?;
        for row in &ROWS {
            write!(f, "  {:36}", row.name)?;
            for system in SYSTEMS {
                write!(f, " {:>20}", cell(row, &self.runs(system, row.what)))?;
            }
            writeln!(f)?;
        }
        writeln!(f, "aims")?;
        for Aim { what, value, aim, met } in self.aims() {
            let met = if met { "met" } else { "missed" };
            writeln!(f, "  {what:36}{value:6.2}   {aim:14} {met}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(figures: &[(&str, &str, f64)]) -> Result {
        let mut all = Figures::default();
        for (system, what, value) in figures {
            all.push(system, what, *value);
        }
        Result { machine: "tcg".into(), crowd: 50, figures: all }
    }

    #[test]
    fn aims_are_met_up_to_their_limit() {
        let result = result(&[
            (CORTEN, NONE, 100e3),
            ("ctr+runc", NONE, 150e3),
            ("ctr+crun", NONE, 149e3),
            ("podman", NONE, 300e3),
            (CORTEN, BRIDGE, 200e3),
            ("podman", BRIDGE, 599e3),
            (CORTEN, FIRST_NONE, 1000.0),
            (CORTEN, FIRST_BRIDGE, 1001.0),
        ]);
        let met: Vec<bool> = result.aims().iter().map(|aim| aim.met).collect();
        assert_eq!(met, [true, false, true, false, true, false]);
    }

    #[test]
    fn what_was_not_measured_has_no_figure_and_is_compared_with_nothing() {
        let result = result(&[(CORTEN, NONE, 100e3)]);
        assert!(result.aims().is_empty());
        assert_eq!(cell(&ROWS[2], &result.runs("ctr+runc", BRIDGE)), "-");
        assert_eq!(cell(&ROWS[4], &result.runs(CORTEN, KNOWN)), "100");
    }

    #[test]
    fn a_spread_takes_more_than_one_run() {
        let mut all = result(&[(CORTEN, FIRST_NONE, 1000.0)]);
        let first = |all: &Result| cell(&ROWS[8], &all.runs(CORTEN, FIRST_NONE));
        assert_eq!(first(&all), "1.00");
        all.figures.push(CORTEN, FIRST_NONE, 1500.0);
        assert_eq!(first(&all), "1.25 (1.00..1.50)");
    }
}
