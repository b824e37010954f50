//! What the boots of one system measured, first boots and later ones apart.

use std::fmt;

use super::machine::Measured;
use crate::statistics::Runs;

/// Which boot of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The first one.
    First,
    /// One on a disk that was booted before.
    Later,
}

impl Turn {
    /// Number 0 is the first boot.
    pub fn nth(number: u32) -> Self {
        if number == 0 { Self::First } else { Self::Later }
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::First => "first boot",
            Self::Later => "later boot",
        })
    }
}

/// The figures of one turn.
#[derive(Clone, Default)]
pub struct Boots {
    /// Seconds from kernel start to serving.
    pub kernel: Runs,
    /// Seconds from power-on to serving.
    pub total: Runs,
    /// Bytes in use when containerd served.
    pub memory: Runs,
    /// Bytes in use when idle.
    pub idle: Runs,
    /// Processes of user space.
    pub processes: Runs,
}

impl Boots {
    fn push(&mut self, boot: &Measured) {
        self.kernel.push_value(boot.kernel);
        self.total.push_value(boot.total);
        self.memory.push_value(boot.memory);
        self.processes.push_value(boot.processes);
        if let Some(idle) = boot.idle {
            self.idle.push_value(idle);
        }
    }

    /// The lower of the two figures of memory, so that a peer is not measured at a bad moment.
    pub fn least_memory(&self) -> f64 {
        self.memory.median().min(self.idle.median())
    }
}

/// All figures of a system.
#[derive(Clone)]
pub struct Figures {
    /// Name of the system.
    pub name: String,
    /// First boots.
    pub first: Boots,
    /// Later boots.
    pub later: Boots,
}

impl Figures {
    /// No boot yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), first: Boots::default(), later: Boots::default() }
    }

    /// Adds a boot.
    pub fn push(&mut self, turn: Turn, boot: &Measured) {
        match turn {
            Turn::First => self.first.push(boot),
            Turn::Later => self.later.push(boot),
        }
    }
}
