//! Whether a node is healthy, and what was looked at.

use corten_api::v1;
use serde::Serialize;

use super::output::View;
use super::table::{Cell, Table, Tone, Width, printable, text};
use super::units::time;

/// How something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Healthy,
    /// Not as it should be.
    Unhealthy,
    /// Not known yet.
    Pending,
}

impl Verdict {
    fn of(verdict: v1::Verdict) -> Self {
        match verdict {
            v1::Verdict::Healthy => Self::Healthy,
            v1::Verdict::Unhealthy => Self::Unhealthy,
            v1::Verdict::Pending | v1::Verdict::Unspecified => Self::Pending,
        }
    }

    /// The word for it, in its tone.
    pub fn cell(self) -> Cell {
        match self {
            Self::Healthy => Cell::of("healthy", Tone::Good),
            Self::Unhealthy => Cell::of("unhealthy", Tone::Bad),
            Self::Pending => Cell::of("pending", Tone::Waiting),
        }
    }
}

/// The health of a node. Fields are those of `corten.v1.HealthResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    pub(crate) verdict: Verdict,
    pub(crate) checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    pub(crate) found: String,
    pub(crate) at: String,
}

impl Health {
    /// What all checks together say.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The checks that are not healthy, `name: what was found`.
    pub fn complaints(&self) -> impl Iterator<Item = String> {
        // What is wrong before what is only not known yet.
        let of = |verdict| self.checks.iter().filter(move |check| check.verdict == verdict);
        of(Verdict::Unhealthy)
            .chain(of(Verdict::Pending))
            .map(|check| printable(&format!("{}: {}", check.name, check.found)))
    }
}

impl From<v1::HealthResponse> for Health {
    fn from(response: v1::HealthResponse) -> Self {
        let check = |check: v1::Check| Check {
            verdict: Verdict::of(check.verdict()),
            name: check.name,
            found: check.found,
            at: time(check.at_ns),
        };
        Self {
            verdict: Verdict::of(response.verdict()),
            checks: response.checks.into_iter().map(check).collect(),
        }
    }
}

impl View for Health {
    fn table(&self) -> Table {
        let mut table = Table::new([text("CHECK"), text("VERDICT"), text("FOUND"), text("AT").spare()]);
        for check in &self.checks {
            table.row([
                printable(&check.name).into(),
                check.verdict.cell(),
                printable(&check.found).into(),
                check.at.as_str().into(),
            ]);
        }
        table
    }

    fn alone(&self, width: Width) -> String {
        let verdict = self.verdict.cell();
        let verdict = verdict.tone.paint(&verdict.text);
        if self.checks.is_empty() {
            verdict + "\n"
        } else {
            format!("{verdict}\n\n{}", self.table().render(width))
        }
    }

    /// A row a node, since one does not look through the checks of many; then those that are not as they should be.
    fn several(all: &[(&crate::contexts::NodeName, &Self)], width: Width) -> String {
        let mut table = Table::new([text("NODE"), text("VERDICT"), text("NOT HEALTHY")]);
        for (name, health) in all {
            let complaints: Vec<_> = health.complaints().collect();
            table.row([name.as_str().into(), health.verdict.cell(), complaints.join("; ").into()]);
        }
        table.render(width)
    }
}
