//! Says in our own form what clap found wrong with the arguments.

use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::{
    output::clip,
    value::{self, Invalid},
};
use crate::error::{Code, Failure};

/// How alike two names must be (Jaro-Winkler, 0 to 1) for one to be meant by the other.
const ALIKE: f64 = 0.75;

/// The refusal in one line, with a hint that works when pasted; `command` is what was being read.
pub(crate) fn failure_of(error: &Error, command: &str) -> Failure {
    let message = match error.kind() {
        ErrorKind::ValueValidation => return invalid_value(error, command),
        ErrorKind::InvalidValue if text(error, ContextKind::InvalidValue).is_empty() => {
            format!("{} needs a value", argument(error))
        }
        ErrorKind::InvalidValue => {
            format!(
                "{}: '{}' is not valid",
                argument(error),
                clip(&text(error, ContextKind::InvalidValue))
            )
        }
        ErrorKind::UnknownArgument => unknown(&argument(error)),
        ErrorKind::InvalidSubcommand => {
            format!("there is no command '{}'", clip(&text(error, ContextKind::InvalidSubcommand)))
        }
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "no command is given".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("missing: {}", argument(error)),
        ErrorKind::ArgumentConflict => {
            let other = text(error, ContextKind::PriorArg);
            format!("{} cannot be combined with {other}", argument(error))
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8 text".to_owned(),
        _ => first_paragraph(error),
    };
    Failure::new(Code::Usage, message).help(hint(error, command))
}

/// A word that is neither an option nor asked for.
fn unknown(word: &str) -> String {
    let is_option = word.starts_with('-') && word.parse::<f64>().is_err();
    if is_option {
        format!("there is no option '{word}' here")
    } else {
        format!("'{word}' is a word too many here")
    }
}

fn invalid_value(error: &Error, command: &str) -> Failure {
    let value = clip(&text(error, ContextKind::InvalidValue));
    let argument = argument(error);
    let usage = |message: String| Failure::new(Code::Usage, message);
    let valid = format!("{command} --help");
    let Some(source) = std::error::Error::source(error) else {
        return usage(format!("{argument} '{value}' is not valid")).help(valid);
    };
    if let Some(Invalid { reason, help }) = source.downcast_ref() {
        let option = argument.split(' ').next().unwrap_or_default();
        return usage(format!("{argument} '{value}': {reason}")).help(help.replacen(
            value::OPTION,
            option,
            1,
        ));
    }
    let said = source.to_string();
    if let Some(reason) = no_number(source, &said, &value) {
        return usage(format!("{argument} '{value}' {reason}")).help(valid);
    }
    let help = match meant(&value, &said) {
        Some(near) => format!("did you mean '{near}'? {valid}"),
        None => valid,
    };
    // The rooms' own errors name the value themselves.
    let names_it = said.contains(&value);
    let value = if names_it { String::new() } else { format!(" '{value}'") };
    usage(format!("{argument}{value}: {said}")).help(help)
}

/// Why a value is no number of its kind, in our own words.
fn no_number(
    source: &(dyn std::error::Error + 'static),
    said: &str,
    value: &str,
) -> Option<String> {
    if let Some(error) = source.downcast_ref::<ParseIntError>() {
        let is_negative = value.strip_prefix('-').is_some_and(|rest| rest.parse::<u64>().is_ok());
        let reason = match error.kind() {
            IntErrorKind::PosOverflow => "is too large",
            IntErrorKind::NegOverflow => "is too small",
            IntErrorKind::Zero => "is not above zero",
            _ if is_negative => "is below zero",
            _ => "is not a whole number",
        };
        return Some(reason.to_owned());
    }
    let bounds = said.strip_prefix(value)?.strip_prefix(" is not in ")?;
    let (first, last) = bounds.split_once("..=")?;
    Some(format!("is not from {first} to {last}"))
}

/// The name that was probably meant, of those that a refusal lists as valid.
fn meant(value: &str, refusal: &str) -> Option<String> {
    let (_, valid) = refusal.split_once("valid: ")?;
    near(value, valid.split([',', ' '])).map(str::to_owned)
}

/// The known name that is most like `name`, when one is like it.
pub(crate) fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = |other: &str| strsim::jaro_winkler(name, other);
    let best = known.into_iter().max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(best) >= ALIKE).then_some(best)
}

/// What would have been right: a similar name, the valid values, or where to read them.
fn hint(error: &Error, command: &str) -> String {
    let suggestions =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let similar =
        suggestions.into_iter().map(|kind| text(error, kind)).find(|text| !text.is_empty());
    if let Some(similar) = similar {
        return format!("did you mean '{similar}'? {command} --help");
    }
    for kind in [ContextKind::ValidValue, ContextKind::ValidSubcommand] {
        let valid = text(error, kind);
        if !valid.is_empty() {
            return format!("valid: {valid}");
        }
    }
    format!("{command} --help")
}

fn argument(error: &Error) -> String {
    clip(&text(error, ContextKind::InvalidArg))
}

fn text(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        Some(ContextValue::StyledStrs(texts)) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn first_paragraph(error: &Error) -> String {
    let text = error.render().to_string();
    let text = text.trim_start_matches("error: ");
    let lines: Vec<&str> =
        text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    clip(&lines.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_is_known_by_what_is_valid() {
        let refusal = "'nxt_open' is no fill model; valid: next_open, same_close, next_close";
        assert_eq!(meant("nxt_open", refusal).as_deref(), Some("next_open"));
        assert_eq!(meant("shrp", "valid: sharpe sortino").as_deref(), Some("sharpe"));
        assert_eq!(meant("xyz", "valid: sharpe sortino"), None);
        assert_eq!(near("slw", ["fast", "slow"]), Some("slow"));
    }

    #[test]
    fn a_word_that_looks_like_no_option_is_not_called_one() {
        assert_eq!(unknown("--jsn"), "there is no option '--jsn' here");
        assert!(!unknown("-1").contains("option") && !unknown("backtest").contains("option"));
    }
}
