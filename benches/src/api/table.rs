//! The figures as a table and as JSON, each with its bar where it has one.

use std::fmt;
use std::time::Duration;

use corten_load::Latencies;
use serde_json::{Value, json};

/// An API is responsive while 99 of 100 calls take less than this.
const RESPONSIVE: Duration = Duration::from_millis(250);

/// Memory is flat where it grows by no more, in hundredths.
pub const GROWTH: f64 = 20.0;

/// What was measured, in sections.
#[derive(Default)]
pub struct Table(Vec<Section>);

struct Section {
    title: String,
    rows: Vec<Row>,
}

struct Row {
    what: String,
    value: f64,
    unit: Unit,
    bar: Option<Bar>,
}

/// What a value is in, and with how many digits it is shown.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes, shown in MiB.
    Mib,
    /// Bytes, shown in KiB.
    Kib,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
    /// Hundredths.
    Percent,
    /// Things a second.
    PerSecond,
}

/// What a value has to be.
#[derive(Clone, Copy)]
pub enum Bar {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Unit {
    fn shown(self) -> (f64, usize, &'static str) {
        match self {
            Self::Count => (1.0, 0, ""),
            Self::Mib => (1_048_576.0, 1, "MiB"),
            Self::Kib => (1024.0, 1, "KiB"),
            Self::Ms => (1.0, 1, "ms"),
            Self::S => (1.0, 2, "s"),
            Self::Percent => (1.0, 1, "%"),
            Self::PerSecond => (1.0, 0, "/s"),
        }
    }

    fn text(self, value: f64) -> String {
        let (one, digits, name) = self.shown();
        format!("{:.digits$} {name}", value / one).trim_end().to_owned()
    }
}

impl Bar {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn text(self, unit: Unit) -> String {
        match self {
            Self::AtMost(most) => format!("{} at most", unit.text(most)),
            Self::AtLeast(least) => format!("{} at least", unit.text(least)),
        }
    }
}

impl Table {
    /// Begins a section; what follows goes into it.
    pub fn section(&mut self, title: impl Into<String>) {
        self.0.push(Section { title: title.into(), rows: Vec::new() });
    }

    /// A figure.
    pub fn row(&mut self, what: impl Into<String>, value: f64, unit: Unit) {
        self.push(Row { what: what.into(), value, unit, bar: None });
    }

    /// A figure that has to reach something.
    pub fn with_bar(&mut self, what: impl Into<String>, value: f64, unit: Unit, bar: Bar) {
        self.push(Row { what: what.into(), value, unit, bar: Some(bar) });
    }

    /// What calls took.
    pub fn latencies(&mut self, what: &str, latencies: &Latencies) {
        let ms = |percent| latencies.percentile(percent).as_secs_f64() * 1000.0;
        self.row(format!("{what}, median of {}", latencies.count()), ms(50), Unit::Ms);
        let bar = Bar::AtMost(RESPONSIVE.as_secs_f64() * 1000.0);
        self.with_bar(format!("{what}, 99 of 100"), ms(99), Unit::Ms, bar);
    }

    fn push(&mut self, row: Row) {
        eprintln!("bench:   {}: {}", row.what, row.unit.text(row.value));
        if self.0.is_empty() {
            self.section("");
        }
        if let Some(section) = self.0.last_mut() {
            section.rows.push(row);
        }
    }

    /// How many bars are missed.
    pub fn missed(&self) -> usize {
        let missed = |row: &&Row| row.bar.is_some_and(|bar| !bar.is_met(row.value));
        self.0.iter().flat_map(|section| &section.rows).filter(missed).count()
    }

    /// The same for programs. Values are in bytes, milliseconds, seconds.
    pub fn json(&self) -> Value {
        let row = |row: &Row| {
            let met = row.bar.map(|bar| bar.is_met(row.value));
            let bar = row.bar.map(|bar| bar.text(row.unit));
            json!({"what": row.what, "value": row.value, "bar": bar, "met": met})
        };
        let section = |section: &Section| json!({"title": section.title, "rows": section.rows.iter().map(row).collect::<Vec<_>>()});
        self.0.iter().map(section).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Section { title, rows } in &self.0 {
            writeln!(f, "{title}")?;
            for Row { what, value, unit, bar } in rows {
                write!(f, "  {what:58}{:>14}", unit.text(*value))?;
                match bar {
                    Some(bar) => {
                        let met = if bar.is_met(*value) { "met" } else { "missed" };
                        writeln!(f, "   {:20} {met}", bar.text(*unit))?;
                    }
                    None => writeln!(f)?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_up_to_its_value_and_what_misses_one_is_counted() {
        let mut table = Table::default();
        table.section("at rest");
        table.with_bar("resident", 12.0 * 1_048_576.0, Unit::Mib, Bar::AtMost(12.0 * 1_048_576.0));
        table.with_bar("resident", 12.1 * 1_048_576.0, Unit::Mib, Bar::AtMost(12.0 * 1_048_576.0));
        table.with_bar("delivered", 99.0, Unit::Percent, Bar::AtLeast(100.0));
        table.row("requests", 5.0, Unit::PerSecond);
        assert_eq!(table.missed(), 2);
        let text = table.to_string();
        assert!(text.contains("12.1 MiB   12.0 MiB at most     missed"), "{text}");
        assert!(text.ends_with("5 /s\n"), "{text}");
    }

    #[test]
    fn calls_have_a_median_and_a_bar() {
        let mut latencies = Latencies::default();
        (0..99).for_each(|_| latencies.push(Duration::from_millis(1)));
        latencies.push(Duration::from_secs(1));
        let mut table = Table::default();
        table.latencies("a call", &latencies);
        assert_eq!(table.missed(), 0);
        latencies.push(Duration::from_secs(1));
        table.latencies("a call", &latencies);
        assert_eq!(table.missed(), 1);
    }
}
