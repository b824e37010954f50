//! What the parser of YAML complains about, in words for somebody who writes a document.

use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error as YamlError, MessageFormatter as _, UserMessageFormatter};

use crate::key::shown_key;
use crate::parse::{Error, too_deep};
use crate::problem::Problem;
use crate::yaml_place::bytes;

const ANCHORS: &str = "anchors and references to them (`&` and `*`) are not read: write the values out";

/// The complaint with its place.
pub(crate) fn complaint(text: &str, error: &YamlError, depth: usize) -> Error {
    let error = error.without_snippet();
    let span = error.location().map_or(0..0, |location| bytes(text, &location));
    let said = UserMessageFormatter.format_message(error);
    let syntax = |message: &str| Problem::Syntax { language: "YAML", message: message.to_owned() };
    let problem = match error {
        YamlError::DuplicateMappingKey { key: Some(key), .. } => {
            Problem::DuplicateKey(format!("`{}`", shown_key(key)))
        }
        YamlError::MergeKeyNotAllowed { .. } => syntax("merges (`<<`) are not read: write the values out"),
        YamlError::UnknownAnchor { .. } => syntax(ANCHORS),
        YamlError::Budget { breach, .. } => match breach {
            BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. } => syntax(ANCHORS),
            BudgetBreach::Documents { .. } => {
                syntax("one text holds one document, so `---` stands at its head only")
            }
            BudgetBreach::Depth { .. } => too_deep(depth),
            _ => Problem::Limit("this holds more values than any document has".into()),
        },
        // The scanner has a limit of its own for brackets.
        _ if said.contains("recursion limit") => too_deep(depth),
        _ if said.contains("expected string scalar") => syntax("a key has to be a string"),
        _ => syntax(&said.lines().map(str::trim).collect::<Vec<_>>().join(", ")),
    };
    (problem, span)
}
