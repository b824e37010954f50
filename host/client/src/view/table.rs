//! Tables: columns that line up, as wide as they need to be, or as the terminal is.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar as _;

/// Between two columns.
const GAP: &str = "  ";

/// No column of text is cut to fewer letters than this while there is another way.
const LEAST: usize = 8;

/// The same for the first columns, which say what a row is about.
const LEAST_OF_NAMES: usize = 16;

/// Stands where something was cut off.
const CUT: char = '…';

/// The same for the last column, which holds sentences and command lines.
const LEAST_OF_SENTENCES: usize = 24;

/// What is shown is this wide, or has no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Letters of a line of a terminal.
    Letters(usize),
    /// For a file or another program: nothing is cut.
    Unlimited,
}

impl Width {
    /// Letters to draw in where something has to be chosen: 80 where there is no limit.
    pub fn letters(self) -> usize {
        match self {
            Self::Letters(letters) => letters,
            Self::Unlimited => 80,
        }
    }
}

/// How good or bad a state is. It is shown as a colour, never as a colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to say about it.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Not there yet, or worth a look.
    Waiting,
    /// Wrong.
    Bad,
    /// Of less interest than the rest.
    Faint,
}

impl Tone {
    /// The colours of a terminal for it.
    pub fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Waiting => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }

    /// The text in this tone.
    pub fn paint(self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let style = self.style();
        format!("{style}{text}{style:#}")
    }
}

/// One place of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// What stands there: one line.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
}

impl Cell {
    /// A text in a tone.
    pub fn of(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::of(text, Tone::Plain)
    }
}

/// To which side the texts of a column are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// What happens to a column where a terminal is too narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// It stays.
    Needed,
    /// It is left out before others are cut beyond recognition.
    Spare,
}

/// A title and the side of a column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    title: &'static str,
    side: Side,
    need: Need,
}

/// A column of text, which may be cut.
pub const fn text(title: &'static str) -> Column {
    Column { title, side: Side::Left, need: Need::Needed }
}

/// A column of numbers, which line up at their right and are never cut: a number that is cut is another one.
pub const fn number(title: &'static str) -> Column {
    Column { title, side: Side::Right, need: Need::Needed }
}

impl Column {
    /// The same column, left out where a terminal is too narrow.
    pub const fn spare(self) -> Self {
        Self { need: Need::Spare, ..self }
    }
}

/// Rows of cells below titles.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self { columns: columns.into(), rows: Vec::new() }
    }

    /// Adds a row. It has a cell for each column.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The same with a column before the others that holds a text.
    #[must_use]
    pub fn below(mut self, title: &'static str, name: &str) -> Self {
        self.columns.insert(0, text(title));
        for row in &mut self.rows {
            row.insert(0, Cell::from(name));
        }
        self
    }

    /// Puts the rows of another table with the same columns behind these.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// Whether it has rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text, each line with its end. Columns that are empty in every row are left out.
    pub fn render(&self, width: Width) -> String {
        let used: Vec<usize> = (0..self.columns.len())
            .filter(|at| {
                *at == 0
                    || self.rows.is_empty()
                    || self.rows.iter().any(|row| row.get(*at).is_some_and(|cell| !cell.text.is_empty()))
            })
            .collect();
        let (used, widths) = self.fitted(used, width);
        let mut out = String::new();
        let titles: Vec<Cell> =
            self.columns.iter().map(|column| Cell::of(column.title, Tone::Faint)).collect();
        for row in std::iter::once(&titles).chain(&self.rows) {
            let mut line = String::new();
            for (place, (at, width)) in used.iter().zip(&widths).enumerate() {
                let last = place + 1 == used.len();
                let empty = Cell::default();
                let cell = row.get(*at).unwrap_or(&empty);
                let text = cut(&cell.text, *width);
                let pad = " ".repeat(width.saturating_sub(length(&text)));
                let painted = cell.tone.paint(&text);
                match self.columns[*at].side {
                    Side::Right => line.extend([&pad, &painted].map(String::as_str)),
                    Side::Left if last => line.push_str(&painted),
                    Side::Left => line.extend([&painted, &pad].map(String::as_str)),
                }
                if !last {
                    line.push_str(GAP);
                }
            }
            let _ = writeln!(out, "{}", line.trim_end());
        }
        out
    }

    /// Which columns are shown and how wide: as their widest text where there is room. Else columns of text are cut,
    /// the widest first; where that is not enough spare columns are left out, the last first.
    fn fitted(&self, mut used: Vec<usize>, width: Width) -> (Vec<usize>, Vec<usize>) {
        let widest = |at: &usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(*at)).map(|cell| length(&cell.text));
            cells.chain([length(self.columns[*at].title)]).max().unwrap_or_default()
        };
        let Width::Letters(letters) = width else {
            let widths = used.iter().map(widest).collect();
            return (used, widths);
        };
        loop {
            let room = letters.saturating_sub(GAP.len() * used.len().saturating_sub(1));
            let mut widths: Vec<usize> = used.iter().map(widest).collect();
            let least: Vec<usize> =
                used.iter().zip(&widths).map(|(at, width)| self.least(*at, *width)).collect();
            if least.iter().sum::<usize>() <= room {
                shrink(&mut widths, &least, room);
                return (used, widths);
            }
            if let Some(place) = used.iter().rposition(|at| self.columns[*at].need == Need::Spare) {
                used.remove(place);
                continue;
            }
            // Too narrow for anything sensible.
            let none = vec![1; widths.len()];
            shrink(&mut widths, &least, room);
            shrink(&mut widths, &none, room);
            return (used, widths);
        }
    }

    /// How narrow a column can become.
    fn least(&self, at: usize, widest: usize) -> usize {
        match self.columns[at].side {
            Side::Right => widest,
            Side::Left if at < 2 => widest.min(LEAST_OF_NAMES),
            Side::Left if at + 1 == self.columns.len() => widest.min(LEAST_OF_SENTENCES),
            Side::Left => widest.min(LEAST),
        }
    }
}

/// Takes letters off the widest columns, down to what each has to have, until they fit.
fn shrink(widths: &mut [usize], least: &[usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let can = widths.iter_mut().zip(least).filter(|(width, least)| **width > **least);
        let Some((most, _)) = can.max_by_key(|(width, _)| **width) else { break };
        *most -= 1;
    }
}

/// Columns of a terminal that a text takes.
pub(crate) fn length(text: &str) -> usize {
    text.chars().map(columns).sum()
}

fn columns(letter: char) -> usize {
    letter.width().unwrap_or_default()
}

/// A text of at most so many columns, with a mark where some letters are missing.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |letter: &char| {
        let fits = columns(*letter) <= room;
        room = room.saturating_sub(columns(*letter));
        fits
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push(CUT);
    kept
}

/// A text without what would move a terminal's cursor or change its colours: what a node sends is not ours.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|letter| if matches!(letter, '\t' | '\n') { ' ' } else { letter }).map(visible).collect()
}

fn visible(letter: char) -> char {
    // Besides control characters: marks that change the direction of what follows.
    let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if letter.is_control() || turns { char::REPLACEMENT_CHARACTER } else { letter }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn table() -> Table {
        let mut table = Table::new([text("NAME"), number("SIZE"), text("EMPTY"), text("FOUND")]);
        table.row([
            "containerd".into(),
            "7".into(),
            "".into(),
            "it answers in a rather long sentence".into(),
        ]);
        table.row(["a".into(), "123".into(), "".into(), Cell::of("no", Tone::Bad)]);
        table
    }

    #[test]
    fn columns_line_up_and_empty_ones_are_left_out() {
        insta::assert_snapshot!(plain(&table().render(Width::Unlimited)));
    }

    #[test]
    fn a_terminal_cuts_the_widest_column() {
        insta::assert_snapshot!(plain(&table().below("NODE", "lab").render(Width::Letters(40))));
    }

    #[test]
    fn what_a_node_sends_does_not_move_the_cursor() {
        assert_eq!(printable("a\u{1b}[31mb\r\nc\td\u{202e}"), "a�[31mb� c d�");
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_the_terminal(
            rows in proptest::collection::vec(proptest::collection::vec("[a-zä日]{0,40}", 3), 0..5), width in 28usize..120,
        ) {
            let mut table = Table::new([text("A"), number("B"), text("C")]);
            for row in rows {
                table.row(row.into_iter().map(Cell::from));
            }
            let text = plain(&table.render(Width::Letters(width)));
            prop_assert!(text.lines().all(|line| length(line) <= width), "{}", text);
        }
    }
}
