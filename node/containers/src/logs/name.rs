//! Whose lines they are. Names become names of folders, so what could lead out of one is refused here, once.

use std::fmt;

use super::LogError;

/// Bytes of the longest name; the configuration allows fewer.
const MAX: usize = 64;

/// A container of a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerName {
    workload: String,
    container: String,
}

impl ContainerName {
    /// Takes names of letters, digits, `_`, `.` and `-` that start with a letter, a digit or `_`.
    pub fn new(workload: &str, container: &str) -> Result<Self, LogError> {
        if is_name(workload) && is_name(container) {
            Ok(Self { workload: workload.into(), container: container.into() })
        } else {
            Err(LogError::Name(shown(&format!("{workload}/{container}"))))
        }
    }

    /// The workload.
    pub fn workload(&self) -> &str {
        &self.workload
    }

    /// The container within it.
    pub fn container(&self) -> &str {
        &self.container
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workload, self.container)
    }
}

/// Whose lines somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those of all workloads.
    All,
    /// Those of a workload.
    Workload(String),
    /// Those of a container.
    Container(ContainerName),
}

impl Wanted {
    /// Reads the name of a request: empty, `WORKLOAD` or `WORKLOAD/CONTAINER`.
    pub fn parse(text: &str) -> Result<Self, LogError> {
        match text.split_once('/') {
            _ if text.is_empty() => Ok(Self::All),
            Some((workload, container)) => ContainerName::new(workload, container).map(Self::Container),
            None if is_name(text) => Ok(Self::Workload(text.into())),
            None => Err(LogError::Name(shown(text))),
        }
    }

    /// Whether these lines are among them.
    pub fn holds(&self, name: &ContainerName) -> bool {
        match self {
            Self::All => true,
            Self::Workload(workload) => *workload == name.workload,
            Self::Container(container) => container == name,
        }
    }
}

/// Whether a text is one part of a path, and no hidden one.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= MAX
        && text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// As much of a wrong name as shows what was meant.
fn shown(text: &str) -> String {
    text.chars().take(2 * MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_names_all_one_workload_or_one_container() {
        let web = ContainerName::new("web", "nginx-1.2").expect("names");
        let other = ContainerName::new("web", "sidecar").expect("names");
        assert_eq!(web.to_string(), "web/nginx-1.2");
        for (text, holds) in
            [("", [true, true]), ("web", [true, true]), ("web/sidecar", [false, true]), ("we", [false; 2])]
        {
            let wanted = Wanted::parse(text).expect("a name");
            assert_eq!([wanted.holds(&web), wanted.holds(&other)], holds, "{text:?}");
        }
    }

    #[test]
    fn what_leads_out_of_a_folder_is_no_name() {
        for text in
            ["..", "/", "web/", "/web", "web/..", "../web", "a/b/c", "a b", "a\0", ".web", "-web", "ä"]
        {
            let error = Wanted::parse(text).expect_err("no name");
            assert_eq!(
                error.to_string(),
                format!("{text:?} is no workload, expected WORKLOAD or WORKLOAD/CONTAINER")
            );
        }
        assert!(Wanted::parse(&"a".repeat(65)).is_err());
    }

    proptest! {
        #[test]
        fn a_name_that_is_taken_is_one_part_of_a_path(text in "[a./_\\-\\\\ ]{0,8}") {
            if let Ok(Wanted::Workload(name)) = Wanted::parse(&text) {
                let path = std::path::Path::new(&name);
                prop_assert_eq!(path.components().count(), 1);
                prop_assert!(matches!(path.components().next(), Some(std::path::Component::Normal(_))));
            }
        }
    }
}
