//! What is shown of an image, as an object with stable field names and as a screen for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use corten_oci::media;
use corten_oci::source::{Image, Listed};
use serde::Serialize;

use crate::progress::size;

/// An image of a source.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The name that it goes by there.
    pub name: Option<String>,
    /// Digest of what is listed: a manifest, or an index.
    pub digest: String,
    /// What is listed.
    pub media_type: String,
    /// For each platform an image; one alone where no index is listed.
    pub images: Vec<Platform>,
}

/// An image for one platform.
#[derive(Debug, Serialize)]
pub struct Platform {
    /// What it runs on.
    pub platform: String,
    /// Digest of its manifest.
    pub digest: String,
    /// Bytes of its layers as they are stored.
    pub size: u64,
    /// When it was made.
    pub created: Option<String>,
    /// Who runs it.
    pub user: String,
    /// The program and its first arguments.
    pub entrypoint: Vec<String>,
    /// Further arguments.
    pub command: Vec<String>,
    /// Variables.
    pub environment: Vec<String>,
    /// Where it starts.
    pub working_directory: String,
    /// Ports that it listens on.
    pub exposed_ports: BTreeSet<String>,
    /// Folders of its own.
    pub volumes: BTreeSet<String>,
    /// What ends it.
    pub stop_signal: String,
    /// Texts about it.
    pub labels: BTreeMap<String, String>,
    /// Digest of its configuration.
    pub config: String,
    /// Its layers, the lowest first.
    pub layers: Vec<Layer>,
    /// How it came to be.
    pub history: Vec<Step>,
}

/// A layer.
#[derive(Debug, Serialize)]
pub struct Layer {
    /// Of the blob.
    pub digest: String,
    /// Of the blob without compression.
    pub diff_id: String,
    /// What it is.
    pub media_type: String,
    /// Bytes of the blob.
    pub size: u64,
}

/// A step in which it was made.
#[derive(Debug, Serialize)]
pub struct Step {
    /// When.
    pub created: Option<String>,
    /// By which command.
    pub created_by: Option<String>,
    /// What was said about it.
    pub comment: Option<String>,
    /// Whether it added a layer.
    pub layer: bool,
}

impl Shown {
    /// What is listed, and the images that it leads to.
    pub fn new(listed: &Listed, images: &[Image]) -> Self {
        Self {
            name: listed.name.clone(),
            digest: listed.descriptor.digest.to_string(),
            media_type: listed.descriptor.media_type.clone(),
            images: images.iter().map(Platform::new).collect(),
        }
    }
}

impl Platform {
    fn new(image: &Image) -> Self {
        let (config, run) = (&image.config, &image.config.config);
        let pairs = image.manifest.layers.iter().zip(&config.rootfs.diff_ids);
        Self {
            platform: config.platform().to_string(),
            digest: image.descriptor.digest.to_string(),
            size: image.size(),
            created: config.created.clone(),
            user: run.user.clone(),
            entrypoint: run.entrypoint.clone(),
            command: run.cmd.clone(),
            environment: run.env.clone(),
            working_directory: run.working_dir.clone(),
            exposed_ports: run.exposed_ports.clone(),
            volumes: run.volumes.clone(),
            stop_signal: run.stop_signal.clone(),
            labels: run.labels.clone(),
            config: image.manifest.config.digest.to_string(),
            layers: pairs
                .map(|(layer, id)| Layer {
                    digest: layer.digest.to_string(),
                    diff_id: id.to_string(),
                    media_type: layer.media_type.clone(),
                    size: layer.size,
                })
                .collect(),
            history: config
                .history
                .iter()
                .map(|step| Step {
                    created: step.created.clone(),
                    created_by: step.created_by.clone(),
                    comment: step.comment.clone(),
                    layer: !step.empty_layer,
                })
                .collect(),
        }
    }

    fn screen(&self, text: &mut String) {
        let mut line = |name: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(text, "{name:<12} {}", printable(value));
            }
        };
        let words = |words: &[String]| {
            let quoted = words.iter().map(|word| quoted(word));
            quoted.collect::<Vec<_>>().join(" ")
        };
        let joined = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
        line("platform", &self.platform);
        line("config", &self.config);
        line("created", self.created.as_deref().unwrap_or_default());
        line("size", &size(self.size));
        line("user", &self.user);
        line("entrypoint", &words(&self.entrypoint));
        line("command", &words(&self.command));
        line("directory", &self.working_directory);
        line("ports", &joined(&self.exposed_ports));
        line("volumes", &joined(&self.volumes));
        line("stop signal", &self.stop_signal);
        for variable in &self.environment {
            line("variable", variable);
        }
        for (name, value) in &self.labels {
            line("label", &format!("{name}={value}"));
        }
        let rows = self.layers.iter().map(|layer| {
            vec![size(layer.size), compression(&layer.media_type).to_owned(), layer.digest.clone()]
        });
        table(text, ["LAYER SIZE", "COMPRESSION", "DIGEST"], rows);
        let rows = self.history.iter().map(|step| {
            let what = step.created_by.clone().or_else(|| step.comment.clone()).unwrap_or_default();
            let layer = if step.layer { "layer" } else { "" };
            vec![layer.to_owned(), step.created.clone().unwrap_or_default(), cut(&what)]
        });
        table(text, ["HISTORY", "CREATED", "BY"], rows);
    }
}

/// Letters of a command of the history that are shown; the JSON has all of them.
const COMMAND: usize = 120;

fn cut(text: &str) -> String {
    let mut letters = text.chars();
    let start: String = letters.by_ref().take(COMMAND).collect();
    if letters.next().is_none() { start } else { start + "…" }
}

/// One image with all that is known of it.
pub fn screen(shown: &Shown) -> String {
    let mut text = String::new();
    if let Some(name) = &shown.name {
        let _ = writeln!(text, "{:<12} {}", "name", printable(name));
    }
    let _ = writeln!(text, "{:<12} {}", "digest", shown.digest);
    for image in &shown.images {
        if media::is_index(&shown.media_type) {
            let _ = write!(text, "\n{:<12} {}\n", "manifest", image.digest);
        }
        image.screen(&mut text);
    }
    text
}

/// A line for each image.
pub fn list(all: &[Shown]) -> String {
    let mut text = String::new();
    let rows = all.iter().map(|shown| {
        let platforms: Vec<_> = shown.images.iter().map(|image| image.platform.as_str()).collect();
        let bytes = shown.images.iter().fold(0_u64, |sum, image| sum.saturating_add(image.size));
        let layers: usize = shown.images.iter().map(|image| image.layers.len()).sum();
        let name = shown.name.clone().unwrap_or_default();
        vec![name, platforms.join(","), layers.to_string(), size(bytes), shown.digest.clone()]
    });
    table(&mut text, ["NAME", "PLATFORM", "LAYERS", "SIZE", "DIGEST"], rows);
    text.trim_start_matches('\n').to_owned()
}

/// Rows below titles, behind an empty line; nothing without rows.
fn table<const N: usize>(text: &mut String, titles: [&str; N], rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    if rows.is_empty() {
        return;
    }
    let titles: Vec<String> = titles.iter().map(ToString::to_string).collect();
    let width = |at: usize| {
        let cells = rows.iter().chain([&titles]).map(|row| row[at].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    text.push('\n');
    for row in [&titles].into_iter().chain(&rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let _ = writeln!(text, "{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn compression(media_type: &str) -> &'static str {
    match media_type {
        media::LAYER_GZIP | media::DOCKER_LAYER_GZIP => "gzip",
        media::LAYER_ZSTD | media::DOCKER_LAYER_ZSTD => "zstd",
        media::LAYER | media::DOCKER_LAYER => "none",
        _ => "",
    }
}

/// A word as it would be written in a shell, if that needs quotes.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "/._-=:,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("{word:?}") }
}

/// A text without what would move a terminal's cursor, change its colours or the direction of letters: what an image
/// says is not ours.
pub fn printable(text: &str) -> String {
    let visible = |letter: char| match letter {
        '\t' | '\n' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        letter if letter.is_control() => char::REPLACEMENT_CHARACTER,
        letter => letter,
    };
    text.chars().map(visible).collect()
}
