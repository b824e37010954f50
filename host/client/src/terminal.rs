//! What there is to draw on.

use std::io::IsTerminal as _;

use crate::view::Width;

/// How wide a line of standard output may be: as the terminal, if it is one.
pub fn width() -> Width {
    let terminal = std::io::stdout().is_terminal();
    match crossterm::terminal::size() {
        Ok((columns, _)) if terminal && columns > 0 => Width::Letters(usize::from(columns)),
        _ => Width::Unlimited,
    }
}

/// How many lines standard output has, if it is a terminal.
pub fn height() -> Option<usize> {
    let terminal = std::io::stdout().is_terminal();
    let (_, rows) = crossterm::terminal::size().ok().filter(|_| terminal)?;
    (rows > 0).then_some(usize::from(rows))
}
