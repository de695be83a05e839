//! Stationary bootstrap: in which interval a figure would lie if history had been dealt again.
//!
//! Returns are drawn in runs that begin anywhere, wrap around at the end and have lengths of a
//! geometric distribution, so what hangs together over some sessions stays together. Source: Politis
//! and Romano (1994), "The Stationary Bootstrap", Journal of the American Statistical Association
//! 89(428). The mean length of a run defaults to the cube root of the number of returns, the rate at
//! which the best one grows there. Interval: the 2.5 % and 97.5 % quantiles of the figure over all
//! resamples. The same seed gives the same interval. Undefined for fewer than ten returns, and when
//! the figure is undefined in more than one of twenty resamples.

use std::ops::Range;

use super::quantile::quantile;
use crate::sweep::{next_bits, random_bits};

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

/// Values of several figures over some resamples, in order; those that are undefined are missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled<const N: usize>([Vec<f64>; N]);

impl<const N: usize> Resampled<N> {
    /// Figures of the resamples with these numbers, each of which is dealt by itself: parts of the work
    /// that are done apart and joined give what all of it gives.
    #[must_use]
    pub fn of(
        returns: &[f64],
        how: &Resampling,
        resamples: Range<u32>,
        mut figures: impl FnMut(&[f64]) -> [Option<f64>; N],
    ) -> Self {
        let mut found: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
        if returns.len() >= FEWEST {
            let mut dealer = Dealer::new(returns, how);
            for resample in resamples {
                let dealt = dealer.deal(resample);
                for (values, figure) in found.iter_mut().zip(figures(dealt)) {
                    values.extend(figure.filter(|value| value.is_finite()));
                }
            }
        }
        Self(found)
    }

    /// With the resamples of another part.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        let pairs = self.0.iter_mut().zip(&other.0);
        pairs.for_each(|(values, more)| values.extend_from_slice(more));
        self
    }

    /// The interval of each figure over so many resamples.
    #[must_use]
    pub fn intervals(self, resamples: u32) -> [Option<Interval>; N] {
        self.0.map(|mut values| {
            let enough = values.len() as f64 >= 0.95 * f64::from(resamples);
            values.sort_unstable_by(f64::total_cmp);
            let low = quantile(&values, 0.025).filter(|_| enough)?;
            Some(Interval { low, high: quantile(&values, 0.975)? })
        })
    }
}

/// Deals a history again and again.
struct Dealer {
    seed: u64,
    /// Where the random numbers of a resample are.
    state: u64,
    lengths: RunLengths,
    /// The history twice, so that a run goes around the end, and what is copied beyond a run.
    twice: Vec<f64>,
    dealt: Vec<f64>,
}

/// Returns that are copied together.
const PIECE: usize = 16;

impl Dealer {
    fn new(returns: &[f64], how: &Resampling) -> Self {
        let twice = [returns, returns, &[0.0; PIECE]].concat();
        let dealt = vec![0.0; returns.len() + PIECE];
        let lengths = RunLengths::new(how.mean_run);
        Self { seed: how.seed, state: 0, lengths, twice, dealt }
    }

    /// A number from 0 to below 1.
    fn next(&mut self) -> f64 {
        (next_bits(&mut self.state) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The history, dealt by the random numbers of a resample.
    fn deal(&mut self, resample: u32) -> &[f64] {
        self.state = random_bits(self.seed, u64::from(resample));
        let count = self.dealt.len() - PIECE;
        let mut at = 0;
        while at < count {
            let from = ((self.next() * count as f64) as usize).min(count - 1);
            // 1 - u lies above 0.
            let chance = 1.0 - self.next();
            let run = self.lengths.of(chance).min(count - at);
            // Whole pieces: what is too much is written over by the next run.
            for piece in (0..run).step_by(PIECE) {
                let source = &self.twice[from + piece..][..PIECE];
                self.dealt[at + piece..][..PIECE].copy_from_slice(source);
            }
            at += run;
        }
        &self.dealt[..count]
    }
}

/// Lengths of the geometric distribution, by inversion: one more than the number of powers of the chance
/// to go on that are not below a chance.
struct RunLengths {
    /// Logarithm of the chance that a run goes on; none when every run is one long.
    log_stay: Option<f64>,
    /// Powers of that chance from the first on, down to the least that is looked up.
    powers: Vec<f64>,
    /// Powers that are surely not below the chances of each bucket.
    sure: [usize; BUCKETS],
}

/// Equal parts of the chances; in the lowest a logarithm is taken.
const BUCKETS: usize = 1024;

impl RunLengths {
    fn new(mean_run: f64) -> Self {
        let stay = 1.0 - 1.0 / mean_run;
        let log_stay = (stay > 0.0).then(|| libm::log(stay));
        let is_looked_up = |power: &f64| *power > 1.0 / BUCKETS as f64;
        let powers = std::iter::successors(Some(stay), |power| Some(power * stay));
        let powers: Vec<f64> = powers.take_while(is_looked_up).chain([0.0]).collect();
        let sure = std::array::from_fn(|bucket| {
            let end = (bucket + 1) as f64 / BUCKETS as f64;
            powers.partition_point(|power| *power >= end)
        });
        Self { log_stay, powers, sure }
    }

    /// The length for a chance above 0 and up to 1.
    fn of(&self, chance: f64) -> usize {
        let Some(log_stay) = self.log_stay else { return 1 };
        let bucket = ((chance * BUCKETS as f64) as usize).min(BUCKETS - 1);
        if bucket == 0 {
            return 1 + (libm::log(chance) / log_stay) as usize;
        }
        let sure = self.sure[bucket];
        let more = self.powers[sure..].iter().take_while(|power| chance <= **power);
        1 + sure + more.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::noise::normal;

    /// Intervals of figures over all resamples.
    fn stationary_bootstrap<const N: usize>(
        returns: &[f64],
        how: &Resampling,
        figures: impl FnMut(&[f64]) -> [Option<f64>; N],
    ) -> [Option<Interval>; N] {
        Resampled::of(returns, how, 0..how.resamples, figures).intervals(how.resamples)
    }

    #[test]
    fn parts_that_are_done_apart_give_what_all_of_it_gives() {
        let returns: Vec<f64> = (0..100).map(|at| normal(9, at)).collect();
        let how = Resampling::of(100);
        let part = |resamples| Resampled::of(&returns, &how, resamples, mean);
        assert_eq!(part(0..301).joined(&part(301..1000)), part(0..1000));
        assert_ne!(part(0..1), part(1..2));
    }

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
            let how = Resampling { resamples: 0, mean_run, seed: 8 };
            let (mut dealer, mut squares) = (Dealer::new(&returns, &how), 0.0);
            for resample in 0..4000 {
                let drawn = dealer.deal(resample).iter().sum::<f64>() / N as f64;
                squares += (drawn - centre) * (drawn - centre);
            }
            let found = (squares / 4000.0).sqrt();
            // Three standard errors of a deviation from 4,000 draws.
            assert!((found / exact - 1.0).abs() < 3.0 / 8000_f64.sqrt(), "{found} {exact}");
        }
    }

    #[test]
    fn a_length_that_is_looked_up_is_that_of_the_logarithm() {
        for mean_run in [1.0_f64, 1.2, 3.0, 10.8, 60.0] {
            let (lengths, log_stay) = (RunLengths::new(mean_run), libm::log(1.0 - 1.0 / mean_run));
            // Chances that are no power, on which the two may round to different sides.
            for chance in (0..200_000).map(|at| (f64::from(at) + 0.618) / 200_000.0) {
                let length = 1 + (libm::log(chance) / log_stay) as usize;
                assert_eq!(lengths.of(chance), length, "{chance} {mean_run}");
            }
        }
    }

    #[test]
    fn runs_follow_each_other_and_go_around_the_end() {
        let returns: Vec<f64> = (0..1000).map(f64::from).collect();
        let mut dealer =
            Dealer::new(&returns, &Resampling { mean_run: 40.0, ..Resampling::of(1000) });
        let dealt = dealer.deal(0).to_vec();
        let follow = |pair: &&[f64]| (pair[0] + 1.0) % 1000.0 == pair[1];
        assert_eq!(dealt.len(), 1000);
        assert!(dealt.iter().all(|value| returns.contains(value)));
        assert!(dealt.windows(2).filter(follow).count() > 950);
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
