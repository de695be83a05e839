//! Lays out rows of words as a table for people.

use crate::report::text::{left, printable, width};

/// Rows with their columns aligned to the left, two spaces apart, no space at a line's end.
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
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
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
}
