//! The name that a writer probably meant.

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
