//! How returns are distributed: bins around zero, as a picture of vectors.

use crate::report::number::{count, percent};

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 210.0;
/// Room for the labels below.
const FOOT: f64 = 26.0;
/// Room for the names of marks above the bars, a line each.
const HEAD: f64 = 32.0;
/// Height of such a line.
const LINE: usize = 14;
/// Bins on either side of zero.
const SIDE: usize = 15;
/// Where the outermost bins begin, in standard deviations; what lies beyond is counted there.
const REACH: f64 = 3.5;

/// How often returns fell into each bin.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Histogram {
    /// Width of a bin, as a fraction.
    pub(super) step: f64,
    /// From the lowest to the highest; the first and the last hold whatever lies beyond.
    pub(super) counts: Vec<usize>,
    pub(super) mean: f64,
}

impl Histogram {
    /// `None` when there is nothing to distribute: no return, or all of them zero.
    pub(super) fn of(returns: &[f64]) -> Option<Self> {
        let number = returns.len() as f64;
        let mean = returns.iter().sum::<f64>() / number;
        let square = returns.iter().map(|value| value * value).sum::<f64>() / number;
        let step = REACH * square.sqrt() / SIDE as f64;
        if step <= 0.0 || !step.is_finite() {
            return None;
        }
        let mut counts = vec![0; 2 * SIDE];
        for value in returns {
            let bin = (value / step).floor() + SIDE as f64;
            counts[bin.clamp(0.0, (2 * SIDE - 1) as f64) as usize] += 1;
        }
        Some(Self { step, counts, mean })
    }

    fn edge(&self, bin: usize) -> f64 {
        (bin as f64 - SIDE as f64) * self.step
    }

    fn across(&self, value: f64) -> f64 {
        let reach = SIDE as f64 * self.step;
        ((value + reach) / (2.0 * reach)).clamp(0.0, 1.0) * WIDTH
    }

    /// The picture; `marks` are values with a name, drawn as lines.
    pub(super) fn svg(&self, name: &str, marks: &[(&str, f64)]) -> String {
        let most = self.counts.iter().copied().max().unwrap_or(1).max(1);
        let mut text = format!(
            "<svg class=\"histogram\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{name}: {}\">",
            self.described(marks)
        );
        for (bin, found) in self.counts.iter().enumerate() {
            text.push_str(&self.bar(bin, *found, most));
        }
        let base = HEIGHT - FOOT;
        text.push_str(&format!("<path class=\"axis\" d=\"M0 {base}H{WIDTH}\"/>"));
        // From the left to the right each name stands a line lower and right of its mark, which begins at
        // that line: so no name is crossed by the mark of another.
        let mut sorted = marks.to_vec();
        sorted.sort_by(|one, other| one.1.total_cmp(&other.1));
        for (place, (label, value)) in sorted.iter().enumerate() {
            let (x, y) = (self.across(*value), 11 + LINE * place);
            let top = 2 + LINE * place;
            let (anchor, shift) = if x > WIDTH * 0.7 { ("end", -4.0) } else { ("start", 4.0) };
            text.push_str(&format!(
                "<path class=\"mark\" d=\"M{x:.1} {top}V{base}\"/><text class=\"label\" x=\"{:.1}\" y=\"{y}\" \
                 text-anchor=\"{anchor}\">{label} {}</text>",
                x + shift,
                percent(*value)
            ));
        }
        let reach = self.edge(2 * SIDE);
        for value in steps(-reach, reach, 5) {
            let x = self.across(value);
            let anchor = match x {
                x if x < 24.0 => "start",
                x if x > WIDTH - 24.0 => "end",
                _ => "middle",
            };
            text.push_str(&format!(
                "<text x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                HEIGHT - 9.0,
                percent(value)
            ));
        }
        text + "</svg>"
    }

    fn bar(&self, bin: usize, found: usize, most: usize) -> String {
        let width = WIDTH / self.counts.len() as f64;
        let height = (HEIGHT - FOOT - HEAD) * found as f64 / most as f64;
        let class = if bin < SIDE { "loss" } else { "gain" };
        let (low, high) = (self.edge(bin), self.edge(bin + 1));
        let span = match bin {
            0 => format!("below {}", percent(high)),
            last if last + 1 == self.counts.len() => format!("{} and above", percent(low)),
            _ => format!("{} to {}", percent(low), percent(high)),
        };
        format!(
            "<rect class=\"{class}\" x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{height:.2}\">\
             <title>{span}: {}</title></rect>",
            bin as f64 * width + 0.5,
            HEIGHT - FOOT - height,
            width - 1.0,
            count(found as u64)
        )
    }

    fn described(&self, marks: &[(&str, f64)]) -> String {
        let marks: Vec<String> =
            marks.iter().map(|(name, value)| format!("{name} {}", percent(*value))).collect();
        let total: usize = self.counts.iter().sum();
        format!("{} returns, {}", count(total as u64), marks.join(", "))
    }
}

/// Round values between two others, at most `most` steps.
pub(super) fn steps(low: f64, high: f64, most: usize) -> Vec<f64> {
    let span = high - low;
    if span <= 0.0 || !span.is_finite() {
        return Vec::new();
    }
    let power = 10_f64.powf((span / most as f64).log10().floor());
    let fits = |step: &f64| span / step <= most as f64;
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|part| part * power).into_iter().find(fits);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|at| at as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_meet_at_zero_and_the_outermost_take_what_lies_beyond() {
        let mut returns = vec![0.01, -0.01, 0.0, 0.01];
        returns.extend([0.0; 96]);
        returns.push(9.0);
        let histogram = Histogram::of(&returns).unwrap();
        assert_eq!(histogram.counts.iter().sum::<usize>(), 101);
        assert_eq!(histogram.counts[SIDE], 99);
        assert_eq!(histogram.counts[SIDE - 1], 1);
        assert_eq!(histogram.counts[2 * SIDE - 1], 1);
        assert_eq!(histogram.edge(SIDE), 0.0);
        let svg = histogram.svg("Returns", &[("mean", histogram.mean)]);
        assert_eq!(svg.matches("<rect").count(), 2 * SIDE);
    }

    #[test]
    fn no_bar_reaches_the_names_of_the_marks() {
        let histogram = Histogram::of(&[0.01, 0.011, -0.02, 0.01]).unwrap();
        let svg = histogram.svg("Returns", &[("mean", histogram.mean), ("VaR", -0.02)]);
        let of = |tag: &str, attribute: &str| -> Vec<f64> {
            let value = |text: &str| text.split('"').next().unwrap().parse().unwrap();
            let tags = svg.split(tag).skip(1);
            tags.map(|rest| value(rest.split(&format!(" {attribute}=\"")).nth(1).unwrap()))
                .collect()
        };
        let lowest = of("<text class=\"label\"", "y").into_iter().fold(0.0, f64::max);
        let highest = of("<rect", "y").into_iter().fold(HEIGHT, f64::min);
        assert!(lowest < highest, "{lowest} {highest}");
    }

    #[test]
    fn steps_are_round_and_hold_zero() {
        assert_eq!(steps(-0.3, 0.5, 5), [-0.2, 0.0, 0.2, 0.4]);
        assert_eq!(steps(-3.0, 3.0, 7), [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]);
        assert!(steps(1.0, 1.0, 5).is_empty());
    }

    #[test]
    fn nothing_has_no_distribution() {
        assert_eq!(Histogram::of(&[]), None);
        assert_eq!(Histogram::of(&[0.0, 0.0]), None);
    }
}
