//! The figures as a table and as JSON, with the ratios and with what was aimed at.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use super::figures::{Boots, Figures};
use super::{CORTEN, DEBIAN};
use crate::statistics::Runs;

/// Seconds from kernel start to serving that a first and a later boot of Corten may take.
const FIRST_S: f64 = 5.0;
const LATER_S: f64 = 4.0;
/// How many times faster than Debian's later boots, and which share of its memory.
const FASTER: f64 = 4.0;
const MEMORY: f64 = 0.5;

/// Everything that was measured.
pub struct Result {
    /// The machine in a few words.
    pub machine: String,
    /// Runs of each system.
    pub runs: u32,
    /// Later boots of each run.
    pub later: u32,
    /// Corten first.
    pub figures: Vec<Figures>,
}

/// A row of the table: what, how much of it is one unit, digits behind the point.
struct Row {
    name: &'static str,
    unit: f64,
    digits: usize,
    pick: fn(&Boots) -> &Runs,
}

const ROWS: [Row; 5] = [
    Row { name: "kernel start to serving, s", unit: 1.0, digits: 2, pick: |boots| &boots.kernel },
    Row { name: "power-on to serving, s", unit: 1.0, digits: 2, pick: |boots| &boots.total },
    Row { name: "memory in use, MB", unit: 1e6, digits: 1, pick: |boots| &boots.memory },
    Row { name: "memory in use 15 s later, MB", unit: 1e6, digits: 1, pick: |boots| &boots.idle },
    Row { name: "processes", unit: 1.0, digits: 0, pick: |boots| &boots.processes },
];

/// An aim: what, the value, what it is compared with, and whether it is met.
struct Aim {
    what: &'static str,
    value: f64,
    aim: String,
    met: bool,
}

impl Result {
    fn named(&self, name: &str) -> Option<&Figures> {
        self.figures.iter().find(|figures| figures.name == name)
    }

    fn aims(&self) -> Vec<Aim> {
        let Some(corten) = self.named(CORTEN) else { return Vec::new() };
        let (first, later) = (corten.first.kernel.median(), corten.later.kernel.median());
        let at_most = |what, value: f64, limit: f64, aim| Aim { what, value, aim, met: value <= limit };
        let mut aims = vec![
            at_most("first boot, kernel start to serving, s", first, FIRST_S, format!("{FIRST_S} at most")),
            at_most("later boots, kernel start to serving, s", later, LATER_S, format!("{LATER_S} at most")),
        ];
        if let Some(debian) = self.named(DEBIAN) {
            let theirs = debian.later.kernel.median();
            let at_least = |what, value: f64| Aim {
                what,
                value,
                aim: format!("{FASTER} at least"),
                met: value >= FASTER,
            };
            aims.push(at_least("Debian's later boots / Corten's first boot", theirs / first));
            aims.push(at_least("Debian's later boots / Corten's later boots", theirs / later));
            let memory = corten.later.memory.median() / debian.later.least_memory();
            let what = "memory of Corten / memory of Debian, the lower of its two";
            aims.push(at_most(what, memory, MEMORY, format!("{MEMORY} at most")));
        }
        aims
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let boots = |boots: &Boots| -> Value {
            let rows = ROWS.iter().filter(|row| (row.pick)(boots).count() > 0).map(|row| {
                let runs = (row.pick)(boots);
                let [median, least, most] =
                    [runs.median(), runs.least(), runs.most()].map(|value| value / row.unit);
                (row.name.to_owned(), json!({"median": median, "min": least, "max": most}))
            });
            rows.collect::<serde_json::Map<_, _>>().into()
        };
        let systems = self.figures.iter().map(|figures| {
            let value = json!({"first": boots(&figures.first), "later": boots(&figures.later)});
            (figures.name.clone(), value)
        });
        json!({
            "machine": self.machine,
            "runs": self.runs,
            "later_boots": self.later,
            "systems": systems.collect::<serde_json::Map<_, _>>(),
            "aims": self.aims().iter().map(|aim| {
                json!({"what": aim.what, "value": aim.value, "aim": aim.aim, "met": aim.met})
            }).collect::<Vec<_>>(),
        })
    }

    fn section(&self, f: &mut fmt::Formatter<'_>, title: &str, pick: fn(&Figures) -> &Boots) -> fmt::Result {
        writeln!(f, "{title}")?;
        for row in &ROWS {
            write!(f, "  {:30}", row.name)?;
            for figures in &self.figures {
                write!(f, "{:>24}", cell(row, (row.pick)(pick(figures))))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Median with the least and the most, or nothing where nothing was measured.
fn cell(row: &Row, runs: &Runs) -> String {
    if runs.count() == 0 {
        return "-".into();
    }
    let Row { unit, digits, .. } = row;
    let [median, least, most] = [runs.median(), runs.least(), runs.most()].map(|value| value / unit);
    format!("{median:.digits$} ({least:.digits$}..{most:.digits$})")
}

impl fmt::Display for Result {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { machine, runs, later, figures } = self;
        writeln!(f, "{machine}; {runs} runs of a first boot and {later} later ones; median (least..most)")?;
        let mut names = String::new();
        figures.iter().try_for_each(|figures| write!(names, "{:>24}", figures.name))?;
        writeln!(f, "{:32}{names}", "")?;
        self.section(f, "first boot", |figures| &figures.first)?;
        self.section(f, "later boots", |figures| &figures.later)?;
        writeln!(f, "aims")?;
        for Aim { what, value, aim, met } in self.aims() {
            let met = if met { "met" } else { "missed" };
            writeln!(f, "  {what:58}{value:6.2}   {aim:14} {met}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(name: &str, seconds: f64, memory: f64) -> Figures {
        let mut figures = Figures::new(name);
        for boots in [&mut figures.first, &mut figures.later] {
            boots.kernel.push_value(seconds);
            boots.memory.push_value(memory);
        }
        figures
    }

    fn met(corten: f64, memory: f64) -> Vec<bool> {
        let figures = vec![figures(CORTEN, corten, memory), figures(DEBIAN, 18.0, 80e6)];
        let result = Result { machine: String::new(), runs: 1, later: 1, figures };
        result.aims().iter().map(|aim| aim.met).collect()
    }

    #[test]
    fn aims_are_met_up_to_their_limit() {
        assert_eq!(met(4.0, 40e6), [true, true, true, true, true]);
        assert_eq!(met(4.5, 40.1e6), [true, false, true, true, false]);
        assert_eq!(met(5.1, 1e6), [false, false, false, false, true]);
    }

    #[test]
    fn without_debian_nothing_is_compared_with_it() {
        let figures = vec![figures(CORTEN, 1.0, 1.0)];
        let result = Result { machine: String::new(), runs: 1, later: 1, figures };
        assert_eq!(result.aims().len(), 2);
    }

    #[test]
    fn what_was_not_measured_has_no_figure() {
        assert_eq!(cell(&ROWS[3], &Runs::default()), "-");
        let mut runs = Runs::default();
        runs.push_value(50.4e6);
        assert_eq!(cell(&ROWS[2], &runs), "50.4 (50.4..50.4)");
    }
}
