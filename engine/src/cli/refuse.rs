//! Says in our own form what clap found wrong with the arguments.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::{output::clip, value::Invalid};
use crate::error::{Code, Failure};

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
        ErrorKind::UnknownArgument => format!("there is no option '{}' here", argument(error)),
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

fn invalid_value(error: &Error, command: &str) -> Failure {
    let value = clip(&text(error, ContextKind::InvalidValue));
    let source = std::error::Error::source(error);
    let argument = argument(error);
    match source.map(|source| (source.downcast_ref::<Invalid>(), source)) {
        Some((Some(Invalid { reason, help }), _)) => {
            Failure::new(Code::Usage, format!("{argument} '{value}': {reason}")).help(help.clone())
        }
        // The rooms' own errors name the value themselves.
        Some((None, source)) if source.to_string().contains(&value) => {
            Failure::new(Code::Usage, format!("{argument}: {source}"))
                .help(format!("{command} --help"))
        }
        Some((None, source)) => {
            Failure::new(Code::Usage, format!("{argument} '{value}': {source}"))
                .help(format!("{command} --help"))
        }
        None => Failure::new(Code::Usage, format!("{argument} '{value}' is not valid"))
            .help(format!("{command} --help")),
    }
}

/// What would have been right: a similar name, the valid values, or where to read them.
fn hint(error: &Error, command: &str) -> String {
    let suggestions =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let similar =
        suggestions.into_iter().map(|kind| text(error, kind)).find(|text| !text.is_empty());
    if let Some(similar) = similar {
        return format!("did you mean '{similar}'? {command} --help lists what is valid");
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
