//! What stopwatches say, and the figures that come of it.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use crate::statistics::Runs;

/// Begins each line of a stopwatch.
const MARK: &str = "@stopwatch ";
/// Begins the names of what is measured once for each start.
const STARTS: &str = "start-";

/// What a stopwatch says.
#[derive(Debug, PartialEq)]
pub enum Said {
    /// A figure: microseconds or bytes.
    Figure {
        /// Of which system.
        system: String,
        /// Of what.
        what: String,
        /// How much.
        value: f64,
    },
    /// What it does next.
    Does(String),
    /// That this was all, or what failed.
    Ended(Result<(), String>),
}

impl Said {
    /// What a line of the console says, if a stopwatch wrote it.
    pub fn read(line: &str) -> Option<Self> {
        let said = line.trim_end().strip_prefix(MARK)?;
        let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
        match word {
            "end" => Some(Self::Ended(Ok(()))),
            "failed" => Some(Self::Ended(Err(rest.to_owned()))),
            "says" => Some(Self::Does(rest.to_owned())),
            system => {
                let (what, value) = rest.split_once(' ')?;
                let value = value.parse().ok()?;
                Some(Self::Figure { system: system.to_owned(), what: what.to_owned(), value })
            }
        }
    }
}

/// All figures, by system and by what was measured.
#[derive(Default)]
pub struct Figures(BTreeMap<(String, String), Runs>);

impl Figures {
    /// Adds one.
    pub fn push(&mut self, system: &str, what: &str, value: f64) {
        self.0.entry((system.to_owned(), what.to_owned())).or_default().push_value(value);
    }

    /// Those of one thing.
    pub fn runs(&self, system: &str, what: &str) -> Runs {
        self.0.get(&(system.to_owned(), what.to_owned())).cloned().unwrap_or_default()
    }

    /// Whether no line was lost on a console.
    pub fn are_whole(&self, starts: usize) -> Result<()> {
        for ((system, what), runs) in &self.0 {
            let count = runs.count();
            ensure!(!what.starts_with(STARTS) || count == starts, "{count} of {starts} {what} of {system}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_stopwatch_are_read_and_no_others() {
        let figure = Said::Figure { system: "podman".into(), what: "crowd".into(), value: 12.0 };
        assert_eq!(Said::read("@stopwatch podman crowd 12\r"), Some(figure));
        assert_eq!(Said::read("@stopwatch end"), Some(Said::Ended(Ok(()))));
        assert_eq!(Said::read("@stopwatch failed it is off"), Some(Said::Ended(Err("it is off".into()))));
        for other in ["", "ready", "@stopwatch podman crowd", "@stopwatch podman crowd 1[ 3.2] bridge:"] {
            assert_eq!(Said::read(other), None, "{other}");
        }
    }

    #[test]
    fn a_lost_line_is_noticed() {
        let mut figures = Figures::default();
        figures.push("corten", "start-none", 1.0);
        figures.push("corten", "crowd", 1.0);
        assert!(figures.are_whole(1).is_ok());
        let error = figures.are_whole(2).expect_err("one is missing").to_string();
        assert_eq!(error, "1 of 2 start-none of corten");
    }
}
