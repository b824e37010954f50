//! Places in YAML, as bytes of the text.

use std::ops::Range;

use serde_saphyr::Location;

/// The bytes of a place, which lie within the text and at borders of characters.
pub(crate) fn bytes(text: &str, location: &Location) -> Range<usize> {
    let span = location.span();
    let Some(start) = span.byte_offset() else {
        let start = offset(text, location.line(), location.column());
        return start..start;
    };
    let start = fit(text, start);
    start..fit(text, start as u64 + span.byte_len().unwrap_or(0)).max(start)
}

fn fit(text: &str, at: u64) -> usize {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The byte of a line and column, which the parser counts from 1; the start of the text where it knows neither.
fn offset(text: &str, line: u64, column: u64) -> usize {
    let Some(before) = line.checked_sub(1) else { return 0 };
    let lines = text.split_inclusive('\n');
    let start: usize = lines.take(usize::try_from(before).unwrap_or(usize::MAX)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let column = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    let ends = rest.split_inclusive('\n').next().unwrap_or_default().trim_end_matches('\n').len();
    start + rest.char_indices().nth(column).map_or(ends, |(at, _)| at).min(ends)
}

/// The bytes of a scalar. Of a block scalar the parser says where its lines are, up to whatever follows; the whole
/// starts with its `|` or `>`.
pub(crate) fn whole(text: &str, span: Range<usize>) -> Range<usize> {
    let (Some(before), Some(inside)) = (text.get(..span.start), text.get(span.clone())) else { return span };
    // Its lines are the first thing on theirs, under a line that ends with the sign and how to treat its ends.
    let Some(above) = before.trim_end_matches([' ', '\t']).strip_suffix('\n') else { return span };
    let above = above.trim_end();
    let header = above.rsplit('\n').next().unwrap_or_default();
    let code = header.split(" #").next().unwrap_or_default().trim_end();
    let sign = code.trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
    let Some(prefix) = sign.strip_suffix(['|', '>']).filter(|prefix| prefix.ends_with([' ', '\t', ':', '-']))
    else {
        return span;
    };
    let start = above.len() - header.len() + prefix.len();
    start..span.start + inside.trim_end().len()
}
