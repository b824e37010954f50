//! `corten node stats`.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::ops::ControlFlow;

use anyhow::Result;
use corten_client::contexts::NodeName;
use corten_client::follow::{self, End};
use corten_client::terminal;
use corten_client::view::{Output, Usage, View, complaint, entry, reach};

use super::super::session::{exit, nodes};
use crate::arguments::NodeOptions;
use crate::exit::Exit;
use crate::output::put;

/// Runs the command.
pub async fn stats(workload: &str, once: bool, options: &NodeOptions) -> Result<Exit> {
    let nodes = nodes(options)?;
    let (several, end) = (nodes.len() > 1, if once { End::Stop } else { End::Follow });
    let redraws = !once && std::io::stdout().is_terminal();
    let mut page = Page { several, redraws, of: BTreeMap::new(), lines: 0 };
    let reader = |node: &NodeName, usage: Usage| {
        let text = match options.output {
            // Those that are asked once are shown together when all have answered.
            Output::Table if once => {
                page.of.insert(node.clone(), usage);
                return ControlFlow::Continue(());
            }
            Output::Table => page.after(node, usage),
            form => entry(node, &usage, form),
        };
        match put(&text) {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) | Err(_) => ControlFlow::Break(()),
        }
    };
    let answers = follow::stats(nodes, workload.to_owned(), end, reader).await;
    if once && options.output == Output::Table && !page.of.is_empty() {
        put(&page.table())?;
    }
    for answer in &answers {
        if let Err(error) = &answer.result {
            anstream::eprint!("{}", complaint(&answer.node, error));
        }
    }
    Ok(exit(reach(&answers)))
}

/// What is on the terminal.
struct Page {
    several: bool,
    redraws: bool,
    /// What each node said last.
    of: BTreeMap<NodeName, Usage>,
    /// Lines that were drawn last.
    lines: usize,
}

impl Page {
    fn table(&self) -> String {
        let all: Vec<_> = self.of.iter().collect();
        match all.as_slice() {
            [(_, only)] if !self.several => only.alone(terminal::width()),
            all => Usage::several(all, terminal::width()),
        }
    }

    /// What is printed once a node has said something: on a terminal in the place of what was there.
    fn after(&mut self, node: &NodeName, usage: Usage) -> String {
        if !self.redraws {
            // The rows of this node, as lines that another program reads.
            let one = Self { of: BTreeMap::from([(node.clone(), usage)]), ..*self };
            return one.table() + "\n";
        }
        self.of.insert(node.clone(), usage);
        let table = cut(&self.table(), terminal::height());
        let before = std::mem::replace(&mut self.lines, table.lines().count());
        redrawn(before, &table)
    }
}

/// As many lines as fit: one that has left the page at its top can't be drawn over any more.
fn cut(table: &str, height: Option<usize>) -> String {
    let room = height.map_or(usize::MAX, |height| height.saturating_sub(1));
    if table.lines().count() <= room {
        return table.to_owned();
    }
    let shown = room.saturating_sub(1);
    let kept: String = table.split_inclusive('\n').take(shown).collect();
    format!("{kept}({} more)\n", table.lines().count() - shown)
}

/// A text in the place of so many lines above the cursor.
fn redrawn(lines: usize, text: &str) -> String {
    let up = if lines > 0 { format!("\u{1b}[{lines}A\r\u{1b}[J") } else { String::new() };
    up + text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_drawn_over_the_one_before_and_fits() {
        assert_eq!(redrawn(0, "a\n"), "a\n");
        assert_eq!(redrawn(3, "a\n"), "\u{1b}[3A\r\u{1b}[Ja\n");
        let table = "a\nb\nc\nd\n";
        assert_eq!(cut(table, None), table);
        assert_eq!(cut(table, Some(5)), table);
        assert_eq!(cut(table, Some(4)), "a\nb\n(2 more)\n");
        assert_eq!(cut(table, Some(0)), "(4 more)\n");
    }
}
