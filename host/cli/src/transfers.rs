//! Bars on standard error for what goes to nodes or is fetched by them; on anything but a terminal only what went wrong
//! is told. They only listen.

use std::io::IsTerminal as _;
use std::time::Duration;

use corten_client::images::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two turns of what shows that something goes on.
const TURN: Duration = Duration::from_millis(120);

/// Bars below each other.
#[derive(Clone, Debug)]
pub struct Transfers(MultiProgress);

/// The bar of one node.
#[derive(Clone, Debug)]
pub struct Bar {
    bar: ProgressBar,
    bars: MultiProgress,
    name: String,
}

impl Transfers {
    /// Without bars.
    pub fn new() -> Self {
        let bars = MultiProgress::new();
        if !std::io::stderr().is_terminal() {
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self(bars)
    }

    /// One more.
    pub fn bar(&self, name: &str) -> Bar {
        let bar = self.0.add(ProgressBar::new(0));
        let template =
            "{spinner} {prefix} {msg} {wide_bar} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        if !bar.is_hidden() {
            bar.enable_steady_tick(TURN);
        }
        Bar { bar, bars: self.0.clone(), name: name.to_owned() }
    }
}

impl Bar {
    /// Shows how far it is.
    pub fn tell(&self, progress: Progress) {
        match progress {
            Progress::Sent(bytes, of) => self.set("sending", bytes, of),
            Progress::Step(step, bytes, of) => self.set(&step, bytes, of),
            Progress::Trouble(why) => {
                self.bars.suspend(|| anstream::eprintln!("{}: {}; trying again", self.name, shown(&why)));
            }
        }
    }

    fn set(&self, step: &str, bytes: u64, of: u64) {
        self.bar.set_message(shown(step));
        // What is not known is not shown as nothing.
        if of > 0 {
            self.bar.set_length(of);
            self.bar.set_position(bytes);
        }
    }

    /// Takes it away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// What a node says, without what would move the cursor.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
