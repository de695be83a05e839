//! Sample statistics as numpy and pandas have them: NaN where there are too few values, never an `Option`.

use super::super::moments;

/// Quantile of the standard normal distribution at 5 %: Abramowitz and Stegun, table 26.2, with more digits.
pub(super) const NORMAL_5_PERCENT: f64 = -1.644_853_626_951_472_7;

pub(super) fn sum(values: &[f64]) -> f64 {
    moments::sum(values.iter().copied())
}

/// NaN of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    moments::mean(values).unwrap_or(f64::NAN)
}

/// Standard deviation with n - 1; NaN of fewer than two values, exactly zero of equal ones.
pub(super) fn std(values: &[f64]) -> f64 {
    match moments::mean_and_std(values) {
        Some(_) if is_constant(values) => 0.0,
        Some((_, std)) => std,
        None => f64::NAN,
    }
}

/// Covariance of pairs over the variance of the second; NaN where that is nothing.
pub(super) fn slope(own: &[f64], other: &[f64]) -> f64 {
    if other.len() < 2 || is_constant(other) {
        return f64::NAN;
    }
    let (own_mean, other_mean) = (mean(own), mean(other));
    let products =
        own.iter().zip(other).map(|(own, other)| (own - own_mean) * (other - other_mean));
    moments::sum(products) / moments::squares(other, other_mean)
}

/// Squared correlation of pairs; NaN where one of them does not move.
pub(super) fn r_squared(own: &[f64], other: &[f64]) -> f64 {
    if is_constant(own) {
        return f64::NAN;
    }
    let scale = moments::squares(other, mean(other)) / moments::squares(own, mean(own));
    slope(own, other).powi(2) * scale
}

/// Skewness m3 / m2^1.5 and excess kurtosis m4 / m2^2 - 3 of population moments; NaN of equal values.
pub(super) fn shape(values: &[f64]) -> (f64, f64) {
    match moments::skewness_and_kurtosis(values) {
        Some((skewness, kurtosis)) => (skewness, kurtosis - 3.0),
        None => (f64::NAN, f64::NAN),
    }
}

/// Skewness and excess kurtosis with the corrections for small samples that pandas makes.
///
/// Source: Joanes and Gill (1998), "Comparing Measures of Sample Skewness and Kurtosis", G1 and G2.
pub(super) fn corrected_shape(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let (skewness, kurtosis) = shape(values);
    let skewness = if n < 3.0 { f64::NAN } else { skewness * (n * (n - 1.0)).sqrt() / (n - 2.0) };
    let scale = (n - 1.0) / ((n - 2.0) * (n - 3.0));
    let kurtosis = if n < 4.0 { f64::NAN } else { scale * ((n + 1.0) * kurtosis + 6.0) };
    (skewness, kurtosis)
}

/// Quantile with linear interpolation; NaN of nothing.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    super::super::quantile::quantile(sorted, q).unwrap_or(f64::NAN)
}

pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Root of the mean square of what is below zero, over all values.
pub(super) fn downside(values: &[f64]) -> f64 {
    let squares = moments::sum(values.iter().map(|value| value.min(0.0).powi(2)));
    (squares / values.len() as f64).sqrt()
}

/// Sum of the gains and the absolute sum of the losses.
pub(super) fn gains_and_losses(values: &[f64]) -> (f64, f64) {
    let gains = moments::sum(values.iter().map(|value| value.max(0.0)));
    (gains, -moments::sum(values.iter().map(|value| value.min(0.0))))
}

/// Returns less a rate of one period.
pub(super) fn above(returns: &[f64], rate: f64) -> Vec<f64> {
    returns.iter().map(|value| value - rate).collect()
}

/// The rate of one period out of a rate of a year.
pub(super) fn period_rate(annual: f64, periods: f64) -> f64 {
    libm::pow(1.0 + annual, 1.0 / periods) - 1.0
}

/// Product of 1 + r.
pub(super) fn growth(returns: &[f64]) -> f64 {
    returns.iter().fold(1.0, |product, value| product * (1.0 + value))
}

/// Mean growth over all of `returns`, stretched over `periods`, less 1.
pub(super) fn annual_return(returns: &[f64], periods: f64) -> f64 {
    libm::pow(growth(returns), periods / returns.len() as f64) - 1.0
}

/// `|q95| / |q5|`.
pub(super) fn tail_ratio(sorted: &[f64]) -> f64 {
    quantile(sorted, 0.95).abs() / quantile(sorted, 0.05).abs()
}

/// Largest of the values; NaN of nothing.
pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

/// Smallest of the values; NaN of nothing.
pub(super) fn smallest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::min)
}

fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|value| *value == values[0])
}
