//! What was done, where a node answers little more than that it was.

use serde::Serialize;

use super::output::View;
use super::table::{Table, Width, text};

/// Something was done, or began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    boot_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<u64>,
}

impl Done {
    /// What was done, as a sentence without its end.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), boot_id: None, generation: None }
    }

    /// The same, with the start of the node that it ended.
    #[must_use]
    pub fn of_start(self, boot_id: String) -> Self {
        Self { boot_id: Some(boot_id), ..self }
    }

    /// The same, with the number of a configuration.
    #[must_use]
    pub fn of_generation(self, generation: u64) -> Self {
        Self { generation: Some(generation), ..self }
    }
}

impl View for Done {
    fn table(&self) -> Table {
        let mut table = Table::new([text("DONE")]);
        table.row([self.what.as_str().into()]);
        table
    }

    fn alone(&self, _width: Width) -> String {
        format!("{}\n", self.what)
    }
}
