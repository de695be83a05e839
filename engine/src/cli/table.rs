//! Lays out rows of words as a table for people.

use super::output::visible;

/// Rows with their columns aligned to the left, two spaces apart, no space at a line's end.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| visible(cell).replace('\n', " ")).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let line: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
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
        assert_eq!(text, "a    bb  c\naaa  b\né        x\\u{9}y\n");
    }
}
