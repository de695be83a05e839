//! Defaults for the rules of a backtest: `[backtest]` for every strategy, `[strategies.NAME.backtest]` for
//! one. Keys are the names of the options with `_` for `-`; what an option says wins.

use std::{collections::BTreeMap, ops::Range, str::FromStr};

use engine_core::broker::{Account, Commission, FillModel, LimitTouch, Slippage};
use toml::Spanned;

/// A default as it would be written after its option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDefault {
    /// The value, valid for its key.
    pub value: String,
    /// 1-based line of the file.
    pub line: usize,
}

/// Defaults by key.
pub type RuleDefaults = BTreeMap<String, RuleDefault>;

/// What a value must be.
#[derive(Clone, Copy)]
enum Form {
    Fill,
    Commission,
    Slippage,
    LimitTouch,
    Account,
    /// A number within these bounds, the lower one excluded or not.
    Above(f64),
    From(f64, f64),
    Count,
    Truth,
}

/// Every key and the form of its value.
const KEYS: [(&str, Form); 16] = [
    ("cash", Form::Above(0.0)),
    ("fill", Form::Fill),
    ("commission", Form::Commission),
    ("slippage", Form::Slippage),
    ("limit_touch", Form::LimitTouch),
    ("optimistic", Form::Truth),
    ("account", Form::Account),
    ("margin_rate", Form::From(0.0, 1.0)),
    ("borrow_fee", Form::From(0.0, 1.0)),
    ("actions", Form::Truth),
    ("max_gross", Form::Above(0.0)),
    ("max_net", Form::Above(0.0)),
    ("max_weight", Form::Above(0.0)),
    ("max_orders", Form::Count),
    ("rf", Form::From(-0.999, 1.0)),
    ("fractional", Form::Truth),
];

/// Keys and values as the file has them.
pub(super) type RawRules = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

/// The defaults of a table; `line_of` tells the line of a byte.
///
/// # Errors
/// The place and the reason of the first key or value that cannot be.
pub(super) fn read(
    raw: RawRules,
    line_of: impl Fn(usize) -> usize,
) -> Result<RuleDefaults, (Range<usize>, String)> {
    let mut defaults = RuleDefaults::new();
    for (key, value) in raw {
        let (at, span) = (key.span(), value.span());
        let name = key.into_inner();
        let Some((_, form)) = KEYS.iter().find(|(known, _)| *known == name) else {
            return Err((at, unknown(&name)));
        };
        let value = text(value.into_inner());
        let value = value.map_err(|kind| format!("a {kind} is not valid here"));
        let checked = value.and_then(|value| check(*form, &value).map(|()| value));
        let value = checked.map_err(|reason| (span, format!("{name}: {reason}")))?;
        defaults.insert(name, RuleDefault { value, line: line_of(at.start) });
    }
    Ok(defaults)
}

fn unknown(name: &str) -> String {
    let known: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
    let valid = known.join(", ");
    let name = name.escape_debug();
    super::near::meant(&name.to_string(), known).map_or_else(
        || format!("unknown key '{name}'; valid: {valid}"),
        |near| format!("unknown key '{name}', did you mean '{near}'? valid: {valid}"),
    )
}

/// A number, true, false or text as text; the error is what another value is called.
pub(super) fn text(value: toml::Value) -> Result<String, &'static str> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::Boolean(truth) => Ok(truth.to_string()),
        other => Err(other.type_str()),
    }
}

fn check(form: Form, text: &str) -> Result<(), String> {
    fn read<T: FromStr>(text: &str) -> Result<(), String>
    where
        T::Err: ToString,
    {
        text.parse::<T>().map(|_| ()).map_err(|error| error.to_string())
    }
    let number = |valid: &dyn Fn(f64) -> bool, what: String| match text.parse::<f64>() {
        Ok(number) if number.is_finite() && valid(number) => Ok(()),
        _ => Err(format!("'{}' is not {what}", text.escape_debug())),
    };
    match form {
        Form::Fill => read::<FillModel>(text),
        Form::Commission => read::<Commission>(text),
        Form::Slippage => read::<Slippage>(text),
        Form::LimitTouch => read::<LimitTouch>(text),
        Form::Account => read::<Account>(text),
        Form::Above(least) => number(
            &|number| number > least && number <= 1e15,
            format!("a number above {least} and up to 1e15"),
        ),
        Form::From(least, most) => number(
            &|number| (least..=most).contains(&number),
            format!("a number from {least} to {most}"),
        ),
        Form::Count => text
            .parse::<u32>()
            .map(|_| ())
            .map_err(|_| format!("'{}' is not a whole number", text.escape_debug())),
        Form::Truth => text
            .parse::<bool>()
            .map(|_| ())
            .map_err(|_| format!("'{}' is neither true nor false", text.escape_debug())),
    }
}
