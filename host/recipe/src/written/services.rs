//! `[services.…]`.

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::JsonSchema;

use crate::nearest::not_among;
use crate::read::{Read, Table};
use crate::types::{BadValue, EnvironmentName, ServiceName, Text};

/// A service that init runs.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// Absolute path of the program, and its arguments. Replaces that of the extended recipe.
    pub exec: Option<Vec<Text>>,
    /// The whole environment of the program.
    pub environment: Option<BTreeMap<EnvironmentName, Text>>,
    /// Services that are ready before this one starts. Added to those of the extended recipe.
    pub after: Option<Vec<ServiceName>>,
    /// A program that waits until the service answers and exits 0 then, and its arguments. Without it the service
    /// counts as ready once it was started. Replaces that of the extended recipe.
    pub ready: Option<Vec<Text>>,
    /// What a stop of the service ends: its main process, or its whole control group, which is the default.
    pub kill: Option<Kill>,
    /// Seconds between SIGTERM and SIGKILL, 1 to 3600; 30 unless written otherwise.
    #[schemars(range(min = 1, max = 3600))]
    pub stop_seconds: Option<u32>,
}

/// What a stop of a service ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum Kill {
    /// The main process alone.
    Process,
    /// Everything in the control group of the service.
    Group,
}

impl FromStr for Kill {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        match text {
            "process" => Ok(Self::Process),
            "group" => Ok(Self::Group),
            _ => Err(not_among(text, &["process", "group"])),
        }
    }
}

impl Read for Service {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            exec: table.command("exec"),
            environment: table.text_map("environment"),
            after: table.texts("after"),
            ready: table.command("ready"),
            kill: table.text("kill"),
            stop_seconds: table.integer("stop-seconds", 1..=3600).map(|seconds| seconds as u32),
        }
    }
}
