//! What readers are shown of a container's specification: all but the values of variables that may be secret.
//!
//! A specification does not say where a variable came from, and a secret may have changed since it was written. So the
//! values that are no secrets are known, and all others are not shown: those of secrets and of files of the node.

use std::collections::BTreeMap;

use corten_config::settings::{Container, Variable};
use serde_json::Value;

use crate::spec::{ImageProcess, program};

/// The variables of a container that are no secrets: those of its image, and those that the configuration writes out.
pub(super) fn known(container: &Container, image: &ImageProcess) -> BTreeMap<String, String> {
    let texts = container.environment.iter().filter_map(|(name, variable)| match variable {
        Variable::Text { text } => Some((name.clone(), text.clone())),
        Variable::Secret { .. } => None,
    });
    program(container, image, texts.collect()).map(|program| program.environment).unwrap_or_default()
}

/// A specification with the values of these variables alone.
pub(super) fn without_secrets(specification: &str, known: &BTreeMap<String, String>) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(specification) else {
        return String::new();
    };
    if let Some(environment) = value.pointer_mut("/process/env").and_then(Value::as_array_mut) {
        for line in environment {
            let (name, text) = line.as_str().and_then(|line| line.split_once('=')).unwrap_or_default();
            if known.get(name).is_none_or(|known| known != text) {
                *line = Value::String(format!("{name}=(secret)"));
            }
        }
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::tests::container;

    #[test]
    fn values_are_shown_that_are_no_secrets_and_no_others() {
        let image = ImageProcess {
            command: vec!["/run".into()],
            environment: vec!["LANG=C".into(), "MODE=image".into(), "TOKEN=none".into()],
            ..ImageProcess::default()
        };
        let mut container = container();
        let text = |text: &str| Variable::Text { text: text.into() };
        container.environment.insert("MODE".into(), text("literal"));
        container.environment.insert("TOKEN".into(), Variable::Secret { name: "token".into() });
        container.environment_files.push("/var/mnt/passwords".into());
        let known = known(&container, &image);
        // The token is an earlier one, and the password is of a file.
        let lines = ["LANG=C", "MODE=literal", "TOKEN=earlier", "PASSWORD=word", "PATH=/of/the/file"];
        let specification = json!({ "process": { "args": ["/run"], "env": lines } }).to_string();
        let shown: Value = serde_json::from_str(&without_secrets(&specification, &known)).expect("JSON");
        let expected = ["LANG=C", "MODE=literal", "TOKEN=(secret)", "PASSWORD=(secret)", "PATH=(secret)"];
        assert_eq!(shown["process"]["env"], json!(expected));
        assert_eq!(known.get("PATH").map(|path| path.starts_with("/usr/local/sbin")), Some(true));
        assert!(!without_secrets(&specification, &BTreeMap::new()).contains("literal"));
        assert_eq!(without_secrets("no JSON: word", &known), "");
    }
}
