//! What differs between two runs: their inputs, their figures, and the first trade that is another one.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    listing::{Kind, rows},
    lists::Lists,
    number::{UNDEFINED, grouped, percent},
    runs::RunError,
    schema::Report,
    text::{fitted, left, printable, right},
};

/// An input or a figure with its values in both runs; null where a run has none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Its name; parts of a whole are joined by dots.
    pub name: String,
    /// In the first run.
    pub one: Value,
    /// In the other.
    pub other: Value,
}

/// The first trade of two runs that is not the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FirstTrade {
    /// Its number, from 1, in the order in which trades closed.
    pub number: usize,
    /// In the first run, with the keys of `trades`; null when it has no more.
    pub one: Option<Map<String, Value>>,
    /// In the other.
    pub other: Option<Map<String, Value>>,
}

/// The inputs that differ, of the configurations and of what the reports say about engine and bars.
///
/// # Errors
/// When a configuration is not JSON.
pub fn inputs(one: (&str, &Report), other: (&str, &Report)) -> Result<Vec<Difference>, RunError> {
    let flat = |(config, report): (&str, &Report)| {
        let mut config: Value = serde_json::from_str(config)
            .map_err(|reason| RunError { id: report.run.clone(), reason })?;
        if let Some(config) = config.as_object_mut() {
            // The digest says the same.
            config.shift_remove("bars");
            config.insert("engine".to_owned(), Value::from(report.engine.as_str()));
            config
                .insert("data".to_owned(), serde_json::to_value(&report.data).unwrap_or_default());
        }
        let mut values = Vec::new();
        flatten("", &config, &mut values);
        Ok(values)
    };
    Ok(differing(&flat(one)?, &flat(other)?))
}

/// The figures that differ.
#[must_use]
pub fn figures(one: &Report, other: &Report) -> Vec<Difference> {
    let flat = |report: &Report| {
        let mut values = Vec::new();
        flatten("", &serde_json::to_value(&report.metrics).unwrap_or_default(), &mut values);
        flatten("costs", &serde_json::to_value(report.costs).unwrap_or_default(), &mut values);
        values
    };
    differing(&flat(one), &flat(other))
}

/// The first trade that is another one, or that only one of the runs has.
#[must_use]
pub fn first_trade(one: (&Report, &Lists<'_>), other: (&Report, &Lists<'_>)) -> Option<FirstTrade> {
    let one = rows(Kind::Trades, one.0, one.1);
    let other = rows(Kind::Trades, other.0, other.1);
    let place =
        (0..one.len().max(other.len())).find(|place| one.get(*place) != other.get(*place))?;
    let (one, other) = (one.get(place).cloned(), other.get(place).cloned());
    Some(FirstTrade { number: place + 1, one, other })
}

/// Every value inside a value, by its path; a list of pairs counts as names with values.
fn flatten(path: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    let inside =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(parts) => {
            parts.iter().for_each(|(name, part)| flatten(&inside(name), part, found));
        }
        Value::Array(parts) => {
            for (place, part) in parts.iter().enumerate() {
                match part.as_array().map(Vec::as_slice) {
                    Some([Value::String(name), value]) => flatten(&inside(name), value, found),
                    _ => flatten(&inside(&(place + 1).to_string()), part, found),
                }
            }
        }
        plain => found.push((path.to_owned(), plain.clone())),
    }
}

/// Names whose values differ, in the order of the first list, then what only the second has.
fn differing(one: &[(String, Value)], other: &[(String, Value)]) -> Vec<Difference> {
    let of = |list: &[(String, Value)], name: &str| {
        let found = list.iter().find(|(known, _)| known == name);
        found.map_or(Value::Null, |(_, value)| value.clone())
    };
    let added = other.iter().filter(|(name, _)| one.iter().all(|(known, _)| known != name));
    let names: Vec<&String> = one.iter().chain(added).map(|(name, _)| name).collect();
    names
        .into_iter()
        .map(|name| Difference { name: name.clone(), one: of(one, name), other: of(other, name) })
        .filter(|difference| difference.one != difference.other)
        .collect()
}

const NAME: usize = 30;
const VALUE: usize = 23;

/// All of it for people, within 80 columns.
#[must_use]
pub fn text(inputs: &[Difference], figures: &[Difference], trade: Option<&FirstTrade>) -> String {
    let mut text = String::new();
    part(&mut text, "Inputs that differ", inputs, "Both runs had the same inputs.");
    text.push('\n');
    part(&mut text, "Figures that differ", figures, "All figures are the same.");
    text.push('\n');
    let Some(FirstTrade { number, one, other }) = trade else {
        return text + "All trades are the same.\n";
    };
    let mut values: [Vec<(String, Value)>; 2] = Default::default();
    for (values, row) in values.iter_mut().zip([one, other]) {
        if let Some(row) = row {
            flatten("", &Value::Object(row.clone()), values);
        }
    }
    let [before, after] = values;
    let heading = format!("First other trade: number {number}");
    part(&mut text, &heading, &differing(&before, &after), "");
    text
}

fn part(text: &mut String, heading: &str, differences: &[Difference], none: &str) {
    if differences.is_empty() {
        writeln!(text, "{none}").expect("a string takes everything");
        return;
    }
    writeln!(text, "{heading}").expect("a string takes everything");
    for Difference { name, one, other } in differences {
        let (one, other) = (shown(name, one), shown(name, other));
        let name = left(&fitted(&label(name), NAME - 2), NAME - 2);
        let (one, other) =
            (right(&fitted(&one, VALUE), VALUE), right(&fitted(&other, VALUE), VALUE));
        writeln!(text, "  {name}  {one}  {other}").expect("a string takes everything");
    }
}

/// Figures by their keys, called what they are called in a summary.
const LABELS: [(&str, &str); 42] = [
    ("first_session", "First session"),
    ("last_session", "Last session"),
    ("sessions", "Sessions"),
    ("calendar_days", "Calendar days"),
    ("sessions_per_year", "Sessions a year"),
    ("risk_free_rate", "Risk-free rate"),
    ("initial_equity", "Initial equity"),
    ("final_equity", "Final equity"),
    ("total_return", "Return"),
    ("cagr", "CAGR"),
    ("cagr_extrapolated", "CAGR extrapolated"),
    ("volatility", "Volatility"),
    ("sharpe", "Sharpe"),
    ("sortino", "Sortino"),
    ("calmar", "Calmar"),
    ("max_drawdown", "Max drawdown"),
    ("max_drawdown_peak", "Max drawdown, peak"),
    ("max_drawdown_trough", "Max drawdown, trough"),
    ("max_drawdown_recovery", "Max drawdown, recovery"),
    ("max_drawdown_recovered", "Max drawdown, recovered"),
    ("max_drawdown_days", "Max drawdown, days"),
    ("max_drawdown_bars", "Max drawdown, bars"),
    ("exposure", "Exposure"),
    ("trades", "Trades closed"),
    ("win_rate", "Win rate"),
    ("profit_factor", "Profit factor"),
    ("expectancy", "Expectancy"),
    ("expectancy_return", "Expectancy, return"),
    ("sqn", "SQN"),
    ("alpha", "Alpha"),
    ("beta", "Beta"),
    ("var_95", "Value at risk, 95 %"),
    ("cvar_95", "Expected shortfall, 95 %"),
    ("omega", "Omega"),
    ("tail_ratio", "Tail ratio"),
    ("skewness", "Skewness"),
    ("kurtosis", "Kurtosis"),
    ("psr", "Probabilistic Sharpe"),
    ("min_track_record_sessions", "Min track record, sessions"),
    ("costs.total", "Costs"),
    ("costs.commission", "Costs, commission"),
    ("costs.slippage", "Costs, slippage"),
];

/// What an input, a figure or a part of a trade is called. Inputs keep their path: it says where they stand.
fn label(name: &str) -> String {
    match LABELS.iter().find(|(key, _)| *key == name) {
        Some((_, label)) => (*label).to_owned(),
        None => match name.strip_prefix("costs.") {
            Some(rest) => format!("Costs, {}", rest.replace('_', " ")),
            None if name.contains('.') => name.to_owned(),
            None => name.replace('_', " "),
        },
    }
}

/// Figures that are fractions are shown as percent.
fn shown(name: &str, value: &Value) -> String {
    const SHARES: [&str; 13] = [
        "total_return",
        "cagr",
        "volatility",
        "max_drawdown",
        "exposure",
        "win_rate",
        "expectancy_return",
        "alpha",
        "var_95",
        "cvar_95",
        "psr",
        "return",
        "risk_free_rate",
    ];
    match value {
        Value::Null => UNDEFINED.to_owned(),
        Value::String(text) => printable(text),
        Value::Number(number) if number.is_f64() => {
            let value = number.as_f64().unwrap_or_default();
            if SHARES.contains(&name) { percent(value) } else { grouped(value, 4) }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_differs_is_named_by_its_path() {
        let config = |fast: &str| {
            format!(
                r#"{{"strategy":{{"parameters":[["fast","{fast}"],["slow","50"]]}},"bars":["{fast}"]}}"#
            )
        };
        let report = Report::default();
        let found = inputs((&config("10"), &report), (&config("20"), &report)).unwrap();
        let wanted = Difference {
            name: "strategy.parameters.fast".to_owned(),
            one: Value::from("10"),
            other: Value::from("20"),
        };
        assert_eq!(found, [wanted]);
        let text = text(&found, &[], None);
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert!(
            text.ends_with("All figures are the same.\n\nAll trades are the same.\n"),
            "{text}"
        );
    }

    #[test]
    fn what_only_one_run_has_is_null_in_the_other() {
        let list = |values: &[(&str, i32)]| -> Vec<(String, Value)> {
            values.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
        };
        let found = differing(&list(&[("a", 1), ("b", 2)]), &list(&[("b", 2), ("c", 3)]));
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].name.as_str(), &found[0].other), ("a", &Value::Null));
        assert_eq!((found[1].name.as_str(), &found[1].one), ("c", &Value::Null));
    }
}
