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

use std::marker::PhantomData;

use super::window::Window;
use crate::lanes::widest;

/// Outputs that are worked at once by [`roll`]: its scratch columns stay in the first-level cache.
const BLOCK: usize = 1024;

/// A summary of consecutive inputs, of `K` numbers, that can be joined from the summaries of its two parts.
pub(super) trait Fold<const K: usize> {
    /// The summary of one input; of NaN, one that makes every join with it not finite.
    fn of(x: f64) -> [f64; K];

    /// The summary of two neighbouring stretches.
    fn join(older: [f64; K], newer: [f64; K], sizes: &Sizes) -> [f64; K];

    /// The summaries of single inputs, as columns; `zeros` is as long as the inputs.
    fn columns<'a>(xs: &'a [f64], zeros: &'a [f64]) -> [&'a [f64]; K];
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
    fn parts<'a, const K: usize>(
        &self,
        inputs: [&'a [f64]; K],
        reached: [&'a [f64]; K],
    ) -> ([&'a [f64]; K], [&'a [f64]; K]) {
        let older = if self.older_is_input { inputs } else { reached };
        (older, reached.map(|column| &column[self.older..]))
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
pub(super) struct Rolling<F, const K: usize> {
    stages: Vec<Stage>,
    /// The parts that wait to become older ones, stage after stage, each stage a ring.
    waiting: Vec<[f64; K]>,
    /// The last inputs, a ring.
    inputs: Vec<f64>,
    now: usize,
    bars: usize,
    last: f64,
    run: usize,
    fold: PhantomData<F>,
}

/// A doubling and, for an odd size, the one more input that is joined after it.
#[derive(Clone, Copy, Debug)]
struct Stage {
    first: usize,
    mask: usize,
    double: Step,
    one_more: Option<Step>,
}

impl<F: Fold<K>, const K: usize> Rolling<F, K> {
    pub(super) fn new(window: Window) -> Self {
        let mut stages: Vec<Stage> = Vec::new();
        let mut first = 0;
        for step in plan(window) {
            if step.older_is_input {
                let stage = stages.last_mut().expect("a plan begins with a doubling");
                stage.one_more = Some(step);
            } else {
                // Rings of a power of two, so that a mask finds the place.
                let places = step.newer.next_power_of_two();
                stages.push(Stage { first, mask: places - 1, double: step, one_more: None });
                first += places;
            }
        }
        Self {
            stages,
            waiting: vec![[f64::NAN; K]; first],
            inputs: vec![f64::NAN; window.bars().next_power_of_two()],
            now: 0,
            bars: window.bars(),
            last: f64::NAN,
            run: 0,
            fold: PhantomData,
        }
    }

    /// Takes the next input and gives the summary of the window that ends with it.
    #[inline]
    pub(super) fn update(&mut self, x: f64) -> [f64; K] {
        self.run = match x.is_finite() {
            true if x == self.last => self.run + 1,
            finite => usize::from(finite),
        };
        self.last = x;
        let now = self.now;
        self.now = now.wrapping_add(1);
        let mask = self.inputs.len() - 1;
        self.inputs[now & mask] = x;
        let mut level = F::of(x);
        for Stage { first, mask: places, double, one_more } in &self.stages {
            let older = self.waiting[first + (now.wrapping_sub(double.newer) & places)];
            self.waiting[first + (now & places)] = level;
            level = F::join(older, level, &double.sizes);
            if let Some(step) = one_more {
                let oldest = self.inputs[now.wrapping_sub(step.newer) & mask];
                level = F::join(F::of(oldest), level, &step.sizes);
            }
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
pub(super) fn roll<F: Fold<K>, const K: usize>(
    xs: &[f64],
    window: Window,
    out: &mut [f64],
    finish: impl Fn([f64; K], f64) -> f64 + Copy,
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
    let room = rows.min(block + lead);
    let zeros = vec![0.0; room];
    let mut levels = [const { Vec::new() }; K].map(|_: Vec<f64>| vec![0.0; room]);
    let mut next = levels.clone();
    for start in (lead..rows).step_by(block) {
        let end = rows.min(start + block);
        let inputs = F::columns(&xs[start - lead..end], &zeros[..lead + end - start]);
        let mut height = lead + end - start;
        for (index, step) in steps.iter().enumerate() {
            let reached = if index == 0 { inputs } else { top(&levels, height) };
            height -= step.older;
            let parts = step.parts(inputs, reached);
            widest(|| join_rows::<F, K>(step, parts, &mut next, height));
            std::mem::swap(&mut levels, &mut next);
        }
        let reached = if steps.is_empty() { inputs } else { top(&levels, height) };
        let parts = last.parts(inputs, reached);
        let (xs, out) = (&xs[start..end], &mut out[start..end]);
        widest(move || finish_rows::<F, K>(last, parts, xs, out, finish));
    }
}

/// The first rows of each column.
fn top<const K: usize>(columns: &[Vec<f64>; K], rows: usize) -> [&[f64]; K] {
    columns.each_ref().map(|column| &column[..rows])
}

/// One step for a block of rows.
#[inline(always)]
fn join_rows<F: Fold<K>, const K: usize>(
    step: &Step,
    (older, newer): ([&[f64]; K], [&[f64]; K]),
    out: &mut [Vec<f64>; K],
    rows: usize,
) {
    // Cut to one length beforehand, so that the loop needs no checks and is vectorised.
    let (older, newer) = (older.map(|column| &column[..rows]), newer.map(|column| &column[..rows]));
    let out = out.each_mut().map(|column| &mut column[..rows]);
    for row in 0..rows {
        let [older, newer] = [older, newer].map(|part| part.map(|column| column[row]));
        let joined = F::join(older, newer, &step.sizes);
        for part in 0..K {
            out[part][row] = joined[part];
        }
    }
}

/// The last step for a block of rows.
#[inline(always)]
fn finish_rows<F: Fold<K>, const K: usize>(
    step: &Step,
    (older, newer): ([&[f64]; K], [&[f64]; K]),
    xs: &[f64],
    out: &mut [f64],
    finish: impl Fn([f64; K], f64) -> f64,
) {
    let rows = out.len();
    let (older, newer) = (older.map(|column| &column[..rows]), newer.map(|column| &column[..rows]));
    for (row, (out, x)) in out.iter_mut().zip(xs).enumerate() {
        let [older, newer] = [older, newer].map(|part| part.map(|column| column[row]));
        *out = finite_or_nan(finish(F::join(older, newer, &step.sizes), *x));
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

    /// The first and the last place of a stretch of inputs that are their own places.
    struct Places;

    impl Fold<2> for Places {
        fn of(x: f64) -> [f64; 2] {
            [x, x]
        }

        fn join(older: [f64; 2], newer: [f64; 2], sizes: &Sizes) -> [f64; 2] {
            if older[0].is_nan() {
                return older;
            }
            assert_eq!(older[1] + 1.0, newer[0]);
            assert_eq!(older[1] - older[0] + 1.0, sizes.older);
            assert_eq!(newer[1] - newer[0] + 1.0, sizes.newer);
            [older[0], newer[1]]
        }

        fn columns<'a>(xs: &'a [f64], _: &'a [f64]) -> [&'a [f64]; 2] {
            [xs, xs]
        }
    }

    #[test]
    fn every_window_is_joined_from_neighbours_without_gap_or_overlap() {
        let xs: Vec<f64> = (0..3000).map(f64::from).collect();
        for bars in (1..70).chain([255, 256, 257, 1000]) {
            let window = Window::new("window", bars).unwrap();
            let mut rolling = Rolling::<Places, 2>::new(window);
            let mut out = vec![0.0; xs.len()];
            roll::<Places, 2>(&xs, window, &mut out, |[first, last], x| {
                assert_eq!(last, x);
                first
            });
            for (row, x) in xs.iter().enumerate() {
                let [first, last] = rolling.update(*x);
                if row + 1 < window.bars() {
                    assert!(first.is_nan() && out[row].is_nan());
                } else {
                    assert_eq!([first, last], [x + 1.0 - f64::from(bars), *x]);
                    assert_eq!(out[row], first);
                }
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
