//! Volatility, Sharpe and Sortino ratio of the same returns together.
//!
//! Two passes over the returns instead of six, with the bits of the functions that take one figure:
//! every sum is the same sum in the same order, only side by side, so that a processor works on all of
//! them at once. Definitions and units are those of the single functions.

use super::moments::{Lanes, is_negligible, sum_of, sums_of_squares};

/// Three figures of session returns. Undefined ones are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SessionRatios {
    /// As [`super::volatility`].
    pub volatility: Option<f64>,
    /// As [`super::sharpe`] of the returns above the risk-free one.
    pub sharpe: Option<f64>,
    /// As [`super::sortino`] of the same.
    pub sortino: Option<f64>,
}

impl SessionRatios {
    /// The figures of simple returns, where `rf` is the risk-free return of one session.
    #[must_use]
    pub fn of(returns: &[f64], rf: f64, sessions_per_year: f64) -> Self {
        Self::of_sum(returns, sum_of(returns, |value| value), rf, sessions_per_year)
    }

    /// The same of returns whose sum is known.
    #[must_use]
    pub fn of_sum(returns: &[f64], sum: f64, rf: f64, sessions_per_year: f64) -> Self {
        if returns.len() < 2 {
            return Self::default();
        }
        let count = returns.len() as f64;
        let mean = sum / count;
        let excess_mean =
            if rf == 0.0 { mean } else { sum_of(returns, |value| value - rf) / count };
        let Squares { plain, excess, below } = squares(returns, rf, mean, excess_mean);
        let (std, excess_std) = ((plain / (count - 1.0)).sqrt(), (excess / (count - 1.0)).sqrt());
        let (downside, root) = ((below / count).sqrt(), sessions_per_year.sqrt());
        let ratio =
            |spread| (!is_negligible(spread, excess_mean)).then(|| excess_mean / spread * root);
        Self { volatility: Some(std * root), sharpe: ratio(excess_std), sortino: ratio(downside) }
    }
}

/// Sums of squares: of the distances from both means, and of what lies below `rf`.
struct Squares {
    plain: f64,
    excess: f64,
    below: f64,
}

fn squares(returns: &[f64], rf: f64, mean: f64, excess_mean: f64) -> Squares {
    if rf == 0.0 {
        let [plain, below] =
            sums_of_squares(returns, |value| [value - mean, value.fast_min(Lanes::ZERO)]);
        return Squares { plain, excess: plain, below };
    }
    let [plain, excess, below] = sums_of_squares(returns, |value| {
        let above = value - rf;
        [value - mean, above - excess_mean, above.fast_min(Lanes::ZERO)]
    });
    Squares { plain, excess, below }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{noise::normal, sharpe, sortino, volatility};

    #[test]
    fn together_they_have_the_bits_that_they_have_alone() {
        for seed in 0..300 {
            let returns: Vec<f64> = (0..seed % 150)
                .map(|at| match seed % 5 {
                    0 => 0.0,
                    1 => 0.01 * normal(seed, at).abs(),
                    2 if at % 3 == 0 => 0.0,
                    _ => 0.01 * normal(seed, at),
                })
                .collect();
            for rf in [0.0, -0.0, 0.0001, -0.002] {
                let above: Vec<f64> = returns.iter().map(|value| value - rf).collect();
                let alone = SessionRatios {
                    volatility: volatility(&returns, 252.0),
                    sharpe: sharpe(&above, 252.0),
                    sortino: sortino(&above, 252.0),
                };
                let bits = |ratios: SessionRatios| {
                    [ratios.volatility, ratios.sharpe, ratios.sortino]
                        .map(|one| one.map(f64::to_bits))
                };
                assert_eq!(
                    bits(SessionRatios::of(&returns, rf, 252.0)),
                    bits(alone),
                    "{returns:?}"
                );
            }
        }
    }
}
