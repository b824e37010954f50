//! What is kept of configurations: which one is the operator's, which one waits, and what was before.

use corten_config::{Change, Format};
use serde::{Deserialize, Serialize};

/// Configurations that are remembered, with the text of each.
pub const MAX_ENTRIES: usize = 50;

/// Changes that are kept of one configuration, and bytes of a value in them: the record is read into memory, and the
/// text itself is kept beside it.
const MAX_CHANGES: usize = 64;
const MAX_VALUE: usize = 160;

/// The one file that decides what the operator's configuration is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Record {
    /// The last number that was given. Numbers only grow.
    pub last: u64,
    /// Number of the operator's configuration; `None` where there never was one.
    pub operator: Option<u64>,
    /// What becomes the operator's at the next start.
    pub pending: Option<Pending>,
    /// What was applied, oldest first.
    pub history: Vec<Kept>,
}

/// A configuration that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pending {
    /// Its number.
    pub generation: u64,
    /// The kernel's name for the start in which it was applied.
    pub boot: String,
}

/// A configuration that was applied once, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Kept {
    /// Its number.
    pub number: u64,
    /// When it was applied, nanoseconds since 1970.
    pub at_ns: i64,
    /// Who did.
    pub by: String,
    /// What the document was called.
    pub name: String,
    /// The language of its text.
    pub format: Language,
    /// What became of it.
    pub state: EntryState,
    /// What differed from what was in force before.
    pub changes: Vec<KeptChange>,
}

/// What became of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryState {
    /// It is the operator's.
    InForce,
    /// A later one is.
    Replaced,
    /// It is in force and not confirmed.
    OnTrial,
    /// It was not confirmed in time.
    WentBack,
    /// It waits for the next start.
    AtReboot,
    /// It can't be read, or not together with the other documents.
    Broken,
}

impl EntryState {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::Replaced => "replaced",
            Self::OnTrial => "on trial",
            Self::WentBack => "went back",
            Self::AtReboot => "at reboot",
            Self::Broken => "broken",
        }
    }
}

/// A language of documents, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

impl From<Format> for Language {
    fn from(format: Format) -> Self {
        match format {
            Format::Toml => Self::Toml,
            Format::Yaml => Self::Yaml,
        }
    }
}

impl From<Language> for Format {
    fn from(language: Language) -> Self {
        match language {
            Language::Toml => Self::Toml,
            Language::Yaml => Self::Yaml,
        }
    }
}

/// A change, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeptChange {
    key: String,
    before: Option<String>,
    after: Option<String>,
}

/// A configuration that was applied once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub number: u64,
    /// When it was applied, nanoseconds since 1970.
    pub at_ns: i64,
    /// Who did.
    pub by: String,
    /// What became of it.
    pub state: EntryState,
    /// What differed from what was in force before; of many the first, and the beginning of long values.
    pub changes: Vec<Change>,
}

impl Record {
    /// Sets what became of a configuration.
    pub fn mark(&mut self, number: u64, state: EntryState) {
        for kept in self.history.iter_mut().filter(|kept| kept.number == number) {
            kept.state = state;
        }
    }

    /// What is known of a configuration.
    pub fn kept(&self, number: u64) -> Option<&Kept> {
        self.history.iter().rev().find(|kept| kept.number == number)
    }

    /// Forgets the oldest that nobody needs, and returns their numbers.
    pub fn trim(&mut self, trial: Option<u64>) -> Vec<(u64, Language)> {
        let mut gone = Vec::new();
        let needed = [self.operator, self.pending.as_ref().map(|pending| pending.generation), trial];
        let mut over = self.history.len().saturating_sub(MAX_ENTRIES);
        self.history.retain(|kept| {
            let drop = over > 0 && !needed.contains(&Some(kept.number));
            if drop {
                over -= 1;
                gone.push((kept.number, kept.format));
            }
            !drop
        });
        gone
    }
}

impl Kept {
    /// As it is shown.
    pub fn entry(&self) -> Entry {
        let changes = self.changes.iter().map(|change| Change {
            key: change.key.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
        });
        Entry {
            number: self.number,
            at_ns: self.at_ns,
            by: self.by.clone(),
            state: self.state,
            changes: changes.collect(),
        }
    }
}

/// Changes as they are kept: the first ones, with the beginning of long values.
pub fn kept_changes(changes: &[Change]) -> Vec<KeptChange> {
    let short = |text: &String| match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.clone(),
    };
    let kept = changes.iter().take(MAX_CHANGES).map(|change| KeptChange {
        key: short(&change.key),
        before: change.before.as_ref().map(short),
        after: change.after.as_ref().map(short),
    });
    kept.collect()
}
