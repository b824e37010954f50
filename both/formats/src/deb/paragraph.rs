//! Paragraphs of `Name: value` fields, the syntax of every control file of Debian (deb822(5)).
//!
//! A paragraph borrows from the text. A value keeps its continuation lines as written, joined by newlines.

/// Most fields in one paragraph.
const MAX_FIELDS: usize = 1_000;

/// Fields of one paragraph, in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paragraph<'a> {
    fields: Vec<(&'a str, &'a str)>,
    line: usize,
}

/// Why a text is no sequence of paragraphs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParagraphError {
    /// A line that is neither a field nor the continuation of one.
    #[error("line {line}: {text:?} is not a field: expected NAME: VALUE")]
    Field {
        /// Line of the text, counted from 1.
        line: usize,
        /// The line, shortened.
        text: String,
    },
    /// A field stands twice in one paragraph.
    #[error("line {line}: the field {name:?} stands twice in one paragraph")]
    Twice {
        /// Line of the second.
        line: usize,
        /// Its name.
        name: String,
    },
    /// More fields than are read.
    #[error("line {0}: the paragraph has more than {MAX_FIELDS} fields")]
    TooMany(usize),
}

impl<'a> Paragraph<'a> {
    /// Value of a field, whatever the case of its name.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// All fields, as written.
    pub fn fields(&self) -> &[(&'a str, &'a str)] {
        &self.fields
    }

    /// Line of the first field, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

/// Reads paragraphs, which empty lines divide. Lines that start with `#` are comments.
pub fn parse(text: &str) -> Result<Vec<Paragraph<'_>>, ParagraphError> {
    let mut paragraphs = Vec::new();
    let mut open = Paragraph::default();
    // The value of the last field as positions in the text, since continuation lines make it longer.
    let mut value: Option<(usize, usize)> = None;
    let mut start = 0;
    for (index, raw) in text.split_inclusive('\n').enumerate() {
        let at = start;
        start += raw.len();
        let line = raw.trim_end_matches(['\n', '\r']);
        let number = index + 1;
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            value = None;
            if !open.fields.is_empty() {
                paragraphs.push(std::mem::take(&mut open));
            }
            continue;
        }
        if line.starts_with([' ', '\t']) {
            let (Some((from, to)), Some(last)) = (value.as_mut(), open.fields.last_mut()) else {
                return Err(ParagraphError::Field { line: number, text: shorten(line) });
            };
            *to = at + line.len();
            last.1 = text[*from..*to].trim();
            continue;
        }
        let Some((name, rest)) = line.split_once(':') else {
            return Err(ParagraphError::Field { line: number, text: shorten(line) });
        };
        let graphic = !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic());
        if !graphic || name.starts_with('-') {
            return Err(ParagraphError::Field { line: number, text: shorten(line) });
        }
        if open.get(name).is_some() {
            return Err(ParagraphError::Twice { line: number, name: name.to_owned() });
        }
        if open.fields.len() == MAX_FIELDS {
            return Err(ParagraphError::TooMany(number));
        }
        if open.fields.is_empty() {
            open.line = number;
        }
        value = Some((at + name.len() + 1, at + line.len()));
        open.fields.push((name, rest.trim()));
    }
    if !open.fields.is_empty() {
        paragraphs.push(open);
    }
    Ok(paragraphs)
}

fn shorten(line: &str) -> String {
    line.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_fields_and_continuations_are_told_apart() {
        let text = "A: 1\nB: x\n y\n .\n z\n# note\n\n\nC:\n two\n";
        let paragraphs = parse(text).expect("paragraphs");
        assert_eq!(paragraphs.len(), 2);
        assert_eq!(paragraphs[0].get("a"), Some("1"));
        assert_eq!(paragraphs[0].get("B"), Some("x\n y\n .\n z"));
        assert_eq!((paragraphs[1].get("C"), paragraphs[1].line()), (Some("two"), 9));
    }

    #[test]
    fn broken_lines_are_named() {
        let reasons: Vec<String> = [" x", "A: 1\nnonsense", "A: 1\na: 2", ": v"]
            .map(|text| parse(text).expect_err(text).to_string())
            .into();
        insta::assert_snapshot!(reasons.join("\n"), @r#"
        line 1: " x" is not a field: expected NAME: VALUE
        line 2: "nonsense" is not a field: expected NAME: VALUE
        line 2: the field "a" stands twice in one paragraph
        line 1: ": v" is not a field: expected NAME: VALUE
        "#);
    }
}
