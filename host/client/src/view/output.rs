//! From what nodes answered to what is printed: tables for people, JSON and YAML for programs.
//!
//! JSON and YAML have the same form for every command, for one node and for many: a list with an entry a node, in the
//! order in which the nodes were named. An entry is `{"node": NAME, "result": ...}`, or
//! `{"node": NAME, "error": {"kind": WORD, "cause": TEXT, "remedy": TEXT or null}}`. Commands that follow something
//! print such an entry for each line of a log or event as it comes: in JSON one on a line, in YAML a document each.
//! Field names do not change within a version of the API; what is unknown is null or empty.

use std::fmt::Write as _;
use std::str::FromStr;

use serde::Serialize;

use super::table::{Table, Tone, Width};
use crate::connection::NodeError;
use crate::contexts::NodeName;

/// In what form answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// For people.
    #[default]
    Table,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// A word that is no form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no form {0:?}: expected table, json or yaml")]
pub struct NoOutput(String);

impl FromStr for Output {
    type Err = NoOutput;

    fn from_str(text: &str) -> Result<Self, NoOutput> {
        match text {
            "table" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            other => Err(NoOutput(other.to_owned())),
        }
    }
}

/// Something that a node answered, and that can be shown.
pub trait View: Serialize {
    /// Its rows, as they stand among those of other nodes.
    fn table(&self) -> Table;

    /// How it is shown where only one node was asked.
    fn alone(&self, width: Width) -> String {
        self.table().render(width)
    }

    /// How it is shown where several nodes were asked: the rows of all below a column with their names.
    fn several(all: &[(&NodeName, &Self)], width: Width) -> String
    where
        Self: Sized,
    {
        let mut tables = all.iter().map(|(name, view)| view.table().below("NODE", name.as_str()));
        let Some(mut first) = tables.next() else { return String::new() };
        tables.for_each(|table| first.append(table));
        first.render(width)
    }
}

/// What one node answered.
#[derive(Debug)]
pub struct Answer<T> {
    /// The node.
    pub node: NodeName,
    /// What it said, or why it said nothing.
    pub result: Result<T, NodeError>,
}

/// How many of the nodes that were asked did what they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All.
    All,
    /// Some.
    Some,
    /// None: of the first one's failure, whether it answered at all.
    None(Failure),
}

/// How far it came with a node that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was not asked: a file of its context can't be used.
    OwnFiles,
    /// It could not be reached, or is not the one that was expected.
    Unreached,
    /// It answered that it won't or can't.
    Answered,
}

/// What is to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// On standard output.
    pub out: String,
    /// On standard error.
    pub err: String,
    /// For the exit code.
    pub reach: Reach,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Said<'a, T> {
    Result(&'a T),
    Error(Complaint),
}

#[derive(Serialize)]
struct Complaint {
    kind: &'static str,
    cause: String,
    remedy: Option<String>,
}

#[derive(Serialize)]
struct Entry<'a, T> {
    node: &'a str,
    #[serde(flatten)]
    said: Said<'a, T>,
}

impl<'a, T> Entry<'a, T> {
    fn of(answer: &'a Answer<T>) -> Self {
        let said = match &answer.result {
            Ok(view) => Said::Result(view),
            Err(error) => Said::Error(Complaint {
                kind: error.kind(),
                cause: error.to_string(),
                remedy: error.remedy(),
            }),
        };
        Self { node: answer.node.as_str(), said }
    }
}

/// What is printed of the answers to a call.
pub fn print<T: View>(answers: &[Answer<T>], output: Output, width: Width) -> Printed {
    let entries: Vec<_> = answers.iter().map(Entry::of).collect();
    let out = match output {
        Output::Json => json(&entries) + "\n",
        Output::Yaml => yaml(&entries),
        Output::Table => {
            let good: Vec<_> = answers
                .iter()
                .filter_map(|answer| Some((&answer.node, answer.result.as_ref().ok()?)))
                .collect();
            match good.as_slice() {
                [] => String::new(),
                [(_, only)] if answers.len() == 1 => only.alone(width),
                some => T::several(some, width),
            }
        }
    };
    let mut err = String::new();
    for answer in answers {
        if let Err(error) = &answer.result {
            err.push_str(&complaint(&answer.node, error));
        }
    }
    Printed { out, err, reach: reach(answers) }
}

/// One entry of something that is followed: what a program reads.
pub fn entry<T: Serialize>(node: &NodeName, item: &T, output: Output) -> String {
    let entry = Entry { node: node.as_str(), said: Said::Result(item) };
    match output {
        Output::Yaml => format!("---\n{}", yaml(&entry)),
        Output::Json | Output::Table => {
            serde_json::to_string(&entry).unwrap_or_else(|error| error.to_string()) + "\n"
        }
    }
}

/// What a person is told of a failure, for standard error.
pub fn complaint(node: &NodeName, error: &NodeError) -> String {
    let mut text = format!("{}: {node}: {error}\n", Tone::Bad.paint("error"));
    if let Some(remedy) = error.remedy() {
        let _ = writeln!(text, "  help: {remedy}");
    }
    text
}

/// How many answered, of any kind of answers.
pub fn reach<T>(answers: &[Answer<T>]) -> Reach {
    let mut failures = answers.iter().filter_map(|answer| answer.result.as_ref().err());
    let Some(first) = failures.next() else { return Reach::All };
    if failures.count() + 1 < answers.len() {
        return Reach::Some;
    }
    Reach::None(match first {
        NodeError::File(_) | NodeError::Tls(_) => Failure::OwnFiles,
        NodeError::Answered(_) => Failure::Answered,
        _ => Failure::Unreached,
    })
}

pub(super) fn json(value: &impl Serialize) -> String {
    // Views have text keys and finite numbers, which always have a form.
    serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string())
}

pub(super) fn yaml(value: &impl Serialize) -> String {
    serde_saphyr::to_string(value).unwrap_or_else(|error| error.to_string())
}
