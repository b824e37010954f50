//! Names of kernel settings.

use crate::word::{Rule, Word};

/// The rule of a [`SysctlKey`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SysctlRule {}

impl Rule for SysctlRule {
    const NAME: &'static str = "SysctlKey";
    const EXPECTED: &'static str = "a kernel setting, for example `kernel.dmesg_restrict`";
    const FIRST: &'static str = "a-z";
    const REST: &'static str = "A-Za-z0-9_./-";
    const MAX: usize = 256;

    fn fits(text: &str) -> bool {
        // As sysctl(8) has it, the first separator decides which of the two it is.
        let slash = text.find('/').unwrap_or(usize::MAX) < text.find('.').unwrap_or(usize::MAX);
        let mut parts = text.split(if slash { '/' } else { '.' });
        text.contains(['.', '/']) && parts.all(|part| !matches!(part, "" | "." | ".."))
    }
}

/// Name of a kernel setting below `/proc/sys`, as sysctl(8) writes it: `kernel.dmesg_restrict`.
pub type SysctlKey = Word<SysctlRule>;

impl SysctlKey {
    /// The setting's path below `/proc/sys`: `kernel/dmesg_restrict`.
    pub fn path(&self) -> String {
        let swap = |c| match c {
            '.' => '/',
            '/' => '.',
            other => other,
        };
        let text = self.as_str();
        let dots = text.find('.').unwrap_or(usize::MAX) < text.find('/').unwrap_or(usize::MAX);
        if dots { text.chars().map(swap).collect() } else { text.to_string() }
    }
}
