//! Complaints about a recipe as a terminal shows them, and those that no other document knows.

use std::fmt;

use corten_document as document;
use corten_document::{KeyPath, Origin, Subject};
use miette::{LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents};

/// What recipes are called in complaints.
pub(crate) const RECIPE: Subject = Subject { noun: "recipe", code: "recipe", head: "name" };

/// What can be wrong with a recipe beside what can be wrong with any document. Each kind has a code of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Something that is taken away although no extended recipe brought it.
    #[error("`{key}` takes away {value}, which no extended recipe brings")]
    NothingToRemove {
        /// The list below `remove`.
        key: KeyPath,
        /// The name as TOML.
        value: String,
    },
    /// A recipe that extends itself by way of others.
    #[error("recipes extend each other in a circle: {}", .0.join(" → "))]
    Cycle(Vec<String>),
    /// More recipes extending each other than allowed.
    #[error("more than {0} recipes extend each other")]
    TooDeep(usize),
    /// A recipe or file that can't be read.
    #[error("{0}")]
    Unreadable(String),
}

impl Problem {
    /// The kind, for tools: `recipe::cycle`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NothingToRemove { .. } => "recipe::nothing-to-remove",
            Self::Cycle(_) => "recipe::cycle",
            Self::TooDeep(_) => "recipe::too-deep",
            Self::Unreadable(_) => "recipe::unreadable",
        }
    }
}

impl From<Problem> for document::Diagnostic {
    fn from(problem: Problem) -> Self {
        Self::new(problem.code(), problem.to_string())
    }
}

/// One complaint with its place. [`miette`] shows it with the line of the document.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    complaint: document::Diagnostic,
    text: Option<Text>,
    related: Vec<Diagnostic>,
    severity: Severity,
}

impl Diagnostic {
    /// The same with what a person can do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.complaint = self.complaint.with_help(help);
        self
    }

    /// The kind, for tools: `recipe::unknown-key`.
    pub fn code(&self) -> &str {
        self.complaint.code()
    }

    /// What is wrong, on one line.
    pub fn message(&self) -> &str {
        self.complaint.message()
    }

    /// What a person can do.
    pub fn help(&self) -> Option<&str> {
        self.complaint.help()
    }

    /// The place.
    pub fn origin(&self) -> Option<&Origin> {
        self.complaint.origin()
    }
}

impl From<document::Diagnostic> for Diagnostic {
    fn from(complaint: document::Diagnostic) -> Self {
        let elsewhere = |(origin, message): &(Origin, String)| {
            let other = document::Diagnostic::new(complaint.code(), message).with_origin(origin.clone());
            Self { severity: Severity::Advice, ..Self::from(other) }
        };
        // A frame shows places of one text only.
        let others = complaint.others().iter().filter(|(other, _)| !is_beside(&complaint, other));
        let related = others.map(elsewhere).collect();
        let text = complaint.origin().map(|origin| Text(origin.source.clone()));
        Self { complaint, text, related, severity: Severity::Error }
    }
}

fn is_beside(complaint: &document::Diagnostic, other: &Origin) -> bool {
    complaint.origin().is_some_and(|first| first.source.name == other.source.name)
}

/// Longest line of a message, characters: with the signs before it it fits a terminal of 100.
const MESSAGE: usize = 94;

/// The same of a help, which has more before it.
const HELP: usize = 90;

impl fmt::Display for Diagnostic {
    /// On several lines where one would be too long. A key or a value is never broken, as by [`miette`] where it has a
    /// hyphen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&wrapped(self.message(), MESSAGE))
    }
}

/// The text with line breaks in place of some of its spaces.
fn wrapped(text: &str, most: usize) -> String {
    let mut lines = String::with_capacity(text.len());
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 {
            let fits = width + 1 + length <= most;
            lines.push(if fits { ' ' } else { '\n' });
            width = if fits { width + 1 } else { 0 };
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.complaint.code()))
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.complaint.help().map(|help| Box::new(wrapped(help, HELP)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|text| text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let origin = self.complaint.origin()?;
        let label = self.complaint.label().to_owned();
        let first = LabeledSpan::new_primary_with_span(Some(label), origin.span.clone());
        let others = self.complaint.others().iter().filter(|(other, _)| is_beside(&self.complaint, other));
        let others = others.map(|(origin, text)| LabeledSpan::at(origin.span.clone(), text.clone()));
        Some(Box::new(std::iter::once(first).chain(others)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        (!self.related.is_empty())
            .then(|| Box::new(self.related.iter().map(|other| other as &dyn miette::Diagnostic)) as Box<_>)
    }
}

/// A text from which [`miette`] shows lines.
#[derive(Clone, Debug)]
struct Text(document::Source);

impl SourceCode for Text {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let mut part = self.0.text.read_span(span, lines_before, lines_after)?;
        let is_long = part.data().split(|byte| *byte == b'\n').any(|line| line.len() > LONGEST_LINE);
        if is_long {
            part = self.0.text.read_span(span, 0, 0)?;
        }
        let (mut data, mut shown) = (part.data(), *part.span());
        if is_long {
            let text = &self.0.text;
            let (start, end) = (span.offset(), span.offset() + span.len());
            let line = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            let rest = text.get(end..).unwrap_or_default().find('\n').map_or(text.len(), |at| end + at);
            let from = border(text, start.saturating_sub(BESIDE).max(line));
            let to = border(text, (start + span.len().min(LONGEST_LINE) + BESIDE).min(rest)).max(from);
            data = text.as_bytes().get(from..to).unwrap_or_default();
            shown = (from, to - from).into();
        }
        let (line, column, count) = (part.line(), part.column(), part.line_count());
        Ok(Box::new(
            MietteSpanContents::new_named(self.0.name.to_string(), data, shown, line, column, count)
                .with_language(self.0.format.name()),
        ))
    }
}

/// Longest line that is shown whole, bytes. Of others those around are left out, and of itself what is far from the
/// place: a certificate on one line fills a terminal.
const LONGEST_LINE: usize = 200;

/// How much of such a line is shown on each side of the place, bytes.
const BESIDE: usize = 60;

/// The nearest border of a character at or before a byte.
fn border(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_broken_at_spaces_alone() {
        assert_eq!(wrapped("slot-size is 1", HELP), "slot-size is 1");
        let word = "verity-size".repeat(9);
        assert_eq!(wrapped(&format!("a {word} b"), HELP), format!("a\n{word}\nb"));
        assert!(wrapped("ab-cd ".repeat(100).trim_end(), HELP).lines().all(|line| line.len() <= HELP));
    }

    #[test]
    fn of_a_long_line_what_is_around_the_place_is_shown() {
        let long = format!("{}NEEDLE{}", "ä".repeat(500), "b".repeat(1000));
        let text = format!("first\n{long}\nlast\n");
        let at = text.find("NEEDLE").unwrap_or_default();
        let source = document::Source::new("x.toml", document::Format::Toml, text.as_str());
        let shown = Text(source).read_span(&(at, 6).into(), 1, 1).map(|part| part.data().to_vec());
        let shown = String::from_utf8(shown.expect("it is there")).expect("text");
        assert_eq!(shown, format!("{}NEEDLE{}", "ä".repeat(30), "b".repeat(60)));
    }
}

/// Everything that is wrong with a recipe or another document, in the order of files and lines. It is never empty.
#[derive(Clone, Debug)]
pub struct Report {
    subject: Subject,
    name: String,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// A report on a recipe that the caller names.
    pub fn new(recipe: impl Into<String>, complaints: Vec<document::Diagnostic>) -> Self {
        Self::about(RECIPE, recipe, complaints)
    }

    /// A report on a document of another kind.
    pub fn about(subject: Subject, name: impl Into<String>, complaints: Vec<document::Diagnostic>) -> Self {
        let diagnostics = complaints.into_iter().map(Diagnostic::from).collect();
        Self { subject, name: name.into(), diagnostics }
    }

    /// A report on what was found out about a recipe later. `diagnostics` is not empty.
    pub fn found(recipe: impl Into<String>, diagnostics: Vec<Diagnostic>) -> Self {
        Self { subject: RECIPE, name: recipe.into(), diagnostics }
    }

    /// The complaints.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.diagnostics.len() {
            1 => write!(f, "{} `{}` has an error", self.subject.noun, self.name),
            n => write!(f, "{} `{}` has {n} errors", self.subject.noun, self.name),
        }
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        Some(Box::new(self.diagnostics.iter().map(|one| one as &dyn miette::Diagnostic)))
    }
}
