//! Where the time of a start went, drawn as bars against the time.

use std::fmt::Write as _;

use corten_api::v1;
use serde::Serialize;

use super::output::View;
use super::table::{Table, Tone, Width, cut, length, number, printable, text};
use super::units::milliseconds;
use crate::contexts::NodeName;

/// The columns of a name, at most.
const NAME: usize = 24;
/// The columns of a duration.
const TOOK: usize = 6;
/// Bars are not drawn in fewer columns than these.
const LEAST_BARS: usize = 16;
/// Columns between two marks of the axis, at least: a time and some room.
const MARKS: usize = 10;

/// The last start of a node. Fields are those of `corten.v1.TimelineResponse`; times of steps count from the start of
/// the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Timeline {
    firmware_ms: Option<u64>,
    loader_ms: Option<u64>,
    ready_ms: Option<u64>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Step {
    name: String,
    start_ms: u64,
    end_ms: u64,
}

impl From<v1::TimelineResponse> for Timeline {
    fn from(response: v1::TimelineResponse) -> Self {
        let some = |ms: u64| Some(ms).filter(|ms| *ms != 0);
        let step = |step: v1::Step| Step {
            // A step that has not ended, or a clock that went back, takes no time.
            end_ms: step.end_ms.max(step.start_ms),
            name: step.name,
            start_ms: step.start_ms,
        };
        Self {
            firmware_ms: some(response.firmware_ms),
            loader_ms: some(response.loader_ms),
            ready_ms: some(response.ready_ms),
            steps: response.steps.into_iter().map(step).collect(),
        }
    }
}

impl Timeline {
    /// What the bars do not show, in one line.
    fn summary(&self) -> String {
        let before = [("firmware", self.firmware_ms), ("loader", self.loader_ms)];
        let before =
            before.into_iter().filter_map(|(name, ms)| Some(format!("{name} {}", milliseconds(ms?))));
        let ready = match self.ready_ms {
            Some(ms) => Tone::Good.paint(&format!("ready {} after the kernel started", milliseconds(ms))),
            None => Tone::Waiting.paint("not ready yet"),
        };
        before.chain([ready]).collect::<Vec<_>>().join(", ")
    }

    fn draw(&self, width: usize) -> String {
        let names = self.steps.iter().map(|step| length(&printable(&step.name))).max().unwrap_or_default();
        let names = names.min(NAME);
        let bars = width.saturating_sub(names + TOOK + 4).max(LEAST_BARS);
        let end =
            self.steps.iter().map(|step| step.end_ms).chain(self.ready_ms).max().unwrap_or_default().max(1);
        let scale = Scale { end, bars };
        let mut out = format!("{}\n\n", self.summary());
        let axis = format!("{}  {}", " ".repeat(names), scale.axis());
        let _ = writeln!(out, "{}", Tone::Faint.paint(axis.trim_end()));
        for step in &self.steps {
            let name = cut(&printable(&step.name), names);
            let pad = " ".repeat(names.saturating_sub(length(&name)));
            let took = milliseconds(step.end_ms - step.start_ms);
            let _ = writeln!(out, "{name}{pad}  {:<bars$}  {took:>TOOK$}", scale.bar(step));
        }
        out
    }
}

/// A time axis of so many columns.
#[derive(Clone, Copy)]
struct Scale {
    end: u64,
    bars: usize,
}

impl Scale {
    /// The column of a time, from 0; the end has the column after the last.
    fn column(self, ms: u64) -> usize {
        (u128::from(ms) * self.bars as u128 / u128::from(self.end)) as usize
    }

    /// What is shorter than a column is a thin line in it.
    fn bar(self, step: &Step) -> String {
        let start = self.column(step.start_ms).min(self.bars - 1);
        let letters = self.column(step.end_ms).saturating_sub(start);
        let bar = if letters == 0 { "▏".to_owned() } else { "█".repeat(letters) };
        format!("{}{bar}", " ".repeat(start))
    }

    /// The time between two marks: 1, 2 or 5 times a power of ten, so that they are not too close.
    fn step(self) -> u64 {
        let most = (self.bars / MARKS).max(1) as u64;
        let mut decade = 1u64;
        loop {
            for factor in [1, 2, 5] {
                let step = decade.saturating_mul(factor);
                if self.end / step <= most || step == u64::MAX {
                    return step;
                }
            }
            decade = decade.saturating_mul(10);
        }
    }

    fn axis(self) -> String {
        let step = self.step();
        let mut axis = String::new();
        let mut at = 0;
        while at <= self.end {
            let mark = format!("|{}", axis_time(at));
            let column = self.column(at);
            if column + length(&mark) > self.bars {
                break;
            }
            let pad = column.saturating_sub(length(&axis));
            axis.push_str(&" ".repeat(pad));
            axis.push_str(&mark);
            let Some(next) = at.checked_add(step) else { break };
            at = next;
        }
        axis
    }
}

/// A mark of the axis: in seconds from one second on, with the digits that it has.
fn axis_time(ms: u64) -> String {
    match ms {
        0 => "0".to_owned(),
        1..1000 => format!("{ms}ms"),
        _ if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        _ => format!("{:.1}s", ms as f64 / 1000.0),
    }
}

impl View for Timeline {
    fn table(&self) -> Table {
        let mut table = Table::new([text("STEP"), number("START"), number("END"), number("TOOK")]);
        for step in &self.steps {
            table.row([
                printable(&step.name).into(),
                milliseconds(step.start_ms).into(),
                milliseconds(step.end_ms).into(),
                milliseconds(step.end_ms - step.start_ms).into(),
            ]);
        }
        table
    }

    fn alone(&self, width: Width) -> String {
        self.draw(width.letters())
    }

    fn several(all: &[(&NodeName, &Self)], width: Width) -> String {
        let drawn = all.iter().map(|(name, timeline)| format!("{name}: {}", timeline.alone(width)));
        drawn.collect::<Vec<_>>().join("\n")
    }
}
