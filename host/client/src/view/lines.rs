//! What comes line by line: logs, events, audit entries.

use corten_api::v1;
use serde::Serialize;

use super::facts::some;
use super::output::View;
use super::table::{Table, Tone, Width, cut, length, number, printable, text};
use super::units::time;

/// Columns that the name of a source takes: as many as the longest of Corten's own, so that texts line up.
const SOURCE: usize = 14;

/// The level of what has none, as of syslog(2).
const INFORMATION: u32 = 6;

/// Lines of a terminal below so many columns have no room for a date.
const ROOM_FOR_DATES: usize = 110;

/// How much of a moment is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moments {
    /// Date and time.
    Whole,
    /// The time of the day.
    TimeOfDay,
}

impl Moments {
    fn of(self, moment: &str) -> String {
        let shown = match self {
            Self::Whole => moment,
            Self::TimeOfDay => moment.split_once('T').map_or(moment, |(_, time)| time.trim_end_matches('Z')),
        };
        Tone::Faint.paint(shown)
    }
}

/// Something that a stream brings, one line each.
pub trait Line: Serialize {
    /// The line without its end, for people.
    fn line(&self, moments: Moments) -> String;

    /// Lines before this one that the reader was too slow for.
    fn lost(&self) -> u64;
}

/// A line of a log. Fields are those of `corten.v1.LogLine`; one of a container says in `stream` what it was printed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine {
    pub(crate) source: String,
    pub(crate) at: String,
    uptime_ms: u64,
    pub(crate) level: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<String>,
    pub(crate) text: String,
    pub(crate) lost: u64,
}

/// Something that happened on a node. Fields are those of `corten.v1.Event`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    at: String,
    kind: String,
    subject: Option<String>,
    text: String,
    lost: u64,
}

/// The audit log of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Audit(Vec<AuditEntry>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct AuditEntry {
    number: u64,
    at: String,
    who: String,
    certificate: Option<String>,
    role: String,
    from: String,
    method: String,
    what: String,
    result: String,
}

/// How urgent a line is, by its level as of syslog(2).
pub(crate) fn log_tone(level: u32) -> Tone {
    match level {
        0..=3 => Tone::Bad,
        4 => Tone::Waiting,
        5 | 6 => Tone::Plain,
        _ => Tone::Faint,
    }
}

impl From<v1::LogLine> for LogLine {
    fn from(line: v1::LogLine) -> Self {
        Self {
            source: line.source,
            at: time(line.at_ns),
            uptime_ms: line.uptime_ms,
            level: line.level,
            stream: None,
            text: line.text,
            lost: line.lost,
        }
    }
}

/// What containers print has no level, and the kernel's clock nothing to do with it.
impl From<v1::ContainerLogLine> for LogLine {
    fn from(line: v1::ContainerLogLine) -> Self {
        Self {
            source: line.container,
            at: time(line.at_ns),
            uptime_ms: 0,
            level: INFORMATION,
            stream: some(line.stream),
            text: line.text,
            lost: line.lost,
        }
    }
}

impl Line for LogLine {
    fn line(&self, moments: Moments) -> String {
        let source = printable(&self.source);
        let pad = " ".repeat(SOURCE.saturating_sub(length(&source)));
        let at = moments.of(&self.at);
        format!("{at}  {source}{pad}  {}", log_tone(self.level).paint(&printable(&self.text)))
    }

    fn lost(&self) -> u64 {
        self.lost
    }
}

impl Event {
    pub(crate) fn at(&self) -> &str {
        &self.at
    }

    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// What happened to what.
    pub(crate) fn words(&self) -> String {
        let subject = self.subject.as_deref().map(|subject| printable(subject) + ": ").unwrap_or_default();
        subject + &printable(&self.text)
    }
}

impl From<v1::Event> for Event {
    fn from(event: v1::Event) -> Self {
        Self {
            at: time(event.at_ns),
            kind: event.kind,
            subject: some(event.subject),
            text: event.text,
            lost: event.lost,
        }
    }
}

impl Line for Event {
    fn line(&self, moments: Moments) -> String {
        let kind = printable(&self.kind);
        let pad = " ".repeat(SOURCE.saturating_sub(length(&kind)));
        format!("{}  {kind}{pad}  {}", moments.of(&self.at), self.words())
    }

    fn lost(&self) -> u64 {
        self.lost
    }
}

impl FromIterator<v1::AuditEntry> for Audit {
    fn from_iter<I: IntoIterator<Item = v1::AuditEntry>>(entries: I) -> Self {
        let entry = |entry: v1::AuditEntry| AuditEntry {
            number: entry.number,
            at: time(entry.at_ns),
            who: entry.who,
            certificate: some(entry.certificate),
            role: entry.role,
            from: entry.from,
            method: entry.method,
            what: entry.what,
            result: entry.result,
        };
        Self(entries.into_iter().map(entry).collect())
    }
}

impl View for Audit {
    fn table(&self) -> Table {
        let mut table = Table::new([
            number("NO").spare(),
            text("AT").spare(),
            text("WHO"),
            text("ROLE"),
            text("FROM").spare(),
            text("METHOD"),
            text("RESULT"),
            text("WHAT"),
        ]);
        for entry in &self.0 {
            let tone = if entry.result == "ok" { Tone::Good } else { Tone::Bad };
            table.row([
                entry.number.to_string().into(),
                entry.at.as_str().into(),
                printable(&entry.who).into(),
                printable(&entry.role).into(),
                printable(&entry.from).into(),
                printable(entry.method.trim_start_matches("corten.v1.")).into(),
                super::table::Cell::of(printable(&entry.result), tone),
                printable(&entry.what).into(),
            ]);
        }
        table
    }
}

/// A line of a stream for people, with the node before it where there are several, not longer than the terminal's.
/// What was lost before it is told in a line of its own.
pub fn line(node: Option<&str>, item: &impl Line, width: Width) -> String {
    let before = node.map(|node| format!("{node:<12}  ")).unwrap_or_default();
    let mut out = String::new();
    if item.lost() > 0 {
        let lost = format!("{before}({} lines were lost: this reader was too slow)", item.lost());
        out.push_str(&Tone::Waiting.paint(&lost));
        out.push('\n');
    }
    let moments = match width {
        Width::Letters(..ROOM_FOR_DATES) => Moments::TimeOfDay,
        _ => Moments::Whole,
    };
    out.push_str(&fitted(&format!("{before}{}", item.line(moments)), width));
    out.push('\n');
    out
}

/// A painted line, cut by what is seen of it.
fn fitted(line: &str, width: Width) -> String {
    let Width::Letters(letters) = width else { return line.to_owned() };
    let plain = anstream::adapter::strip_str(line).to_string();
    // Without colours where it is too long: a cut could go through one.
    if length(&plain) <= letters { line.to_owned() } else { cut(&plain, letters) }
}
