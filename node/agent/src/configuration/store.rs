//! The files behind the state machine: what was kept is read, and effects are carried out.
//!
//! ```text
//! record.json      which configuration is the operator's, and what was before
//! documents/N.*    the text of each
//! last-good.json   the documents that were in force together last, as one file so that it is whole
//! ```

use std::fs;
use std::path::PathBuf;

use corten_config::{Document, MAX_DOCUMENT};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::choose::Good;
use super::core::{Effect, Running};
use super::error::StoreError;
use super::layers::text;
use super::places::Places;
use super::record::{EntryState, Kept, Language, Record};
use crate::durable;

/// Bytes of the files that are read: above what fifty entries and all documents can be.
const MAX_RECORD: u64 = 4 << 20;
const MAX_LAST_GOOD: u64 = 8 << 20;
const MAX_TRIAL: u64 = 4096;

/// The files of a node.
#[derive(Debug)]
pub struct Store {
    places: Places,
}

/// What was kept.
#[derive(Debug)]
pub struct Found {
    /// The record; made from the rest if it is lost.
    pub record: Record,
    /// Why it is lost.
    pub lost: Option<StoreError>,
    /// The documents that were in force last.
    pub last_good: Option<Good>,
    /// The trial that the agent knew before it started.
    pub trial: Option<Running>,
    /// What can't be read.
    pub problems: Vec<StoreError>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct GoodFile {
    generation: u64,
    lower: Vec<Layer>,
    operator: Option<Layer>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Layer {
    name: String,
    format: Language,
    text: String,
}

impl From<&Document> for Layer {
    fn from(document: &Document) -> Self {
        Self { name: document.name.clone(), format: document.format.into(), text: document.text.clone() }
    }
}

impl From<Layer> for Document {
    fn from(layer: Layer) -> Self {
        Self { name: layer.name, format: layer.format.into(), text: layer.text }
    }
}

/// Reads a record. Public for those who test what it does with any bytes.
pub fn parse_record(text: &str) -> Result<Record, serde_json::Error> {
    serde_json::from_str(text)
}

impl Store {
    /// The files below a root.
    pub fn new(places: Places) -> Self {
        Self { places }
    }

    /// Reads what was kept.
    pub fn load(&self) -> Found {
        let mut problems = Vec::new();
        let last_good = json::<GoodFile>(self.last_good(), MAX_LAST_GOOD).unwrap_or_else(|error| {
            problems.push(error);
            None
        });
        let last_good = last_good.map(|file| Good {
            generation: file.generation,
            lower: file.lower.into_iter().map(Document::from).collect(),
            operator: file.operator.map(Document::from),
        });
        let trial = json::<Running>(self.places.trial(), MAX_TRIAL).unwrap_or_else(|error| {
            problems.push(error);
            None
        });
        let path = self.record();
        let record = text(&path, MAX_RECORD).and_then(|text| {
            let text = text.map(|text| parse_record(&text).map_err(|error| content(path.clone(), &error)));
            text.transpose()
        });
        let with_operator = last_good.as_ref().is_some_and(|good| good.operator.is_some());
        let lost = match record {
            Ok(Some(record)) => return Found { record, lost: None, last_good, trial, problems },
            // A record is written before anything that names it, so it was there.
            Ok(None) if with_operator => {
                let what = format!("is not there, while {} is", self.last_good().display());
                Some(StoreError::Content { path, what })
            }
            Ok(None) => None,
            Err(error) => {
                // Aside, so that a person can look: the next one takes its place.
                let _ = fs::copy(&path, path.with_extension("broken"));
                Some(error)
            }
        };
        let record = self.salvaged(last_good.as_ref(), trial.as_ref());
        Found { record, lost, last_good, trial, problems }
    }

    /// The text of a configuration.
    pub fn document(&self, number: u64, format: Language) -> Result<String, StoreError> {
        let path = self.text(number, format);
        text(&path, MAX_DOCUMENT as u64)?.ok_or_else(|| {
            let what = "is not there any more";
            StoreError::Content { path, what: what.into() }
        })
    }

    /// Carries effects out in order, and stops at the first that fails.
    pub fn perform(&self, effects: &[Effect], document: Option<&str>) -> Result<(), StoreError> {
        for effect in effects {
            let (path, result) = match effect {
                Effect::SaveDocument(number, format) => {
                    let path = self.text(*number, *format);
                    let result = durable::replace(&path, document.unwrap_or_default().as_bytes());
                    (path, result)
                }
                Effect::SaveRecord(record) => save(self.record(), record.as_ref()),
                Effect::SaveTrial(running) => {
                    // Others read other files of this folder, so it is not made for its owner alone.
                    let path = self.places.trial();
                    let _ = path.parent().map(fs::create_dir_all);
                    save(path, running)
                }
                Effect::RemoveTrial => {
                    let path = self.places.trial();
                    let result = durable::remove(&path);
                    (path, result)
                }
                Effect::RemoveDocument(number, format) => {
                    let path = self.text(*number, *format);
                    let result = durable::remove(&path);
                    (path, result)
                }
            };
            result.map_err(|error| StoreError::Io { path, error })?;
        }
        Ok(())
    }

    /// Keeps the documents that are in force together.
    pub fn save_last_good(&self, good: &Good) -> Result<(), StoreError> {
        let file = GoodFile {
            generation: good.generation,
            lower: good.lower.iter().map(Layer::from).collect(),
            operator: good.operator.as_ref().map(Layer::from),
        };
        let (path, result) = save(self.last_good(), &file);
        result.map_err(|error| StoreError::Io { path, error })
    }

    /// Removes texts that the record does not know, which cuts left behind.
    pub fn sweep(&self, record: &Record) {
        for (number, path) in self.texts() {
            let known = record.kept(number).is_some_and(|kept| self.text(number, kept.format) == path);
            if !known {
                let _ = durable::remove(&path);
            }
        }
    }
}

impl Store {
    fn kept(&self, name: &str) -> PathBuf {
        self.places.kept().join(name)
    }

    fn last_good(&self) -> PathBuf {
        self.kept("last-good.json")
    }

    fn record(&self) -> PathBuf {
        self.kept("record.json")
    }

    fn text(&self, number: u64, format: Language) -> PathBuf {
        let ending = match format {
            Language::Toml => "toml",
            Language::Yaml => "yaml",
        };
        self.kept("documents").join(format!("{number}.{ending}"))
    }

    fn texts(&self) -> Vec<(u64, PathBuf)> {
        let entries = fs::read_dir(self.kept("documents")).into_iter().flatten().flatten();
        let number = |entry: &fs::DirEntry| {
            let name = entry.file_name();
            let (number, _) = name.to_str()?.split_once('.')?;
            number.parse().ok()
        };
        entries.filter_map(|entry| Some((number(&entry)?, entry.path()))).collect()
    }

    fn highest(&self) -> u64 {
        self.texts().into_iter().map(|(number, _)| number).max().unwrap_or(0)
    }

    /// A record from what else there is. Numbers go on after all that are known.
    fn salvaged(&self, last_good: Option<&Good>, trial: Option<&Running>) -> Record {
        let known = [last_good.map(|good| good.generation), trial.map(|trial| trial.generation)];
        let last = known.into_iter().flatten().max().unwrap_or(0).max(self.highest());
        let operator = last_good.and_then(|good| Some((good.generation, good.operator.as_ref()?)));
        let history = operator.map(|(number, document)| Kept {
            number,
            at_ns: 0,
            by: String::new(),
            name: document.name.clone(),
            format: document.format.into(),
            state: EntryState::InForce,
            changes: Vec::new(),
        });
        let operator = operator.map(|(number, _)| number);
        Record { last, operator, pending: None, history: history.into_iter().collect() }
    }
}

fn json<T: DeserializeOwned>(path: PathBuf, limit: u64) -> Result<Option<T>, StoreError> {
    let Some(text) = text(&path, limit)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| content(path, &error))
}

fn save(path: PathBuf, value: &impl Serialize) -> (PathBuf, std::io::Result<()>) {
    let bytes = serde_json::to_vec(value).map_err(std::io::Error::from);
    let result = bytes.and_then(|bytes| durable::replace(&path, &bytes));
    (path, result)
}

fn content(path: PathBuf, error: &serde_json::Error) -> StoreError {
    StoreError::Content { path, what: error.to_string() }
}

#[cfg(test)]
mod tests;
