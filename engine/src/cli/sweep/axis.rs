//! Reads the values of a parameter: one, a list, a range, or all.

use crate::registry::facts::{Kind, ParamFacts};

/// Most values of one parameter.
const MOST_VALUES: f64 = 10_000_000.0;

/// The values that a text stands for, in its order, each once.
///
/// # Errors
/// What is wrong with which part of it.
pub(super) fn values(param: &ParamFacts, text: &str) -> Result<Vec<f64>, String> {
    let mut found: Vec<f64> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let more = one(param, part).map_err(|reason| format!("'{part}': {reason}"))?;
        found.extend(more);
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|value| seen.insert(value.to_bits()));
    Ok(found)
}

fn one(param: &ParamFacts, part: &str) -> Result<Vec<f64>, String> {
    match (part, &param.kind) {
        ("", _) => Err("a value is missing".to_owned()),
        ("all", Kind::Bool) => Ok(vec![0.0, 1.0]),
        ("all", Kind::Choice(texts)) => Ok((0..texts.len()).map(|index| index as f64).collect()),
        ("all", _) => Err("only a choice or a truth has a list of all its values".to_owned()),
        (_, Kind::Integer | Kind::Float) if part.contains("..") => range(param, part),
        _ => Ok(vec![param.parse(part)?]),
    }
}

/// `first..last` or `first..last:step`, both ends included.
fn range(param: &ParamFacts, part: &str) -> Result<Vec<f64>, String> {
    let (ends, step) = match part.split_once(':') {
        Some((ends, step)) => (ends, Some(step.trim())),
        None => (part, None),
    };
    let (first, last) = ends.split_once("..").unwrap_or((ends, ""));
    let (first, last) = (first.trim(), last.trim());
    let (from, to) = (param.parse(first)?, param.parse(last)?);
    if from > to {
        return Err(format!("a range rises: write {last}..{first}"));
    }
    let by = match (step, &param.kind) {
        (Some(step), Kind::Integer) => step.parse::<u32>().ok().map(f64::from),
        (Some(step), _) => step.parse::<f64>().ok().filter(|step| step.is_finite()),
        (None, Kind::Integer) => Some(1.0),
        (None, _) => return Err(format!("a range of decimals has a step: {part}:0.1")),
    };
    let Some(by) = by.filter(|by| *by > 0.0) else {
        let what = if param.kind == Kind::Integer { "a whole number" } else { "a number" };
        return Err(format!("its step is not {what} above zero"));
    };
    // A last value that misses the end by rounding only is meant.
    let steps = ((to - from) / by + 1e-9).floor();
    if steps >= MOST_VALUES {
        return Err(format!("it has more than {MOST_VALUES} values"));
    }
    let decimals = decimals(first).max(step.map_or(0, decimals));
    let value = |step: u32| rounded(from + f64::from(step) * by, decimals).min(to);
    Ok((0..=steps as u32).map(value).collect())
}

/// Digits after the point, as written; `None`-like 17 for a number with an exponent.
fn decimals(text: &str) -> usize {
    if text.contains(['e', 'E']) {
        return 17;
    }
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

/// The decimal that was meant: 0.1 + 2 x 0.1 is 0.3.
fn rounded(value: f64, decimals: usize) -> f64 {
    if decimals > 15 { value } else { format!("{value:.decimals$}").parse().unwrap_or(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(kind: Kind) -> ParamFacts {
        let (name, about) = ("x".to_owned(), String::new());
        ParamFacts { name, about, kind, default: 1.0, min: 0.0, max: 500.0 }
    }

    #[test]
    fn lists_and_ranges_hold_both_ends_and_each_value_once() {
        let whole = |text| values(&param(Kind::Integer), text);
        assert_eq!(whole("20"), Ok(vec![20.0]));
        assert_eq!(whole("5..8"), Ok(vec![5.0, 6.0, 7.0, 8.0]));
        assert_eq!(whole("5..20:10"), Ok(vec![5.0, 15.0]));
        assert_eq!(whole("9, 3..4, 4..5, 9"), Ok(vec![9.0, 3.0, 4.0, 5.0]));
        let decimal = |text| values(&param(Kind::Float), text);
        assert_eq!(decimal("0.1..0.5:0.1"), Ok(vec![0.1, 0.2, 0.3, 0.4, 0.5]));
        assert_eq!(decimal("1..2:0.25"), Ok(vec![1.0, 1.25, 1.5, 1.75, 2.0]));
        assert_eq!(decimal("1e2"), Ok(vec![100.0]));
        assert_eq!(values(&param(Kind::Bool), "all"), Ok(vec![0.0, 1.0]));
        let choice = param(Kind::Choice(vec!["a".into(), "b".into()]));
        assert_eq!(
            (values(&choice, "all"), values(&choice, "b")),
            (Ok(vec![0.0, 1.0]), Ok(vec![1.0]))
        );
    }

    #[test]
    fn what_is_no_list_of_values_is_named() {
        let whole = |text| values(&param(Kind::Integer), text).unwrap_err();
        assert_eq!(whole("5..x"), "'5..x': a whole number from 0 to 500");
        assert_eq!(whole("1,600"), "'600': a whole number from 0 to 500");
        assert_eq!(whole("8..5"), "'8..5': a range rises: write 5..8");
        assert_eq!(whole("5..8:0"), "'5..8:0': its step is not a whole number above zero");
        assert_eq!(whole("5..8:0.5"), "'5..8:0.5': its step is not a whole number above zero");
        assert_eq!(whole("1,,2"), "'': a value is missing");
        assert!(whole("all").contains("only a choice"));
        let decimal = |text| values(&param(Kind::Float), text).unwrap_err();
        assert!(decimal("1..2").ends_with("1..2:0.1"));
        assert!(decimal("0..500:1e-9").contains("more than 10000000 values"));
        assert!(decimal("0..1:NaN").contains("not a number above zero"));
    }
}
