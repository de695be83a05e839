//! Sums and moments that the statistics share.
//!
//! Sums run in index order with a carried correction (Neumaier 1974, "Rundungsfehleranalyse einiger
//! Verfahren zur Summation endlicher Summen"), so they depend on nothing but the numbers and lose
//! no digits where gains and losses cancel.

/// Sum in index order.
pub(super) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        let (large, small) =
            if total.abs() >= value.abs() { (total, value) } else { (value, total) };
        lost += (large - next) + small;
        total = next;
    }
    total + lost
}

/// Arithmetic mean; `None` when empty.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum(values.iter().copied()) / values.len() as f64)
}

/// Mean and sample standard deviation (ddof 1); `None` for fewer than two values.
pub(super) fn mean_and_std(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    Some((mean, (squares(values, mean) / (values.len() - 1) as f64).sqrt()))
}

/// Sum of squared distances from the mean.
pub(super) fn squares(values: &[f64], mean: f64) -> f64 {
    sum(values.iter().map(|value| (value - mean) * (value - mean)))
}

/// Whether a spread is nothing but rounding: a ratio over it would mean nothing.
pub(super) fn is_negligible(spread: f64, mean: f64) -> bool {
    spread <= 1e-12 * mean.abs().max(1.0)
}

/// Skewness m3 / m2^1.5 and raw kurtosis m4 / m2^2 (3 for a normal distribution), of population
/// moments; `None` when the values do not spread.
#[must_use]
pub fn skewness_and_kurtosis(values: &[f64]) -> Option<(f64, f64)> {
    let (mean, std) = mean_and_std(values)?;
    if is_negligible(std, mean) {
        return None;
    }
    let n = values.len() as f64;
    let moment = |power: fn(f64) -> f64| sum(values.iter().map(|value| power(value - mean))) / n;
    let variance = moment(|d| d * d);
    let (third, fourth) = (moment(|d| d * d * d), moment(|d| d * d * d * d));
    Some((third / (variance * variance.sqrt()), fourth / (variance * variance)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_what_cancellation_would_lose() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
        assert_eq!(sum([]), 0.0);
        assert_eq!(sum([0.1; 10]), 1.0);
    }

    #[test]
    fn moments_of_one_to_four_are_those_of_the_textbook() {
        let values = [1.0, 2.0, 3.0, 4.0];
        let (mean, std) = mean_and_std(&values).unwrap();
        assert_eq!((mean, std), (2.5, (5.0_f64 / 3.0).sqrt()));
        let (skewness, kurtosis) = skewness_and_kurtosis(&values).unwrap();
        assert_eq!(skewness, 0.0);
        assert!((kurtosis - 1.64).abs() < 1e-15);
    }

    #[test]
    fn one_value_or_equal_values_have_no_spread() {
        assert_eq!(mean(&[]), None);
        assert_eq!(mean_and_std(&[1.0]), None);
        assert_eq!(skewness_and_kurtosis(&[2.0, 2.0, 2.0]), None);
    }
}
