//! The name that a writer probably meant.

use crate::types::BadValue;

/// The name among `names` that is most like `text`, if one is like it at all.
///
/// Likeness is Jaro-Winkler's, which forgives a slip near the end of a word; below 0.8 it suggests words that have
/// little in common. Of two that are equally like it the first wins.
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(f64, &str)> = None;
    for name in names {
        let likeness = strsim::jaro_winkler(&text.to_lowercase(), &name.to_lowercase());
        if likeness >= 0.8 && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name)
}

/// The error for a text that is none of `names`.
pub(crate) fn not_among(text: &str, names: &[&str]) -> BadValue {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let expected = match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".into(),
    };
    BadValue { expected, meant: nearest(text, names.iter().copied()).map(str::to_owned) }
}
