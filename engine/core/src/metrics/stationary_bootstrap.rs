//! Stationary bootstrap: in which interval a figure would lie if history had been dealt again.
//!
//! Returns are drawn in runs that begin anywhere, wrap around at the end and have lengths of a
//! geometric distribution, so what hangs together over some sessions stays together. Source: Politis
//! and Romano (1994), "The Stationary Bootstrap", Journal of the American Statistical Association
//! 89(428). The mean length of a run defaults to the cube root of the number of returns, the rate at
//! which the best one grows there. Interval: the 2.5 % and 97.5 % quantiles of the figure over all
//! resamples. The same seed gives the same interval. Undefined for fewer than ten returns, and when
//! the figure is undefined in more than one of twenty resamples.

use super::quantile::quantile;
use crate::sweep::random_bits;

/// Fewest returns that are dealt again.
const FEWEST: usize = 10;

/// An interval of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How returns are dealt again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resampling {
    /// How often.
    pub resamples: u32,
    /// Mean length of a run, sessions, at least 1.
    pub mean_run: f64,
    /// Seed.
    pub seed: u64,
}

impl Resampling {
    /// A thousand resamples of so many returns.
    #[must_use]
    pub fn of(returns: usize) -> Self {
        Self { resamples: 1000, mean_run: libm::cbrt(returns as f64).max(1.0), seed: 1 }
    }
}

/// Intervals of several figures, each computed from the resampled returns in one pass over all.
#[must_use]
pub fn stationary_bootstrap<const N: usize>(
    returns: &[f64],
    how: &Resampling,
    figures: impl Fn(&[f64]) -> [Option<f64>; N],
) -> [Option<Interval>; N] {
    let mut found: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    if returns.len() < FEWEST {
        return [None; N];
    }
    let mut draws = Draws::new(how);
    let mut dealt = Vec::with_capacity(returns.len());
    for _ in 0..how.resamples {
        draws.deal(returns, &mut dealt);
        for (values, figure) in found.iter_mut().zip(figures(&dealt)) {
            values.extend(figure.filter(|value| value.is_finite()));
        }
    }
    found.map(|mut values| {
        let enough = values.len() as f64 >= 0.95 * f64::from(how.resamples);
        values.sort_unstable_by(f64::total_cmp);
        let low = quantile(&values, 0.025).filter(|_| enough)?;
        Some(Interval { low, high: quantile(&values, 0.975)? })
    })
}

/// A sequence of random numbers.
struct Draws {
    seed: u64,
    count: u64,
    /// Logarithm of the chance that a run goes on; none when every run is one long.
    log_stay: Option<f64>,
}

impl Draws {
    fn new(how: &Resampling) -> Self {
        let stay = 1.0 - 1.0 / how.mean_run;
        let log_stay = (stay > 0.0).then(|| libm::log(stay));
        Self { seed: how.seed, count: 0, log_stay }
    }

    /// A number from 0 to below 1.
    fn next(&mut self) -> f64 {
        self.count += 1;
        let bits = random_bits(self.seed, self.count);
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn deal(&mut self, returns: &[f64], dealt: &mut Vec<f64>) {
        dealt.clear();
        let count = returns.len();
        while dealt.len() < count {
            let at = ((self.next() * count as f64) as usize).min(count - 1);
            let mut left = self.run_length().min(count - dealt.len());
            let first = left.min(count - at);
            dealt.extend_from_slice(&returns[at..at + first]);
            left -= first;
            // Around the end; no run is longer than the history.
            dealt.extend_from_slice(&returns[..left]);
        }
    }

    /// A length of the geometric distribution, by inversion.
    fn run_length(&mut self) -> usize {
        let Some(log_stay) = self.log_stay else { return 1 };
        // 1 - u lies above 0, and the length is a number that fits.
        1 + (libm::log(1.0 - self.next()) / log_stay) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::noise::normal;

    fn mean(values: &[f64]) -> [Option<f64>; 1] {
        [Some(values.iter().sum::<f64>() / values.len() as f64)]
    }

    #[test]
    fn the_interval_of_a_mean_is_as_wide_as_theory_says() {
        // 95 % of a mean of 1,000 normal numbers: +- 1.96 / sqrt(1000).
        let returns: Vec<f64> = (0..1000).map(|at| normal(3, at)).collect();
        let [found] = stationary_bootstrap(&returns, &Resampling::of(1000), mean);
        let width = found.map(|interval| interval.high - interval.low).unwrap();
        assert!((width / (2.0 * 1.96 / 1000_f64.sqrt()) - 1.0).abs() < 0.15, "{width}");
    }

    /// Politis and Romano (1994), lemma 1: the variance of the mean over all resamples is
    /// `R(0) + 2 sum b(i) R(i)` over n, `R` being the autocovariances, `b(i) = (1 - i/n) (1 - p)^i +
    /// (i/n) (1 - p)^(n - i)`, and `p` one over the mean length of a run.
    #[test]
    fn the_spread_of_a_mean_is_that_of_the_paper_s_lemma() {
        const N: usize = 120;
        let mut returns = vec![0.0; N];
        for at in 1..N {
            // Neighbours hang together, so that the length of the runs matters.
            returns[at] = 0.6 * returns[at - 1] + normal(4, at as u64);
        }
        let centre = returns.iter().sum::<f64>() / N as f64;
        let covariance = |lag: usize| {
            let pairs = returns.iter().zip(&returns[lag..]);
            pairs.map(|(one, other)| (one - centre) * (other - centre)).sum::<f64>() / N as f64
        };
        for mean_run in [1.0_f64, 5.0, 20.0] {
            let stay = 1.0 - 1.0 / mean_run;
            let weight = |lag: usize| {
                let share = lag as f64 / N as f64;
                (1.0 - share) * stay.powi(lag as i32) + share * stay.powi((N - lag) as i32)
            };
            let sum: f64 = (1..N).map(|lag| weight(lag) * covariance(lag)).sum();
            let exact = ((covariance(0) + 2.0 * sum) / N as f64).sqrt();
            let mut draws = Draws::new(&Resampling { resamples: 0, mean_run, seed: 8 });
            let (mut dealt, mut squares) = (Vec::new(), 0.0);
            for _ in 0..4000 {
                draws.deal(&returns, &mut dealt);
                let drawn = dealt.iter().sum::<f64>() / N as f64;
                squares += (drawn - centre) * (drawn - centre);
            }
            let found = (squares / 4000.0).sqrt();
            // Three standard errors of a deviation from 4,000 draws.
            assert!((found / exact - 1.0).abs() < 3.0 / 8000_f64.sqrt(), "{found} {exact}");
        }
    }

    #[test]
    fn it_covers_the_truth_in_about_95_of_100_histories() {
        let covered = (0..100).filter(|history| {
            let returns: Vec<f64> = (0..200).map(|at| normal(history + 50, at) + 1.0).collect();
            let how = Resampling { resamples: 200, ..Resampling::of(200) };
            let [found] = stationary_bootstrap(&returns, &how, mean);
            found.is_some_and(|interval| interval.low <= 1.0 && 1.0 <= interval.high)
        });
        // 95 +- 3 standard errors, and runs of equal mean make the interval a little too narrow.
        let covered = covered.count();
        assert!((86..=100).contains(&covered), "{covered}");
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_and_little_gives_none() {
        let returns: Vec<f64> = (0..100).map(|at| normal(9, at)).collect();
        let of = |seed| {
            stationary_bootstrap(&returns, &Resampling { seed, ..Resampling::of(100) }, mean)
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
        assert_eq!(stationary_bootstrap(&returns[..9], &Resampling::of(9), mean), [None]);
        assert_eq!(stationary_bootstrap(&returns, &Resampling::of(100), |_| [None]), [None]);
    }
}
