//! Takes secrets out of text on its way to a terminal or a log file.
//!
//! The rooms already leave secrets out of what they say; this is the last gate, for the words of
//! libraries and servers that pass through us.

use std::borrow::Cow;

/// The text with passwords of addresses (`scheme://user:secret@host`) and of `password=secret`
/// pairs replaced by `***`.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if text.contains("://") {
        text = Cow::Owned(without_user_secrets(&text));
    }
    if contains_key(&text) {
        text = Cow::Owned(without_pair_secrets(&text));
    }
    text
}

const KEYS: [&str; 3] = ["password=", "sslpassword=", "passfile="];

fn contains_key(text: &str) -> bool {
    text.to_ascii_lowercase().contains(KEYS[0]) || text.to_ascii_lowercase().contains(KEYS[2])
}

/// Whether an address or a value ends here.
fn ends(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>')
}

fn without_user_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let address = &after[..after.find(ends).unwrap_or(after.len())];
        // A secret may hold a bare '/', '?' or '@' that its writer forgot to escape.
        match address.rfind('@').map(|end| (&address[..end], end)) {
            Some((user, end)) if user.contains(':') => {
                out.push_str(user.split(':').next().unwrap_or_default());
                out.push_str(":***");
                rest = &after[end..];
            }
            _ => rest = after,
        }
    }
    out.push_str(rest);
    out
}

fn without_pair_secrets(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    while let Some((at, key)) = KEYS
        .iter()
        .filter_map(|key| lower[done..].find(key).map(|at| (done + at, key)))
        .min_by_key(|(at, _)| *at)
    {
        let value = at + key.len();
        out.push_str(&text[done..value]);
        out.push_str("***");
        let stop = |c: char| ends(c) || matches!(c, '&' | ',' | ';');
        done = text[value..].find(stop).map_or(text.len(), |length| value + length);
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_of_addresses_and_pairs_are_masked_and_the_rest_stays() {
        let cases = [
            ("no address at all", "no address at all"),
            ("sqlite://data/a.db", "sqlite://data/a.db"),
            ("at postgres://u:s3cret@h:5432/d now", "at postgres://u:***@h:5432/d now"),
            ("postgres://u:a@b:c@h/d", "postgres://u:***@h/d"),
            ("postgres://u:a/b@h/d", "postgres://u:***@h/d"),
            ("postgres://u@h/d?password=s3cret&x=1", "postgres://u@h/d?password=***&x=1"),
            ("postgres://h/d?x=1&Password=s3c", "postgres://h/d?x=1&Password=***"),
            (
                "\"postgres://u:s@h\" and 'http://x:y@z'",
                "\"postgres://u:***@h\" and 'http://x:***@z'",
            ),
            ("host=h password=abc user=u", "host=h password=*** user=u"),
        ];
        for (text, expected) in cases {
            assert_eq!(redact(text), expected);
        }
    }
}
