//! Progress on standard error: a bar on a terminal, lines elsewhere. It only listens to events.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use corten_archive::Event as Archive;
use corten_image::Event as Image;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Downloads of fewer bytes together are over before a line about them is read.
const WORTH_TELLING: u64 = 4_000_000;

/// Tells what happens.
pub struct Progress {
    bar: ProgressBar,
    downloads: Mutex<Downloads>,
}

/// The current series of downloads.
#[derive(Default)]
struct Downloads {
    bytes: u64,
    done: BTreeMap<String, u64>,
    /// The last quarter that was told where there is no bar.
    told: u64,
}

impl Progress {
    /// Progress on standard error.
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        bar.set_draw_target(target);
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {msg} {wide_bar} {binary_bytes}/{binary_total_bytes}")
        {
            bar.set_style(style);
        }
        Self { bar, downloads: Mutex::default() }
    }

    /// One line that stays.
    pub fn line(&self, text: &str) {
        self.bar.suspend(|| anstream::eprintln!("{text}"));
    }

    /// Takes an event of a build.
    pub fn image(&self, event: Image) {
        match event {
            Image::Archive(event) => self.archive(event),
            Image::Ended(phase, took) => self.line(&format!("{:>10}  {}", phase.name(), seconds(took))),
            Image::Unaccounted(package) => self.line(&format!(
                "warning: the maintainer scripts of {package} are not accounted for (see `corten recipe check`)"
            )),
            _ => {}
        }
    }

    /// Takes an event of the archive.
    pub fn archive(&self, event: Archive) {
        let Ok(mut downloads) = self.downloads.lock() else { return };
        match event {
            Archive::SuiteVerified { suite, date } => self.line(&format!("  verified  {suite} of {date}")),
            Archive::Resolved { packages } => {
                self.line(&format!("  resolved  {}", counted(packages, "package")));
            }
            Archive::DownloadsStarted { files, bytes } => {
                *downloads = Downloads { bytes, ..Downloads::default() };
                self.bar.set_length(bytes);
                self.bar.set_position(0);
                if bytes >= WORTH_TELLING && self.bar.is_hidden() {
                    self.line(&format!("  fetching  {}, {}", counted(files, "file"), size(bytes)));
                }
            }
            Archive::DownloadStarted { name, resumed_at, .. } => {
                downloads.done.insert(name.clone(), resumed_at);
                self.bar.set_message(name);
            }
            Archive::DownloadProgress { name, done, .. } | Archive::DownloadFinished { name, size: done } => {
                downloads.done.insert(name, done);
                let sum: u64 = downloads.done.values().sum();
                self.bar.set_position(sum);
                let quarter = sum * 4 / downloads.bytes.max(1);
                if self.bar.is_hidden() && downloads.bytes >= WORTH_TELLING && quarter > downloads.told {
                    downloads.told = quarter;
                    self.line(&format!("  fetching  {} % of {}", quarter * 25, size(downloads.bytes)));
                }
            }
            Archive::DownloadRetried { name, attempt, why } => {
                self.line(&format!("  fetching  {name}: try {attempt} failed ({why}); trying again"));
            }
            Archive::BlobDiscarded { name } => {
                self.line(&format!("  store     {name} was damaged and is fetched again"));
            }
            _ => {}
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A duration for people.
pub fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}

/// A size for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// A number of things for people: `counted(2, "layer")` is `2 layers`.
pub fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
