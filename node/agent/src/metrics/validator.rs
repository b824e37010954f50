//! Reads OpenMetrics 1.0 text as strictly as its specification says, for tests: order of the lines of a family,
//! suffixes by kind, units at the end of names, labels, no sample twice, an end.

use std::collections::BTreeSet;

/// One sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// With its suffix.
    pub name: String,
    /// Labels in their order, unescaped.
    pub labels: Vec<(String, String)>,
    /// Its value.
    pub value: f64,
}

#[derive(Default)]
struct Family {
    name: String,
    kind: String,
    unit: bool,
    help: bool,
    samples: bool,
}

/// All samples, or what is wrong.
pub fn parse(text: &str) -> Result<Vec<Sample>, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("no end")?;
    if !body.is_empty() && !body.ends_with('\n') {
        return Err("the end is not a line of its own".into());
    }
    let (mut samples, mut seen, mut names) = (Vec::<Sample>::new(), BTreeSet::new(), BTreeSet::new());
    let mut family = Family::default();
    for line in body.split_terminator('\n') {
        let wrong = |what: &str| format!("{what}: {line}");
        if let Some(described) = line.strip_prefix("# ") {
            let (word, rest) = described.split_once(' ').ok_or_else(|| wrong("no word"))?;
            let (name, value) = rest.split_once(' ').ok_or_else(|| wrong("no name"))?;
            if word == "TYPE" {
                if !names.insert(name.to_string()) || !is_name(name) {
                    return Err(wrong("a family twice, or no name"));
                }
                if !["gauge", "counter", "info", "stateset"].contains(&value) || name.ends_with("_total") {
                    return Err(wrong("no kind, or a suffix in the name"));
                }
                family = Family { name: name.into(), kind: value.into(), ..Family::default() };
                continue;
            }
            if name != family.name || family.samples {
                return Err(wrong("of another family, or after its samples"));
            }
            let first = match word {
                "UNIT" if name.ends_with(&format!("_{value}")) => !std::mem::replace(&mut family.unit, true),
                "HELP" => !std::mem::replace(&mut family.help, true) && unescaped(value).is_some(),
                _ => false,
            };
            if !first {
                return Err(wrong("not expected"));
            }
            continue;
        }
        let sample = sample(line).ok_or_else(|| wrong("no sample"))?;
        let suffix = sample.name.strip_prefix(&family.name).ok_or_else(|| wrong("of another family"))?;
        let expected = match family.kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        if suffix != expected {
            return Err(wrong("another suffix"));
        }
        let labels: BTreeSet<_> = sample.labels.iter().map(|(name, _)| name.clone()).collect();
        if labels.len() != sample.labels.len()
            || !labels.iter().all(|name| is_name(name) && !name.contains(':'))
        {
            return Err(wrong("a label twice, or no name"));
        }
        let good = match family.kind.as_str() {
            "counter" => sample.value >= 0.0,
            "info" => [1.0].contains(&sample.value),
            "stateset" => labels.contains(&family.name) && [0.0, 1.0].contains(&sample.value),
            _ => true,
        };
        if !good {
            return Err(wrong("not a value of this kind"));
        }
        if !seen.insert((sample.name.clone(), format!("{:?}", sample.labels))) {
            return Err(wrong("a sample twice"));
        }
        family.samples = true;
        samples.push(sample);
    }
    Ok(samples)
}

fn sample(line: &str) -> Option<Sample> {
    let name_end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(name_end);
    let mut labels = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, value) = rest.split_once("=\"")?;
            let end = closing_quote(value)?;
            labels.push((label.to_string(), unescaped(value.get(..end)?)?));
            rest = value.get(end + 1..)?;
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            rest = rest.strip_prefix(',')?;
        }
    }
    let value = rest.strip_prefix(' ')?;
    // A timestamp would stand behind another space; ours have none.
    let value = if value == "NaN" { f64::NAN } else { value.parse().ok()? };
    is_name(name).then(|| Sample { name: name.into(), labels, value })
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let end = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        end.then_some(at)
    })
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                plain @ ('\\' | '"') => plain,
                _ => return None,
            },
            plain => plain,
        });
    }
    Some(out)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'))
}

#[test]
fn what_is_wrong_is_refused() {
    for text in [
        "",
        "# TYPE a gauge\na 1\n",
        "# TYPE a gauge\nb 1\n# EOF\n",
        "# TYPE a counter\na 1\n# EOF\n",
        "# TYPE a gauge\na 1\na 2\n# EOF\n",
        "# TYPE a gauge\n# UNIT a bytes\n# EOF\n",
        "# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n# EOF\n",
        "# TYPE a gauge\na{x=\"\\q\"} 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# HELP a late\n# EOF\n",
        "# TYPE a gauge\n# TYPE a gauge\n# EOF\n",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}
