//! All that the page shows.

use std::collections::VecDeque;

use crate::view::{Container, Event, Health, Info, LogLine, Tone, printable};
use crate::view::{Link, Service, log_tone};

/// Seconds of load and memory that are kept: as many as a wide terminal has columns.
pub(super) const HISTORY: usize = 300;

/// Lines of the log that are kept.
pub(super) const LINES: usize = 2000;

/// Whether the node is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    /// It is being connected to.
    Connecting,
    /// It answers.
    Live,
    /// It does not, and is tried again in so many seconds.
    Lost { why: String, help: Option<String>, again: u64 },
}

/// A part of the page that can be scrolled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panel {
    Services,
    Links,
    /// Where there are any.
    Containers,
    Log,
}

impl Panel {
    pub(super) const ALL: [Self; 4] = [Self::Services, Self::Links, Self::Containers, Self::Log];

    pub(super) fn place(self) -> usize {
        match self {
            Self::Services => 0,
            Self::Links => 1,
            Self::Containers => 2,
            Self::Log => 3,
        }
    }
}

/// Which lines of the log are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Only those that hold this, in either case; all if it is empty.
    pub(super) text: String,
    /// Whether it is being typed.
    pub(super) typing: bool,
}

/// A line of the log panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The time of the day, UTC.
    pub(super) at: String,
    pub(super) source: String,
    pub(super) text: String,
    pub(super) tone: Tone,
}

/// The page.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Names of the nodes that can be looked at; never empty.
    pub(super) nodes: Vec<String>,
    /// The one that is looked at.
    pub(super) current: usize,
    pub(super) contact: Contact,
    pub(super) info: Option<Info>,
    pub(super) health: Option<Health>,
    pub(super) services: Vec<Service>,
    pub(super) links: Vec<Link>,
    pub(super) containers: Vec<Container>,
    /// Load of one minute in hundredths of what all processors can do, oldest first.
    pub(super) load: VecDeque<u64>,
    /// Memory in use in percent, oldest first.
    pub(super) memory: VecDeque<u64>,
    pub(super) log: VecDeque<Said>,
    pub(super) filter: Filter,
    pub(super) panel: Panel,
    /// How far each panel is scrolled: lists from their top, the log from its end.
    pub(super) scroll: [usize; 4],
    /// A person has seen enough.
    pub(super) quit: bool,
}

impl State {
    pub(super) fn new(nodes: Vec<String>) -> Self {
        Self {
            nodes,
            current: 0,
            contact: Contact::Connecting,
            info: None,
            health: None,
            services: Vec::new(),
            links: Vec::new(),
            containers: Vec::new(),
            load: VecDeque::new(),
            memory: VecDeque::new(),
            log: VecDeque::new(),
            filter: Filter::default(),
            panel: Panel::Services,
            scroll: [0; 4],
            quit: false,
        }
    }

    /// The name of the node that is looked at.
    pub(super) fn name(&self) -> &str {
        self.nodes.get(self.current).map_or("", String::as_str)
    }

    /// Lines of the log that pass the filter, oldest first.
    pub(super) fn lines(&self) -> impl DoubleEndedIterator<Item = &Said> {
        let wanted = self.filter.text.to_lowercase();
        self.log.iter().filter(move |said| said.holds(&wanted))
    }

    /// How many things a panel has to show.
    pub(super) fn length(&self, panel: Panel) -> usize {
        match panel {
            Panel::Services => self.services.len(),
            Panel::Links => self.links.len(),
            Panel::Containers => self.containers.len(),
            Panel::Log => self.lines().count(),
        }
    }

    /// Whether a panel is on the page.
    pub(super) fn shows(&self, panel: Panel) -> bool {
        panel != Panel::Containers || !self.containers.is_empty()
    }
}

impl Said {
    pub(super) fn of_log(line: &LogLine) -> Self {
        Self {
            at: time_of_day(&line.at),
            source: printable(&line.source),
            text: printable(&line.text),
            tone: log_tone(line.level),
        }
    }

    pub(super) fn of_event(event: &Event) -> Self {
        Self {
            at: time_of_day(event.at()),
            source: printable(event.kind()),
            text: event.words(),
            tone: Tone::Plain,
        }
    }

    pub(super) fn lost(lines: u64) -> Self {
        Self {
            at: String::new(),
            source: String::new(),
            text: format!("({lines} lines were lost: this reader was too slow)"),
            tone: Tone::Waiting,
        }
    }

    /// Whether it holds a text in small letters.
    pub(super) fn holds(&self, wanted: &str) -> bool {
        wanted.is_empty()
            || self.text.to_lowercase().contains(wanted)
            || self.source.to_lowercase().contains(wanted)
    }
}

/// `07:36:41` of `2026-11-28T07:36:41.123Z`.
fn time_of_day(moment: &str) -> String {
    moment.split_once('T').and_then(|(_, time)| time.get(..8)).unwrap_or_default().to_owned()
}
