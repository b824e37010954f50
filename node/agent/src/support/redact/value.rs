//! Where the value of a secret ends: in its line, or some lines later.

/// A value that is not at the end when its line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// A string of TOML, until these three quotes.
    Quotes(&'static str),
    /// A list or table in brackets, so many of them open.
    Brackets(u32),
    /// What YAML indents below its key, which stands so far from the left.
    Indented(usize),
}

/// What a line is to an open value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// The whole line is part of it, and it goes on.
    GoesOn(Open),
    /// It ends in the line, and this comes after it.
    Rest(&'a str),
    /// The line is not part of it.
    NotOfIt,
}

/// How a value stands behind its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// `=` or `:`.
    pub separator: char,
    /// Whether its name is the first of the line, as in a file of settings.
    pub first: bool,
    /// Columns before the first character of the line.
    pub indent: usize,
}

/// A value that was found: bytes of it, and what is open after them.
pub type Found = (usize, Option<Open>);

/// Where a value ends that begins with this text. Blanks before it are not part of it.
pub fn end(text: &str, place: Place) -> Found {
    let begin = text.trim_start();
    let blanks = text.len() - begin.len();
    for quotes in ["\"\"\"", "'''"] {
        if let Some(inner) = begin.strip_prefix(quotes) {
            return match inner.find(quotes) {
                Some(at) => (blanks + at + 6, None),
                None => (text.len(), Some(Open::Quotes(quotes))),
            };
        }
    }
    match begin.chars().next() {
        None | Some('|' | '>') if place.separator == ':' => (text.len(), Some(Open::Indented(place.indent))),
        Some(quote @ ('"' | '\'')) => {
            (quoted(begin, quote).map_or(text.len(), |length| blanks + length), None)
        }
        // Quotes within quotes: the JSON of a program in the JSON of another.
        Some('\\') => {
            let length = begin.strip_prefix("\\\"").and_then(|inner| inner.find("\\\"")).map(|at| at + 4);
            (length.map_or(text.len(), |length| blanks + length), None)
        }
        Some('[' | '{') => match brackets(begin, 0) {
            Ok(length) => (blanks + length, None),
            Err(depth) => (text.len(), Some(Open::Brackets(depth))),
        },
        // In a sentence, or in an address, the value is one word; in a file of settings it is the rest of the line.
        Some(_) if blanks == 0 && !place.first => {
            (begin.find(char::is_whitespace).unwrap_or(begin.len()), None)
        }
        _ => (text.len(), None),
    }
}

impl Open {
    /// What the next line is.
    pub fn step(self, line: &str) -> Step<'_> {
        match self {
            Self::Quotes(quotes) => match line.find(quotes) {
                Some(at) => Step::Rest(line.get(at + quotes.len()..).unwrap_or_default()),
                None => Step::GoesOn(self),
            },
            Self::Brackets(depth) => match brackets(line, depth) {
                Ok(length) => Step::Rest(line.get(length..).unwrap_or_default()),
                Err(depth) => Step::GoesOn(Self::Brackets(depth)),
            },
            Self::Indented(indent) => {
                let trimmed = line.trim_start();
                let own = line.len() - trimmed.len();
                // Items of a list may stand right below their key.
                let is_item = own == indent && (trimmed.starts_with("- ") || trimmed == "-");
                if trimmed.is_empty() || own > indent || is_item { Step::GoesOn(self) } else { Step::NotOfIt }
            }
        }
    }
}

/// Bytes of a text in quotes, both included; `None` if they are not closed.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if character == quote && !escaped {
            return Some(at + 1);
        }
        escaped = character == '\\' && !escaped && quote == '"';
    }
    None
}

/// Bytes up to the bracket that closes the last open one, or how many are open at the end.
fn brackets(text: &str, mut depth: u32) -> Result<usize, u32> {
    let mut skip_to = 0;
    for (at, character) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        match character {
            '[' | '{' => depth = depth.saturating_add(1),
            ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            '"' | '\'' => {
                let rest = text.get(at..).unwrap_or_default();
                skip_to = quoted(rest, character).map_or(skip_to, |length| at + length);
            }
            _ => {}
        }
    }
    Err(depth)
}
