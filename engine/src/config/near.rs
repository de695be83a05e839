//! What was probably meant by a key that there is not.

/// How alike two names must be (Jaro-Winkler, 0 to 1) for one to be meant by the other.
const ALIKE: f64 = 0.75;

/// The known name that is most like `name`, when one is like it.
pub(super) fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |other: &&str| strsim::jaro_winkler(name, other);
    let best = known.into_iter().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(&best) >= ALIKE).then_some(best)
}

/// A refusal of the reader of TOML, with what was probably meant by a key that it does not know.
pub(super) fn with_hint(message: &str) -> String {
    let message = message.replace('\n', ", ");
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.starts_with("unknown field"), quoted.next()) {
        (true, Some(name)) => match meant(name, quoted) {
            Some(near) => format!("{message}; did you mean `{near}`?"),
            None => message,
        },
        _ => message,
    }
}
