//! Lays out rows of words as a table for people.

use crate::report::text::{left, printable, width};

/// Columns of a terminal that the table stays within where its words allow that.
const WIDTH: usize = 80;
/// Fewest columns into which the last column is wrapped.
const NARROWEST: usize = 20;

/// Rows with their columns aligned to the left, two spaces apart, no space at a line's end. A last cell
/// that would pass 80 columns goes on below itself; a word (a path, a command to paste) is never cut.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let mut text = String::new();
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| left(cell, *width)).collect();
        let line = line.join("  ");
        let line = line.trim_end();
        let start: usize =
            widths[..row.len().saturating_sub(1)].iter().map(|width| width + 2).sum();
        match row.last() {
            Some(last) if width(line) > WIDTH && start + NARROWEST <= WIDTH => {
                text.push_str(&line[..line.len() - last.trim_end().len()]);
                text.push_str(
                    &folded(last, WIDTH - start).join(&format!("\n{}", " ".repeat(start))),
                );
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

/// `text` split at blanks into lines of at most `columns`; a longer word has a line of its own.
fn folded(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_aligned_and_lines_end_with_their_last_word() {
        let row = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        let text = table(&[row(&["a", "bb", "c"]), row(&["aaa", "b"]), row(&["é", "", "x\ty"])]);
        assert_eq!(text, "a    bb  c\naaa  b\né        x\\ty\n");
    }

    #[test]
    fn a_long_last_cell_goes_on_below_itself_and_no_word_is_cut() {
        let row = |first: &str, last: &str| vec![first.to_owned(), last.to_owned()];
        let words = ["word"; 20].join(" ");
        let path = "/".repeat(90);
        let text = table(&[row("a", &words), row("bcd", &path), row("e", "f")]);
        let line = ["word"; 15].join(" ");
        let rest = ["word"; 5].join(" ");
        assert_eq!(text, format!("a    {line}\n     {rest}\nbcd  {path}\ne    f\n"));
    }
}
