//! Counters and gauges of a node, in the text form that monitoring systems read.

use std::fmt::Write as _;

use corten_api::v1;
use serde::Serialize;

use super::output::View;
use super::table::{Table, Width, text};
use crate::contexts::NodeName;

/// Metrics as OpenMetrics writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metrics {
    text: String,
}

impl From<v1::GetMetricsResponse> for Metrics {
    fn from(response: v1::GetMetricsResponse) -> Self {
        Self { text: response.text }
    }
}

impl View for Metrics {
    fn table(&self) -> Table {
        let mut table = Table::new([text("METRICS")]);
        self.text.lines().for_each(|line| table.row([line.into()]));
        table
    }

    /// As it came, so that it can be given to a program.
    fn alone(&self, _width: Width) -> String {
        self.text.lines().fold(String::new(), |out, line| out + &super::table::printable(line) + "\n")
    }

    fn several(all: &[(&NodeName, &Self)], width: Width) -> String {
        let mut out = String::new();
        for (name, metrics) in all {
            let _ = write!(out, "# node {name}\n{}", metrics.alone(width));
        }
        out
    }
}
