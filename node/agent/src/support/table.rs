//! Lists as text that is aligned, one entry a line.

/// Columns with their names, and rows. What would end a line in a cell is written as an escape. The last column is
/// not padded.
pub fn table<const N: usize>(names: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut lines: Vec<[String; N]> = vec![names.map(String::from)];
    lines.extend(rows.into_iter().map(|row| row.map(|cell| one_line(&cell))));
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for line in &lines {
        let start = out.len();
        for (cell, width) in line.iter().zip(widths) {
            out.push_str(cell);
            let blanks = width.saturating_sub(cell.chars().count()) + 2;
            out.extend(std::iter::repeat_n(' ', blanks));
        }
        out.truncate(start + out.get(start..).unwrap_or_default().trim_end().len());
        out.push('\n');
    }
    out
}

/// `name: value` lines; what would end a line is escaped.
pub fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let line = |(name, value): (&str, String)| format!("{name}: {}\n", one_line(&value));
    pairs.into_iter().map(line).collect()
}

fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

#[test]
fn columns_are_aligned_and_rows_are_lines() {
    let text = table(["a", "long"], [["é".into(), "x\ny".into()], ["abc".into(), String::new()]]);
    assert_eq!(text, "a    long\né    x\\ny\nabc\n");
}
