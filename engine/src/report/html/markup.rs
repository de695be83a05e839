//! Text as a page may hold it: nothing that a symbol, a parameter or a log line holds becomes markup.

use crate::report::text::printable;

/// Text between tags or in quotes: what could end it or begin a tag is written as an entity, what
/// could reorder the line as an escape.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A table that scrolls sideways where it is wider than the page.
pub(super) fn scrolled(table: &str) -> String {
    format!("<div class=\"scroll\" tabindex=\"0\">{table}</div>")
}

/// JSON that may stand inside an element of data: no letter that markup knows is left, and it means
/// the same.
pub(super) fn embedded(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let evil = "</script><script>alert(1)</script> <!-- \" ' & \u{202e}";
        assert_eq!(
            escaped(evil),
            "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; &lt;!-- &quot; &#39; &amp; \\u{202e}"
        );
        let json = serde_json::to_string(evil).unwrap();
        let safe = embedded(&json);
        assert!(!safe.contains(['<', '>', '&']));
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), evil);
    }
}
