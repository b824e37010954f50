//! The machine configuration of a node: what it is, what was wrong, what changed, what was before.

use std::fmt::Write as _;

use corten_api::v1;
use serde::Serialize;

use super::facts::some;
use super::output::View;
use super::table::{Cell, Table, Tone, Width, number, printable, text};
use super::units::time;
use crate::contexts::NodeName;

/// The configuration in force. Fields are those of `corten.v1.GetConfigResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Configuration {
    merged: String,
    operator: Option<Document>,
    origins: Vec<Origin>,
    generation: Option<u64>,
    pending_generation: Option<u64>,
    trial_seconds_left: Option<u32>,
    problems: Vec<Problem>,
}

/// The same, shown as where each value is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Origins(pub Configuration);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Document {
    name: String,
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Origin {
    key: String,
    value: String,
    document: String,
    line: u32,
}

/// Something that is wrong in a document. Fields are those of `corten.v1.Problem`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    document: String,
    line: Option<u32>,
    column: Option<u32>,
    key: Option<String>,
    message: String,
    help: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Change {
    key: String,
    before: Option<String>,
    after: Option<String>,
}

/// What applying a document would do. Fields are those of `corten.v1.CheckConfigResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    problems: Vec<Problem>,
    changes: Vec<Change>,
}

/// What becomes of the authorities whose clients a node lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// Nothing.
    Same,
    /// There are none any more.
    Nobody,
    /// They are others, or in another order.
    Others,
}

/// What was applied before, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct History(Vec<Generation>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Generation {
    number: u64,
    at: String,
    by: String,
    state: String,
    changes: Vec<Change>,
}

fn number_or_none(number: u64) -> Option<u64> {
    Some(number).filter(|number| *number != 0)
}

fn place(number: u32) -> Option<u32> {
    Some(number).filter(|number| *number != 0)
}

impl From<v1::Problem> for Problem {
    fn from(problem: v1::Problem) -> Self {
        Self {
            document: problem.document,
            line: place(problem.line),
            column: place(problem.column),
            key: some(problem.key),
            message: problem.message,
            help: some(problem.help),
        }
    }
}

impl Problem {
    /// `document:line:column: key: message`, and the help below it.
    fn shown(&self) -> String {
        let mut place = printable(&self.document);
        for number in [self.line, self.column].into_iter().flatten() {
            let _ = write!(place, ":{number}");
        }
        let key = self.key.as_ref().map(|key| printable(key) + ": ").unwrap_or_default();
        let mut out = format!("{}: {key}{}\n", Tone::Bad.paint(&place), printable(&self.message));
        if let Some(help) = &self.help {
            let _ = writeln!(out, "  help: {}", printable(help));
        }
        out
    }
}

impl From<v1::Change> for Change {
    fn from(change: v1::Change) -> Self {
        Self { key: change.key, before: some(change.before), after: some(change.after) }
    }
}

impl Change {
    fn shown(&self) -> String {
        let key = printable(&self.key);
        let [before, after] = [&self.before, &self.after].map(|value| value.as_deref().map(printable));
        match (before, after) {
            (None, Some(after)) => Tone::Good.paint(&format!("+ {key} = {after}")),
            (Some(before), None) => Tone::Bad.paint(&format!("- {key} = {before}")),
            (Some(before), Some(after)) => Tone::Waiting.paint(&format!("~ {key} = {before} -> {after}")),
            (None, None) => format!("  {key}"),
        }
    }
}

impl From<v1::GetConfigResponse> for Configuration {
    fn from(response: v1::GetConfigResponse) -> Self {
        let origin = |origin: v1::KeyOrigin| Origin {
            key: origin.key,
            value: origin.value,
            document: origin.document,
            line: origin.line,
        };
        Self {
            merged: response.merged,
            operator: response.operator.map(|document| Document { name: document.name, text: document.text }),
            origins: response.origins.into_iter().map(origin).collect(),
            generation: number_or_none(response.generation),
            pending_generation: number_or_none(response.pending_generation),
            trial_seconds_left: place(response.trial_seconds_left),
            problems: response.problems.into_iter().map(Problem::from).collect(),
        }
    }
}

impl Configuration {
    /// What is to be known besides the values, one line each.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        notes.push(match (self.generation, self.trial_seconds_left) {
            (Some(number), Some(left)) => {
                format!("generation {number}, on trial: it goes back in {left} s unless it is confirmed")
            }
            (Some(number), None) => format!("generation {number}"),
            (None, _) => "nothing was applied yet".to_owned(),
        });
        notes.extend(
            self.pending_generation.map(|number| format!("generation {number} waits for the next start")),
        );
        for problem in &self.problems {
            let shown = anstream::adapter::strip_str(&problem.shown()).to_string();
            notes.extend(shown.lines().map(str::to_owned));
        }
        notes
    }
}

impl View for Configuration {
    fn table(&self) -> Table {
        let mut table = Table::new([
            number("GENERATION"),
            number("PENDING"),
            number("TRIAL LEFT"),
            number("KEYS"),
            text("PROBLEM"),
        ]);
        let shown = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let problem = self.problems.first().map(Problem::shown).unwrap_or_default();
        let problem = anstream::adapter::strip_str(&problem).to_string();
        table.row([
            shown(self.generation).into(),
            shown(self.pending_generation).into(),
            self.trial_seconds_left.map(|left| format!("{left} s")).unwrap_or_default().into(),
            self.origins.len().to_string().into(),
            Cell::of(problem.lines().next().unwrap_or_default(), Tone::Bad),
        ]);
        table
    }

    /// TOML that can be read again: what is no part of it stands in comments.
    fn alone(&self, _width: Width) -> String {
        let mut out = String::new();
        for note in self.notes() {
            let _ = writeln!(out, "{}", Tone::Faint.paint(&format!("# {note}")));
        }
        self.merged.lines().fold(out, |out, line| out + &printable(line) + "\n")
    }
}

impl View for Origins {
    fn table(&self) -> Table {
        let mut table = Table::new([text("KEY"), text("VALUE"), text("FROM")]);
        for origin in &self.0.origins {
            let place = match place(origin.line) {
                Some(line) => format!("{}:{line}", origin.document),
                None => origin.document.clone(),
            };
            table.row([
                printable(&origin.key).into(),
                printable(&origin.value).into(),
                printable(&place).into(),
            ]);
        }
        table
    }
}

impl From<v1::CheckConfigResponse> for Checked {
    fn from(response: v1::CheckConfigResponse) -> Self {
        Self {
            problems: response.problems.into_iter().map(Problem::from).collect(),
            changes: response.changes.into_iter().map(Change::from).collect(),
        }
    }
}

impl Checked {
    /// Whether it could be applied.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }

    /// What becomes of the authorities whose clients are let in.
    pub fn trusted(&self) -> Trusted {
        match self.changes.iter().find(|change| change.key == "api.trusted") {
            None => Trusted::Same,
            Some(change) if change.after.as_deref().is_none_or(|after| after == "[]") => Trusted::Nobody,
            Some(_) => Trusted::Others,
        }
    }

    /// Whether applying it would change something.
    pub fn changes_something(&self) -> bool {
        !self.changes.is_empty()
    }
}

impl View for Checked {
    fn table(&self) -> Table {
        let mut table = Table::new([text("FOUND")]);
        for problem in &self.problems {
            let shown = anstream::adapter::strip_str(&problem.shown()).to_string();
            shown.lines().for_each(|line| table.row([Cell::of(line, Tone::Bad)]));
        }
        for change in &self.changes {
            table.row([anstream::adapter::strip_str(&change.shown()).to_string().into()]);
        }
        if table.is_empty() {
            table.row(["nothing would change".into()]);
        }
        table
    }

    fn alone(&self, _width: Width) -> String {
        if !self.problems.is_empty() {
            return self.problems.iter().map(Problem::shown).collect();
        }
        if self.changes.is_empty() {
            return "nothing would change\n".to_owned();
        }
        self.changes.iter().fold(String::new(), |out, change| out + &change.shown() + "\n")
    }

    /// A heading a node: differences do not go well into one table.
    fn several(all: &[(&NodeName, &Self)], width: Width) -> String {
        let shown = all.iter().map(|(name, checked)| format!("{name}:\n{}", checked.alone(width)));
        shown.collect::<Vec<_>>().join("\n")
    }
}

impl From<v1::ConfigHistoryResponse> for History {
    fn from(response: v1::ConfigHistoryResponse) -> Self {
        let generation = |generation: v1::Generation| Generation {
            number: generation.number,
            at: time(generation.at_ns),
            by: generation.by,
            state: generation.state,
            changes: generation.changes.into_iter().map(Change::from).collect(),
        };
        Self(response.generations.into_iter().map(generation).collect())
    }
}

impl View for History {
    fn table(&self) -> Table {
        let mut table = Table::new([
            number("GENERATION"),
            text("AT").spare(),
            text("BY"),
            text("STATE"),
            text("CHANGED"),
        ]);
        for generation in &self.0 {
            let tone = match generation.state.as_str() {
                "in force" => Tone::Good,
                "on trial" | "at reboot" => Tone::Waiting,
                "went back" | "broken" => Tone::Bad,
                _ => Tone::Plain,
            };
            let keys: Vec<_> = generation.changes.iter().map(|change| printable(&change.key)).collect();
            table.row([
                generation.number.to_string().into(),
                generation.at.as_str().into(),
                printable(&generation.by).into(),
                Cell::of(printable(&generation.state), tone),
                keys.join(", ").into(),
            ]);
        }
        table
    }
}
