//! Sums, moments and extremes over a sliding window, by doubling.
//!
//! The summary of a window of 20 bars is joined from summaries of 10, those from 5, those from 4 and
//! 1, and so on: about log2(window) joins a bar, shared by all windows. Nothing is ever subtracted, so
//! - a value depends on the bars of its window and on nothing before them: no drift over millions of
//!   bars, and a sub-range of a series gives the very same bits as the whole;
//! - rounding grows with the logarithm of the window only;
//! - a missing input (NaN) makes the values of exactly those windows missing that contain it.
//!
//! [`Rolling`] takes one bar at a time, [`roll`] a whole column; both make the same joins in the same
//! order and agree bit for bit. What is summarised is left to the implementors of [`Fold`].

use super::window::Window;

/// Outputs that are worked at once by [`roll`]: its scratch columns stay in the first-level cache.
const BLOCK: usize = 1024;

/// A summary of consecutive inputs that can be joined from the summaries of its two parts.
pub(super) trait Fold {
    /// The summary.
    type Item: Copy;

    /// The summary of what is not there; joining it with anything gives something not finite.
    const MISSING: Self::Item;

    /// The summary of one input.
    fn of(x: f64) -> Self::Item;

    /// The summary of two neighbouring stretches.
    fn join(older: Self::Item, newer: Self::Item, sizes: &Sizes) -> Self::Item;

    /// The summaries of single inputs, made in `room` when they are not the inputs themselves.
    fn lift<'a>(xs: &'a [f64], room: &'a mut Vec<Self::Item>) -> &'a [Self::Item] {
        room.clear();
        room.extend(xs.iter().map(|x| Self::of(*x)));
        room
    }
}

/// How many inputs the two parts of a join hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) older: f64,
    pub(super) newer: f64,
    /// 1 / (older x newer x (older + newer)), the weight of the squared difference in a variance.
    pub(super) spread: f64,
}

impl Sizes {
    #[expect(clippy::cast_precision_loss, reason = "a window has at most 1,000,000 bars")]
    fn new(older: usize, newer: usize) -> Self {
        let (older, newer) = (older as f64, newer as f64);
        Self { older, newer, spread: 1.0 / (older * newer * (older + newer)) }
    }
}

/// One join of the plan: the part reached so far becomes the newer one.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The older part is one input rather than the part reached so far, some bars ago.
    older_is_input: bool,
    older: usize,
    newer: usize,
    sizes: Sizes,
}

impl Step {
    fn new(older: usize, newer: usize, older_is_input: bool) -> Self {
        Self { older_is_input, older, newer, sizes: Sizes::new(older, newer) }
    }

    /// The older and the newer parts of each join, by the row at which the older ones begin.
    fn parts<'a, T>(&self, inputs: &'a [T], reached: &'a [T]) -> (&'a [T], &'a [T]) {
        (if self.older_is_input { inputs } else { reached }, &reached[self.older..])
    }
}

/// The joins that lead from one input to the window, by the binary digits of its length.
fn plan(window: Window) -> Vec<Step> {
    let bars = window.bars();
    let mut steps = Vec::new();
    let mut size = 1;
    for digit in (0..bars.ilog2()).rev() {
        steps.push(Step::new(size, size, false));
        size *= 2;
        if bars >> digit & 1 == 1 {
            steps.push(Step::new(1, size, true));
            size += 1;
        }
    }
    steps
}

/// A window that moves one input at a time.
#[derive(Clone, Debug)]
pub(super) struct Rolling<F: Fold> {
    stages: Vec<Stage<F::Item>>,
    bars: usize,
    last: f64,
    run: usize,
}

/// A join and the older parts that wait for it.
#[derive(Clone, Debug)]
struct Stage<T> {
    step: Step,
    waiting: Vec<T>,
    next: usize,
}

impl<F: Fold> Rolling<F> {
    pub(super) fn new(window: Window) -> Self {
        let stages = plan(window)
            .into_iter()
            .map(|step| Stage { step, waiting: vec![F::MISSING; step.newer], next: 0 })
            .collect();
        Self { stages, bars: window.bars(), last: f64::NAN, run: 0 }
    }

    /// Takes the next input and gives the summary of the window that ends with it.
    #[inline]
    pub(super) fn update(&mut self, x: f64) -> F::Item {
        self.run = if x == self.last { self.run + 1 } else { 1 };
        self.last = x;
        let input = F::of(x);
        let mut level = input;
        for stage in &mut self.stages {
            let arriving = if stage.step.older_is_input { input } else { level };
            let older = std::mem::replace(&mut stage.waiting[stage.next], arriving);
            stage.next += 1;
            if stage.next == stage.waiting.len() {
                stage.next = 0;
            }
            level = F::join(older, level, &stage.step.sizes);
        }
        level
    }

    /// Whether all inputs of the window are equal, so that rounding can be left out of its mean.
    #[inline]
    pub(super) fn is_flat(&self) -> bool {
        self.run >= self.bars
    }
}

/// Writes `finish(summary, newest input)` of the window that ends at each row; NaN where there is none.
///
/// # Panics
/// When `out` is not as long as `xs`.
pub(super) fn roll<F: Fold>(
    xs: &[f64],
    window: Window,
    out: &mut [f64],
    finish: impl Fn(F::Item, f64) -> f64,
) {
    assert_eq!(xs.len(), out.len(), "an indicator column is as long as its input");
    let lead = window.bars() - 1;
    let rows = xs.len();
    out[..lead.min(rows)].fill(f64::NAN);
    let steps = plan(window);
    let Some((last, steps)) = steps.split_last() else {
        out.iter_mut().zip(xs).for_each(|(out, x)| *out = finite_or_nan(finish(F::of(*x), *x)));
        return;
    };
    let block = BLOCK.max(4 * lead);
    let (mut room, mut level, mut next) = (Vec::new(), Vec::new(), Vec::new());
    for start in (lead..rows).step_by(block) {
        let end = rows.min(start + block);
        let inputs = F::lift(&xs[start - lead..end], &mut room);
        for (index, step) in steps.iter().enumerate() {
            let (older, newer) = step.parts(inputs, if index == 0 { inputs } else { &level });
            let pairs = older.iter().zip(newer);
            next.clear();
            next.extend(pairs.map(|(older, newer)| F::join(*older, *newer, &step.sizes)));
            std::mem::swap(&mut level, &mut next);
        }
        let (older, newer) = last.parts(inputs, if steps.is_empty() { inputs } else { &level });
        let rows = out[start..end].iter_mut().zip(&xs[start..end]);
        for ((out, x), (older, newer)) in rows.zip(older.iter().zip(newer)) {
            *out = finite_or_nan(finish(F::join(*older, *newer, &last.sizes), *x));
        }
    }
}

/// Calls `flat(row)` for each row at which a window of equal, finite inputs ends.
///
/// Every window holds exactly one row of a grid as wide as the window, so only those are looked at.
pub(super) fn for_each_flat(xs: &[f64], window: Window, mut flat: impl FnMut(usize)) {
    let lead = window.bars() - 1;
    for anchor in (lead..xs.len()).step_by(window.bars()) {
        let x = xs[anchor];
        if !x.is_finite() {
            continue;
        }
        let before = xs[anchor - lead..anchor].iter().rev().take_while(|past| **past == x).count();
        let after = xs[anchor + 1..].iter().take(lead).take_while(|next| **next == x).count();
        for row in anchor - before + lead..=anchor + after {
            flat(row);
        }
    }
}

/// What is not finite is missing, in a column.
pub(super) fn finite_or_nan(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// What is not finite is missing, in a stream.
#[inline]
pub(super) fn defined(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Text;

    /// Joins the places of the inputs, so that a wrong neighbour shows.
    impl Fold for Text {
        type Item = (i64, i64);
        const MISSING: (i64, i64) = (i64::MIN, i64::MIN);

        #[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
        #[inline]
        fn of(x: f64) -> (i64, i64) {
            (x as i64, x as i64)
        }

        #[expect(clippy::cast_precision_loss, reason = "small whole numbers")]
        #[inline]
        fn join(older: (i64, i64), newer: (i64, i64), sizes: &Sizes) -> (i64, i64) {
            if older == Self::MISSING {
                return older;
            }
            assert_eq!(older.1 + 1, newer.0);
            assert_eq!((older.1 - older.0 + 1) as f64, sizes.older);
            assert_eq!((newer.1 - newer.0 + 1) as f64, sizes.newer);
            (older.0, newer.1)
        }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small whole numbers")]
    fn every_window_is_joined_from_neighbours_without_gap_or_overlap() {
        let xs: Vec<f64> = (0..3000).map(f64::from).collect();
        for bars in (1..70).chain([255, 256, 257, 1000]) {
            let window = Window::new("window", bars).unwrap();
            let mut rolling = Rolling::<Text>::new(window);
            let mut out = vec![0.0; xs.len()];
            roll::<Text>(&xs, window, &mut out, |(first, last), x| {
                assert_eq!(last as f64, x);
                first as f64
            });
            for (row, x) in xs.iter().enumerate() {
                let (first, last) = rolling.update(*x);
                if row + 1 < window.bars() {
                    assert!(out[row].is_nan());
                    continue;
                }
                assert_eq!(first as usize, row + 1 - window.bars());
                assert_eq!((first as f64, last as f64), (out[row], *x));
            }
        }
    }

    #[test]
    fn flat_windows_are_found_and_no_others() {
        let xs = [1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0, 1.0, f64::NAN, f64::NAN, f64::NAN, 5.0];
        let rows = |bars: i32| {
            let mut rows = Vec::new();
            for_each_flat(&xs, Window::new("window", bars).unwrap(), |row| rows.push(row));
            rows
        };
        assert_eq!(rows(3), [3, 4, 7]);
        assert_eq!(rows(4), [4]);
        assert_eq!(rows(5), [0_usize; 0]);
        assert_eq!(rows(2), [2, 3, 4, 6, 7]);
    }
}
