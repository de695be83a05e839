//! Sums, moments and extents that the statistics share.
//!
//! Sums run in one fixed order with a carried correction (Neumaier 1974, "Rundungsfehleranalyse einiger
//! Verfahren zur Summation endlicher Summen"), so they depend on nothing but the numbers and lose
//! no digits where gains and losses cancel. Every fourth value goes to the same of four sums, which a
//! processor adds side by side; at the end they become one.

/// Numbers that are worked on side by side.
pub(super) type Lanes = wide::f64x4;
/// How many they are.
pub(super) const LANES: usize = 4;

/// A sum under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    total: Lanes,
    lost: Lanes,
}

impl Sum {
    /// Adds the next values, in their order; zeros where there are no more. What the rounded totals
    /// lose is found without asking which of two numbers is larger (Knuth, "The Art of Computer
    /// Programming", volume 2, 4.2.2, theorem B): the same number, and no branch to guess wrongly.
    #[inline(always)]
    pub(super) fn add(&mut self, values: Lanes) {
        let next = self.total + values;
        let of_values = next - self.total;
        self.lost += (self.total - (next - of_values)) + (values - of_values);
        self.total = next;
    }

    /// What was added so far.
    pub(super) fn value(self) -> f64 {
        let (mut total, mut lost) = (0.0, 0.0);
        for (of_lane, lost_there) in self.total.to_array().into_iter().zip(self.lost.to_array()) {
            let (next, error) = two_sum(total, of_lane);
            total = next;
            lost += error + lost_there;
        }
        total + lost
    }
}

/// A rounded sum and what rounding took away.
#[inline(always)]
fn two_sum(one: f64, other: f64) -> (f64, f64) {
    let next = one + other;
    let of_other = next - one;
    (next, (one - (next - of_other)) + (other - of_other))
}

/// Sum of the values.
pub(super) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values = values.into_iter().fuse();
    let mut sum = Sum::default();
    while let Some(first) = values.next() {
        let mut four = [first; LANES];
        four[1..].fill_with(|| values.next().unwrap_or(0.0));
        sum.add(Lanes::new(four));
    }
    sum.value()
}

/// Sum of what becomes of each value, with the bits of [`sum`].
#[inline(always)]
pub(super) fn sum_of(values: &[f64], each: impl Fn(Lanes) -> Lanes) -> f64 {
    let [sum] = sums_of(values, |value| [each(value)]);
    sum
}

/// Several sums of what becomes of each value, side by side.
#[inline(always)]
pub(super) fn sums_of<const N: usize>(
    values: &[f64],
    each: impl Fn(Lanes) -> [Lanes; N],
) -> [f64; N] {
    let mut sums = [Sum::default(); N];
    let (fours, rest) = values.as_chunks::<LANES>();
    for four in fours {
        let values = each(Lanes::new(*four));
        sums.iter_mut().zip(values).for_each(|(sum, value)| sum.add(value));
    }
    let last = of_rest(rest, each);
    sums.iter_mut().zip(last).for_each(|(sum, value)| sum.add(value));
    sums.map(Sum::value)
}

/// Several sums of squares side by side, of what `each` makes of each value. Squares do not cancel, so
/// only the sums of whole blocks carry a correction: half the work, and still exact to a rounding step
/// or two.
#[inline(always)]
pub(super) fn sums_of_squares<const N: usize>(
    values: &[f64],
    each: impl Fn(Lanes) -> [Lanes; N],
) -> [f64; N] {
    let mut sums = [Sum::default(); N];
    for block in values.chunks(BLOCK) {
        let mut parts = [Lanes::ZERO; N];
        let (fours, rest) = block.as_chunks::<LANES>();
        for four in fours {
            let values = each(Lanes::new(*four));
            parts.iter_mut().zip(values).for_each(|(part, value)| *part += value * value);
        }
        let last = of_rest(rest, &each);
        parts.iter_mut().zip(last).for_each(|(part, value)| *part += value * value);
        sums.iter_mut().zip(parts).for_each(|(sum, part)| sum.add(part));
    }
    sums.map(Sum::value)
}

/// What becomes of the last values, fewer than there are lanes, and zeros beside it.
fn of_rest<const N: usize>(rest: &[f64], each: impl Fn(Lanes) -> [Lanes; N]) -> [Lanes; N] {
    let mut four = [0.0; LANES];
    four[..rest.len()].copy_from_slice(rest);
    each(Lanes::new(four)).map(|values| {
        let mut values = values.to_array();
        values[rest.len()..].fill(0.0);
        Lanes::new(values)
    })
}

/// Squares that are added without a correction.
const BLOCK: usize = 64;

/// Arithmetic mean; `None` when empty.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| sum_of(values, |value| value) / values.len() as f64)
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
    let [squares] = sums_of_squares(values, |value| [value - mean]);
    squares
}

/// The lowest and the highest of some values.
pub(super) fn extent(values: &[f64]) -> (f64, f64) {
    let (fours, rest) = values.as_chunks();
    let (mut least, mut most) = (Lanes::splat(f64::INFINITY), Lanes::splat(f64::NEG_INFINITY));
    for four in fours {
        let four = Lanes::new(*four);
        (least, most) = (least.fast_min(four), most.fast_max(four));
    }
    let all = least.to_array().into_iter().zip(most.to_array());
    all.chain(rest.iter().map(|value| (*value, *value))).fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(least, most), (low, high)| {
            (if low < least { low } else { least }, if high > most { high } else { most })
        },
    )
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
    let moment = |power: fn(Lanes) -> Lanes| sum_of(values, |value| power(value - mean)) / n;
    let variance = moment(|d| d * d);
    let (third, fourth) = (moment(|d| d * d * d), moment(|d| d * d * d * d));
    Some((third / (variance * variance.sqrt()), fourth / (variance * variance)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_keeps_what_cancellation_would_lose() {
        let sum = |values: &[f64]| {
            let sum = sum(values.iter().copied());
            assert_eq!(sum.to_bits(), sum_of(values, |value| value).to_bits());
            sum
        };
        assert_eq!(sum(&[1.0, 1e100, 1.0, -1e100]), 2.0);
        // Within one of the four sums too.
        let mut apart = [0.0; 16];
        (apart[0], apart[4], apart[8], apart[12]) = (1.0, 1e100, 1.0, -1e100);
        assert_eq!(sum(&apart), 2.0);
        assert_eq!(sum(&[]), 0.0);
        assert_eq!(sum(&[0.1; 10]), 1.0);
    }

    #[test]
    fn squares_add_up_to_the_last_digit_over_many_blocks() {
        // 1 + 4 + ... + n^2 = n (n + 1) (2 n + 1) / 6, all of it exact.
        for n in [0, 1, 3, 63, 64, 65, 500] {
            let values: Vec<f64> = (1..=n).map(f64::from).collect();
            let [found] = sums_of_squares(&values, |value| [value]);
            assert_eq!(found, f64::from(n * (n + 1) * (2 * n + 1) / 6));
        }
        let [found] = sums_of_squares(&[0.1; 10_000], |value| [value]);
        assert!((found - 100.0).abs() < 1e-12, "{found}");
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
