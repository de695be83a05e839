//! Probability of backtest overfitting (PBO), by combinatorially symmetric cross-validation.
//!
//! The sessions are cut into an even number of slices. For every way to take half of them, the trial
//! with the best Sharpe ratio on that half is looked up on the other half; the probability is the share
//! of ways in which it is not above the median there. Near 0.5 the best of the sweep says nothing about
//! what follows; near 0 it does. Source: Bailey, Borwein, Lopez de Prado and Zhu (2017), "The
//! Probability of Backtest Overfitting", Journal of Computational Finance 20(4). Unit: probability.
//! Undefined for fewer than two trials or fewer than two sessions a slice.

use super::moments::{LANES, Lanes, extent, sums_of};

/// Returns of a trial in a slice of the sessions: their number, sum, and sum of squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slice {
    /// Sessions.
    pub count: f64,
    /// Sum of their returns.
    pub sum: f64,
    /// Sum of the squares of their returns.
    pub squares: f64,
}

/// Cuts returns into so many slices whose lengths differ by one at most.
#[must_use]
pub fn slices(returns: &[f64], count: usize) -> Vec<Slice> {
    let bound = |index: usize| index * returns.len() / count.max(1);
    let slice = |index| {
        let returns = &returns[bound(index)..bound(index + 1)];
        let [sum, squares] = sums_of(returns, |value| [value, value * value]);
        Slice { count: returns.len() as f64, sum, squares }
    };
    (0..count).map(slice).collect()
}

/// What cross-validation found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overfitting {
    /// Share of the ways in which the best trial of one half was not above the median of the other.
    pub probability: f64,
    /// Number of ways.
    pub ways: usize,
}

/// The probability of overfitting of trials, each with as many slices, an even number up to 24.
#[must_use]
pub fn overfitting(trials: &[Vec<Slice>]) -> Option<Overfitting> {
    let count = trials.first()?.len();
    let fits = |trial: &Vec<Slice>| trial.len() == count && trial.iter().all(|s| s.count >= 2.0);
    if trials.len() < 2 || count < 2 || count % 2 == 1 || count > 24 || !trials.iter().all(fits) {
        return None;
    }
    let fours: Vec<Part> = trials.chunks(LANES).flat_map(|four| abreast(four, count)).collect();
    // Each half with the first slice stands for itself and, the sides exchanged, for the other half.
    let halves =
        (0..1_u32 << count).filter(|half| half & 1 == 1 && half.count_ones() as usize == count / 2);
    let (mut ways, mut fooled) = (0, 0);
    let mut sides = [Vec::new(), Vec::new()];
    for half in halves {
        let (within, without): (Vec<_>, Vec<_>) =
            (0..count).partition(|index| half >> index & 1 == 1);
        sides.iter_mut().for_each(Vec::clear);
        for four in fours.chunks_exact(count) {
            let found = [&within, &without].map(|members| ratio(four, members));
            sides.iter_mut().zip(found).for_each(|(side, four)| side.extend(four.to_array()));
        }
        let [one, other] = sides.each_ref().map(|side| &side[..trials.len()]);
        ways += 2;
        fooled += usize::from(is_fooled(one, other)) + usize::from(is_fooled(other, one));
    }
    Some(Overfitting { probability: fooled as f64 / ways as f64, ways })
}

/// A part of the sessions of four trials.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    count: Lanes,
    sum: Lanes,
    squares: Lanes,
}

/// The slices of up to four trials, side by side.
fn abreast(trials: &[Vec<Slice>], count: usize) -> impl Iterator<Item = Part> {
    let lanes = move |index: usize, each: fn(&Slice) -> f64| {
        let of = |lane: usize| trials.get(lane).map_or(0.0, |trial| each(&trial[index]));
        Lanes::new(std::array::from_fn(of))
    };
    (0..count).map(move |index| Part {
        count: lanes(index, |slice| slice.count),
        sum: lanes(index, |slice| slice.sum),
        squares: lanes(index, |slice| slice.squares),
    })
}

/// Whether the trial that is best inside is not above the median outside.
fn is_fooled(inside: &[f64], outside: &[f64]) -> bool {
    let most = extent(inside).1;
    let best = inside.iter().position(|ratio| *ratio == most).unwrap_or_default();
    let chosen = outside[best];
    let below = outside.iter().filter(|ratio| **ratio < chosen).count() as f64;
    let equal = outside.iter().filter(|ratio| **ratio == chosen).count() as f64;
    // Equal ones share the mean of their ranks; the median of all ranks is (n + 1) / 2.
    below + (equal + 1.0) / 2.0 <= (outside.len() + 1) as f64 / 2.0
}

/// Sharpe ratios of one session on some of the slices: mean over population deviation, with one division
/// and one root. A trial that does nothing is neither good nor bad, also where it then falls short of the
/// risk-free rate by the same in each session: what its returns spread is rounding.
fn ratio(slices: &[Part], members: &[usize]) -> Lanes {
    let mut part = Part::default();
    for index in members {
        part.count += slices[*index].count;
        part.sum += slices[*index].sum;
        part.squares += slices[*index].squares;
    }
    let spread = part.count * part.squares - part.sum * part.sum;
    let is_still = spread.simd_le(part.count * part.count * 1e-24 + part.sum * part.sum * 1e-10);
    is_still.select(Lanes::ZERO, part.sum / spread.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::noise::normal;

    fn trials(count: u64, sessions: u64, seed: u64, edge: impl Fn(u64) -> f64) -> Vec<Vec<Slice>> {
        let returns = |trial: u64| -> Vec<f64> {
            let at = |session| normal(seed, trial * sessions + session) * 0.01 + edge(trial);
            (0..sessions).map(at).collect()
        };
        (0..count).map(|trial| slices(&returns(trial), 10)).collect()
    }

    #[test]
    fn a_trial_that_is_best_on_every_half_is_not_overfit_and_mirrored_ones_are() {
        let steady = |mean: f64| [mean + 0.1, mean - 0.1].repeat(20);
        let good: Vec<_> = [0.05, 0.0, -0.05].map(|mean| slices(&steady(mean), 4)).into();
        assert_eq!(overfitting(&good), Some(Overfitting { probability: 0.0, ways: 6 }));
        // Each is best on one half only because it is worst on the other.
        let [up, down] = [steady(0.05), steady(-0.05)];
        let mirrored = [[&up[..], &down].concat(), [&down[..], &up].concat()];
        let mirrored: Vec<_> = mirrored.iter().map(|returns| slices(returns, 2)).collect();
        assert_eq!(overfitting(&mirrored), Some(Overfitting { probability: 1.0, ways: 2 }));
    }

    #[test]
    fn on_pure_noise_it_is_near_one_half_and_a_planted_edge_is_found() {
        let noise = |seed| overfitting(&trials(40, 500, seed, |_| 0.0)).unwrap().probability;
        let mean = (0..20).map(noise).sum::<f64>() / 20.0;
        assert!((mean - 0.5).abs() < 0.1, "{mean}");
        let edge = |trial| if trial == 7 { 0.003 } else { 0.0 };
        assert!(overfitting(&trials(40, 500, 1, edge)).unwrap().probability < 0.05);
    }

    #[test]
    fn where_every_trial_earns_nothing_in_all_the_best_of_one_half_is_the_worst_of_the_other() {
        // The paper's case of full overfitting: noise with its mean taken out of every trial.
        let centred = |trial: u64| -> Vec<f64> {
            let noise: Vec<f64> = (0..1000).map(|at| normal(21, trial * 1000 + at)).collect();
            let mean = noise.iter().sum::<f64>() / 1000.0;
            noise.iter().map(|value| value - mean).collect()
        };
        let trials: Vec<_> = (0..100).map(|trial| slices(&centred(trial), 16)).collect();
        let found = overfitting(&trials).unwrap();
        assert_eq!(found.ways, 12_870, "16 over 8");
        assert!(found.probability > 0.99, "{}", found.probability);
    }

    /// One trial and one number after the other.
    fn plainly(trials: &[Vec<Slice>], half: u32) -> Vec<f64> {
        let ratio = |trial: &Vec<Slice>| {
            let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
            for (_, slice) in trial.iter().enumerate().filter(|(at, _)| half >> at & 1 == 1) {
                count += slice.count;
                sum += slice.sum;
                squares += slice.squares;
            }
            let mean: f64 = sum / count;
            let variance = squares / count - mean * mean;
            if variance <= 1e-24 + 1e-10 * mean * mean { 0.0 } else { mean / variance.sqrt() }
        };
        trials.iter().map(ratio).collect()
    }

    #[test]
    fn four_trials_side_by_side_have_the_ratios_of_one_after_the_other() {
        for count in 2..=9 {
            let mut trials = trials(count, 60, count, |_| 0.0);
            trials[1] = slices(&[0.0; 60], 10);
            let fours: Vec<Part> =
                trials.chunks(LANES).flat_map(|four| abreast(four, 10)).collect();
            for half in [0b11111, 0b10_1010_1011, 0b11_0110_0001] {
                let members: Vec<usize> = (0..10).filter(|at| half >> at & 1 == 1).collect();
                let found =
                    fours.chunks_exact(10).flat_map(|four| ratio(four, &members).to_array());
                for (found, plain) in found.zip(plainly(&trials, half)) {
                    assert!((found - plain).abs() <= 1e-12 * plain.abs(), "{found} {plain}");
                }
            }
        }
    }

    #[test]
    fn a_trial_that_earns_the_same_in_every_session_is_still() {
        for rate in [-0.02_f64, 0.01, 0.053] {
            let constant: Vec<f64> = vec![rate / 252.0; 1261];
            let trials = [slices(&constant, 10)];
            let part: Vec<Part> = abreast(&trials, 10).collect();
            for members in [&[0, 1, 2, 3, 4][..], &[1, 4, 5, 7, 9]] {
                assert_eq!(ratio(&part, members).to_array()[0], 0.0, "{rate}");
            }
        }
    }

    #[test]
    fn a_slice_has_the_sums_of_its_returns() {
        for count in 0..11 {
            // Whole numbers, whose sums are exact in any order.
            let returns: Vec<f64> = (0..count).map(|at| f64::from(at * 7 % 11 - 5)).collect();
            let [all] = slices(&returns, 1)[..] else { panic!("one slice") };
            assert_eq!(all.count, f64::from(count));
            assert_eq!(all.sum, returns.iter().sum::<f64>());
            assert_eq!(all.squares, returns.iter().map(|value| value * value).sum::<f64>());
        }
        let lengths = slices(&[0.0; 23], 5).into_iter().map(|slice| slice.count);
        assert_eq!(lengths.collect::<Vec<_>>(), [4.0, 5.0, 4.0, 5.0, 5.0]);
    }

    #[test]
    fn too_few_trials_or_sessions_prove_nothing() {
        assert_eq!(overfitting(&[]), None);
        assert_eq!(overfitting(&trials(1, 500, 1, |_| 0.0)), None);
        assert_eq!(overfitting(&[slices(&[0.1; 3], 2), slices(&[0.1; 3], 2)]), None);
    }
}
