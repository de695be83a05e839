//! Text that comes from a user, a file or a strategy, made safe to show.
//!
//! A symbol or a log line can hold anything. Before it meets a terminal or a picture, whatever could
//! move a cursor, change a colour or reorder the line is written out as an escape.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` with control characters, line ends, and invisible or reordering characters as escapes.
///
/// `\x1b[31m` becomes `\u{1b}[31m`, a line end `\n`; letters of every script stay as they are.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_unsafe(letter) { safe.extend(letter.escape_default()) } else { safe.push(letter) }
    }
    safe
}

/// JSON text with the characters that [`printable`] writes out as JSON escapes, so that it means the same.
///
/// JSON itself only asks for that below U+0020.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    let mut units = [0; 2];
    for letter in json.chars() {
        if letter != '\n' && is_unsafe(letter) {
            for unit in letter.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// [`printable`], cut to at most `columns` display columns; a cut is marked with `...`.
#[must_use]
pub fn fitted(text: &str, columns: usize) -> String {
    let safe = printable(text);
    if width(&safe) <= columns {
        return safe;
    }
    let mut cut = String::new();
    let mut used = 3;
    for letter in safe.chars() {
        used += letter.width().unwrap_or(0);
        if used > columns {
            break;
        }
        cut.push(letter);
    }
    cut.push_str(&"..."[..columns.min(3)]);
    cut
}

/// Columns that `text` takes on a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text` with blanks after it up to `columns`.
#[must_use]
pub fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `text` with blanks before it up to `columns`.
#[must_use]
pub fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Splits `text` at blanks into lines of at most `columns`; a longer word is cut.
#[must_use]
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = fitted(word, columns);
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(&word) <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// Controls, line and paragraph separators, zero-width and direction-changing characters.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(printable("\u{1b}[31mred\u{7}"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(printable("a\r\nb\tc\0"), "a\\r\\nb\\tc\\u{0}");
        assert_eq!(printable("\u{202e}evil\u{9b}2J"), "\\u{202e}evil\\u{9b}2J");
        assert_eq!(printable("Zürich 東京 <script>"), "Zürich 東京 <script>");
    }

    #[test]
    fn json_stays_the_same_value_without_letters_that_steer_a_terminal() {
        let text = "\u{1b}[1m \u{9b}2J \u{202e} \u{7f} \u{e0041} é\n";
        let json = serde_json::to_string(text).unwrap();
        let safe = printable_json(&json);
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        assert_eq!(safe, "\"\\u001b[1m \\u009b2J \\u202e \\u007f \\udb40\\udc41 é\\n\"");
    }

    #[test]
    fn text_is_cut_padded_and_wrapped_by_display_columns() {
        assert_eq!(width("東京"), 4);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(fitted("abcdefgh", 6), "abc...");
        assert_eq!(fitted("abcdef", 6), "abcdef");
        assert_eq!(fitted("東京東京", 7), "東京...");
        assert_eq!(fitted("abc", 2), "..");
        assert_eq!(left("東", 4), "東  ");
        assert_eq!(right("ab", 4), "  ab");
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
    }
}
