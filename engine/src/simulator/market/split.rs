//! Cuts a bar into shorter bars that aggregate back to it exactly.

use super::noise;

/// A bar in whole cents and whole shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// First price, cents.
    pub(crate) open: i64,
    /// Highest price, cents.
    pub(crate) high: i64,
    /// Lowest price, cents.
    pub(crate) low: i64,
    /// Last price, cents.
    pub(crate) close: i64,
    /// Shares traded before the bar on its day.
    pub(crate) before: u64,
    /// Shares traded.
    pub(crate) volume: u64,
}

impl Base {
    /// The bar together with the one after it.
    pub(crate) fn and(self, next: Self) -> Self {
        Self {
            high: self.high.max(next.high),
            low: self.low.min(next.low),
            close: next.close,
            volume: self.volume + next.volume,
            ..self
        }
    }
}

/// Cuts `bar` into `parts` bars: a path leads from the open to the close and touches the high and the
/// low once, and the volume is heavier at both ends.
pub(crate) fn cut(bar: &Base, parts: usize, seed: u64) -> Vec<Base> {
    if parts <= 1 {
        return vec![*bar];
    }
    let (at_high, at_low) = turning_points(parts, seed);
    let path = path(bar, parts, at_high, at_low, seed);
    let wick = (bar.high - bar.low) as f64 / (parts as f64).sqrt() / 2.0;
    let reach = |row: usize, side: i64| {
        (noise::uniform(noise::key(seed, 4 * row as i64 + side)) * wick) as i64
    };
    let shares = shares(bar, parts, seed);
    let mut bars: Vec<Base> = (0..parts)
        .map(|row| {
            let (open, close) = (path[row], path[row + 1]);
            Base {
                open,
                high: (open.max(close) + reach(row, 1)).min(bar.high),
                low: (open.min(close) - reach(row, 2)).max(bar.low),
                close,
                before: shares[row],
                volume: shares[row + 1] - shares[row],
            }
        })
        .collect();
    bars[at_high].high = bar.high;
    bars[at_low].low = bar.low;
    bars
}

/// The parts in which the high and the low lie.
fn turning_points(parts: usize, seed: u64) -> (usize, usize) {
    let pick = |salt| (noise::uniform(noise::key(seed, salt)) * parts as f64) as usize;
    let at_high = pick(-1).min(parts - 1);
    let at_low = pick(-2).min(parts - 1);
    if at_low == at_high { (at_high, (at_low + 1) % parts) } else { (at_high, at_low) }
}

/// Prices at the `parts + 1` ends of the parts.
fn path(bar: &Base, parts: usize, at_high: usize, at_low: usize, seed: u64) -> Vec<i64> {
    let mut knots = vec![(0, bar.open), (parts, bar.close)];
    // The ends of the first part that are not the ends of the bar itself.
    knots.extend((at_high > 0).then_some((at_high, bar.high)));
    knots.extend((at_low > 0).then_some((at_low, bar.low)));
    knots.sort_unstable();
    let step = (bar.high - bar.low) as f64 / (parts as f64).sqrt() / 2.0;
    let mut path = vec![bar.open; parts + 1];
    for pair in knots.windows(2) {
        let ((from, start), (to, end)) = (pair[0], pair[1]);
        bridge(&mut path[from..=to], (start, end), step, noise::key(seed, -3 - from as i64));
    }
    for price in &mut path {
        *price = inside(*price, bar);
    }
    path
}

/// A price reflected at the low and the high until it lies between them.
fn inside(price: i64, bar: &Base) -> i64 {
    let range = bar.high - bar.low;
    if range == 0 {
        return bar.low;
    }
    let folded = (price - bar.low).rem_euclid(2 * range);
    bar.low + if folded > range { 2 * range - folded } else { folded }
}

/// A random walk that is bent so that it leads from `start` to `end`.
fn bridge(path: &mut [i64], (start, end): (i64, i64), step: f64, seed: u64) {
    let length = path.len() - 1;
    let mut walk = Vec::with_capacity(path.len());
    let mut sum = 0.0;
    for row in 0..=length {
        walk.push(sum);
        sum += step * noise::normal(noise::key(seed, row as i64));
    }
    let drift = (end - start) as f64 - walk[length];
    for (row, price) in path.iter_mut().enumerate() {
        let share = row as f64 / length.max(1) as f64;
        *price = start + (walk[row] + drift * share).round() as i64;
    }
    path[0] = start;
    path[length] = end;
}

/// Shares traded on the day before each part, and after the last.
fn shares(bar: &Base, parts: usize, seed: u64) -> Vec<u64> {
    let weights: Vec<u128> = (0..parts)
        .map(|row| {
            let middle = 2.0 * (row as f64 + 0.5) / parts as f64 - 1.0;
            let chance = 0.5 + noise::uniform(noise::key(seed, 4 * row as i64 + 3));
            ((0.4 + middle * middle * 1.8) * chance * 1000.0) as u128 + 1
        })
        .collect();
    let total: u128 = weights.iter().sum();
    let mut sum = 0;
    let mut shares = Vec::with_capacity(parts + 1);
    for weight in std::iter::once(0).chain(weights) {
        sum += weight;
        shares.push(bar.before + (u128::from(bar.volume) * sum / total) as u64);
    }
    shares
}
