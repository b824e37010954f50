//! Writes OpenMetrics 1.0 text: families, each with its samples, and an end.

use std::fmt::{self, Display, Write as _};

/// What a family measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only goes up; its samples end in `_total`.
    Counter,
    /// Facts as labels; its samples end in `_info`.
    Info,
    /// One of several states; a sample for each, 1 for the one that is.
    StateSet,
}

/// A unit; the name of its family ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number.
    None,
    /// `bytes`
    Bytes,
    /// `seconds`
    Seconds,
}

/// A label's name and value.
pub type Label<'a> = (&'a str, &'a str);

/// The text as it grows.
#[derive(Debug, Default)]
pub struct Text {
    out: String,
}

/// A family whose samples are written.
#[derive(Debug)]
pub struct Family<'a> {
    out: &'a mut String,
    name: &'a str,
    suffix: &'static str,
}

impl Text {
    /// Begins a family.
    pub fn family<'a>(&'a mut self, name: &'a str, kind: Kind, unit: Unit, help: &str) -> Family<'a> {
        let (kind, suffix) = match kind {
            Kind::Gauge => ("gauge", ""),
            Kind::Counter => ("counter", "_total"),
            Kind::Info => ("info", "_info"),
            Kind::StateSet => ("stateset", ""),
        };
        let unit = match unit {
            Unit::None => "",
            Unit::Bytes => "bytes",
            Unit::Seconds => "seconds",
        };
        push(&mut self.out, format_args!("# TYPE {name} {kind}\n"));
        if !unit.is_empty() {
            push(&mut self.out, format_args!("# UNIT {name} {unit}\n"));
        }
        push(&mut self.out, format_args!("# HELP {name} {}\n", Escaped(help)));
        Family { out: &mut self.out, name, suffix }
    }

    /// The whole text.
    pub fn finish(mut self) -> String {
        self.out.push_str("# EOF\n");
        self.out
    }
}

impl Family<'_> {
    /// Writes a sample.
    pub fn sample(&mut self, labels: &[Label<'_>], value: impl Display) {
        push(self.out, format_args!("{}{}", self.name, self.suffix));
        for (at, (name, value)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            push(self.out, format_args!("{before}{name}=\"{}\"", Escaped(value)));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        push(self.out, format_args!("{end} {value}\n"));
    }
}

/// A `String` takes everything.
fn push(out: &mut String, text: fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// A value between quotes, or a help text.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            other => f.write_char(other),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::validator;

    #[test]
    fn a_family_is_written_as_the_standard_says() {
        let mut text = Text::default();
        let mut family = text.family("x_seconds", Kind::Counter, Unit::Seconds, "How\nlong.");
        family.sample(&[("a", "1"), ("b", "\"\\")], 0.5);
        text.family("y", Kind::Gauge, Unit::None, "Y.").sample(&[], 3);
        assert_eq!(
            text.finish(),
            "# TYPE x_seconds counter\n# UNIT x_seconds seconds\n# HELP x_seconds How\\nlong.\n\
             x_seconds_total{a=\"1\",b=\"\\\"\\\\\"} 0.5\n\
             # TYPE y gauge\n# HELP y Y.\ny 3\n# EOF\n"
        );
    }

    proptest! {
        #[test]
        fn any_label_comes_back(value in "\\PC{0,20}|[\\\\\"\n]{0,8}") {
            let mut text = Text::default();
            text.family("x", Kind::Gauge, Unit::None, &value).sample(&[("a", &value)], 1);
            let samples = validator::parse(&text.finish()).expect("valid");
            prop_assert_eq!(&samples[0].labels, &[("a".to_string(), value)]);
        }
    }
}
