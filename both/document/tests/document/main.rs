//! Documents as people write them: places, limits, laying over one another, writing.

mod laying;
mod texts;
mod yaml;

use corten_document::{Bounds, Diagnostic, Format, Node, Source, SourceId, Subject, Value, parse};

/// What tests call a document.
const SUBJECT: Subject = Subject { noun: "note", code: "note", head: "title" };

const BOUNDS: Bounds = Bounds { bytes: 1 << 20, depth: 32, items: 1000 };

fn source(format: Format, text: &str) -> Source {
    Source::new("note", format, text)
}

fn read(format: Format, text: &str) -> Result<Node, Vec<Diagnostic>> {
    parse(&source(format, text), SourceId(0), BOUNDS, SUBJECT)
}

/// The first complaint with its line and column.
fn complaint(format: Format, text: &str) -> String {
    let errors = read(format, text).expect_err("it is wrong");
    let origin = errors[0].origin().expect("it has a place");
    format!("{}:{} {} {}", origin.line(), origin.column(), errors[0].code(), errors[0].message())
}

/// A tree without places.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Table(a), Value::Table(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((a_key, a), (b_key, b))| a_key == b_key && same(a, b))
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (a, b) => a == b,
    }
}
