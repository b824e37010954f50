//! The default seccomp profile: the list of the field's engines, as Debian has it, cut to what a container's
//! capabilities allow.
//!
//! The file is written for many architectures and sets of capabilities, in a form of its own (`includes`, `excludes`);
//! crun takes the form of the runtime specification, which has neither.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Bytes of the largest profile that is read; Debian's has 22 KiB.
const MAX_BYTES: usize = 1 << 20;
/// Rules of the largest one; Debian's has 40.
const MAX_RULES: usize = 1000;

/// The architecture of these programs, as the profile calls it, and as the specification does.
const ARCHITECTURE: &str = "amd64";
const ARCHITECTURES: [&str; 3] = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"];

/// Why a profile can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// It is no profile.
    #[error("no seccomp profile: {0}")]
    Form(#[from] serde_json::Error),
    /// It is larger than any.
    #[error("a seccomp profile has at most {MAX_BYTES} bytes and {MAX_RULES} rules")]
    Large,
    /// It allows what it does not name.
    #[error("a seccomp profile has to refuse what it does not name, this one says {0:?}")]
    Open(String),
}

/// A profile as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    default_action: String,
    default_errno_ret: Option<u32>,
    syscalls: Vec<Rule>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    names: Vec<String>,
    action: String,
    errno_ret: Option<u32>,
    #[serde(default)]
    args: Option<Vec<Argument>>,
    #[serde(default)]
    includes: Condition,
    #[serde(default)]
    excludes: Condition,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    index: u32,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Condition {
    #[serde(default)]
    caps: Vec<String>,
    #[serde(default)]
    arches: Vec<String>,
}

impl Rule {
    /// Whether the rule is one for containers with these capabilities on this architecture.
    fn applies(&self, capabilities: &BTreeSet<String>) -> bool {
        let has = |name: &String| capabilities.contains(name);
        let here = |name: &String| name == ARCHITECTURE;
        let (includes, excludes) = (&self.includes, &self.excludes);
        includes.caps.iter().all(has)
            && (includes.arches.is_empty() || includes.arches.iter().any(here))
            && !excludes.caps.iter().any(has)
            && !excludes.arches.iter().any(here)
    }

    fn value(&self) -> Value {
        let mut rule = Map::new();
        rule.insert("names".into(), json!(self.names));
        rule.insert("action".into(), json!(self.action));
        if let Some(errno) = self.errno_ret {
            rule.insert("errnoRet".into(), json!(errno));
        }
        let arguments: Vec<Value> = self
            .args
            .iter()
            .flatten()
            .map(|argument| {
                json!({ "index": argument.index, "value": argument.value, "valueTwo": argument.value_two,
                    "op": argument.op })
            })
            .collect();
        if !arguments.is_empty() {
            rule.insert("args".into(), Value::Array(arguments));
        }
        Value::Object(rule)
    }
}

impl Profile {
    /// Reads a profile in docker's form.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProfileError> {
        if bytes.len() > MAX_BYTES {
            return Err(ProfileError::Large);
        }
        let profile: Self = serde_json::from_slice(bytes)?;
        if profile.syscalls.len() > MAX_RULES {
            return Err(ProfileError::Large);
        }
        if profile.default_action != "SCMP_ACT_ERRNO" {
            return Err(ProfileError::Open(profile.default_action));
        }
        Ok(profile)
    }

    /// The rules for a container with these capabilities, in the form of the runtime specification.
    pub fn rules(&self, capabilities: &BTreeSet<String>) -> Value {
        let syscalls: Vec<Value> =
            self.syscalls.iter().filter(|rule| rule.applies(capabilities)).map(Rule::value).collect();
        json!({
            "defaultAction": self.default_action,
            "defaultErrnoRet": self.default_errno_ret,
            "architectures": ARCHITECTURES,
            "syscalls": syscalls,
        })
    }
}
