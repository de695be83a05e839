//! Turns lines and polygons into how much of each pixel they cover, exactly in height and in eighths
//! in width. A shape that overlaps itself covers a pixel once.

/// Samples across one pixel.
const ACROSS: usize = 8;

/// The least share that is drawn.
const LEAST: f32 = 1e-3;

/// A point in pixels, y downwards.
pub(super) type Point = (f32, f32);

/// One shape at a time: fill or stroke it, then hand its pixels out.
pub(super) struct Coverage {
    width: usize,
    height: usize,
    /// By sample column, the intervals of y that the shape covers.
    columns: Vec<Vec<(f32, f32)>>,
    /// First and one past the last touched sample column.
    touched: (usize, usize),
    /// Of one pixel column, how much the coverage of each pixel differs from that of the one above.
    steps: Vec<f32>,
}

impl Coverage {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            columns: vec![Vec::new(); width * ACROSS],
            touched: (usize::MAX, 0),
            steps: vec![0.0; height + 2],
        }
    }

    /// Adds a line through `points` with round joins and ends.
    pub(super) fn stroke(&mut self, points: &[Point], radius: f32) {
        if let [only] = points {
            self.capsule(*only, *only, radius);
        }
        for pair in points.windows(2) {
            self.capsule(pair[0], pair[1], radius);
        }
    }

    /// Adds the inside of the polygon through `points` (even-odd).
    pub(super) fn fill(&mut self, points: &[Point]) {
        for (from, to) in points.iter().zip(points.iter().cycle().skip(1)) {
            let (from, to) = if from.0 <= to.0 { (*from, *to) } else { (*to, *from) };
            for column in self.samples(from.0, to.0) {
                let x = sample_x(column);
                if from.0 <= x && x < to.0 {
                    let y = from.1 + (to.1 - from.1) * (x - from.0) / (to.0 - from.0);
                    self.columns[column].push((y, y));
                    self.touch(column);
                }
            }
        }
        for column in &mut self.columns[touched_range(self.touched)] {
            column.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            for place in 0..column.len() / 2 {
                column[place] = (column[2 * place].0, column[2 * place + 1].0);
            }
            column.truncate(column.len() / 2);
        }
    }

    /// Adds everything within `radius` of the segment.
    fn capsule(&mut self, from: Point, to: Point, radius: f32) {
        let (left, right) = (from.0.min(to.0) - radius, from.0.max(to.0) + radius);
        for column in self.samples(left, right) {
            if let Some(interval) = capsule_interval(from, to, radius, sample_x(column)) {
                self.columns[column].push(interval);
                self.touch(column);
            }
        }
    }

    /// Sample columns between two x, inside the picture.
    fn samples(&self, left: f32, right: f32) -> std::ops::Range<usize> {
        let last = (self.width * ACROSS) as f32;
        let place = |x: f32| (x * ACROSS as f32).clamp(0.0, last) as usize;
        place(left.floor())..place(right.ceil())
    }

    fn touch(&mut self, column: usize) {
        self.touched = (self.touched.0.min(column), self.touched.1.max(column + 1));
    }

    /// Hands out every pixel that the shape covers with the covered share, and forgets the shape.
    pub(super) fn drain(&mut self, mut pixel: impl FnMut(usize, usize, f32)) {
        let touched = touched_range(self.touched);
        self.touched = (usize::MAX, 0);
        if touched.is_empty() {
            return;
        }
        for x in touched.start / ACROSS..=(touched.end - 1) / ACROSS {
            let (mut top, mut bottom) = (self.height, 0);
            for column in &mut self.columns[x * ACROSS..(x + 1) * ACROSS] {
                column.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
                let mut covered_to = 0.0_f32;
                for (from, to) in column.drain(..) {
                    let (from, to) = (from.max(covered_to), to.min(self.height as f32));
                    if from < to {
                        add(&mut self.steps, from, to);
                        top = top.min(from as usize);
                        bottom = bottom.max(to as usize + 1);
                        covered_to = to;
                    }
                }
            }
            let mut share = 0.0;
            for (y, step) in self.steps.iter_mut().enumerate().take(bottom + 1).skip(top) {
                share += std::mem::take(step);
                // Sums leave a little behind that nobody could see.
                if share > LEAST && y < self.height {
                    pixel(x, y, share.min(1.0));
                }
            }
        }
    }
}

fn touched_range((from, to): (usize, usize)) -> std::ops::Range<usize> {
    from.min(to)..to
}

fn sample_x(column: usize) -> f32 {
    (column as f32 + 0.5) / ACROSS as f32
}

/// Adds one sample column's interval: full coverage between its ends, in parts at the ends.
fn add(steps: &mut [f32], from: f32, to: f32) {
    const SHARE: f32 = 1.0 / ACROSS as f32;
    let (first, last) = (from as usize, to as usize);
    let (above, within) = (from - first as f32, to - last as f32);
    steps[first] += (1.0 - above) * SHARE;
    steps[first + 1] += above * SHARE;
    steps[last] -= (1.0 - within) * SHARE;
    steps[last + 1] -= within * SHARE;
}

/// Where the vertical line at `x` runs inside the capsule, which is convex: one interval or none.
fn capsule_interval(from: Point, to: Point, radius: f32, x: f32) -> Option<(f32, f32)> {
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    for end in [from, to] {
        let aside = x - end.0;
        if aside.abs() < radius {
            let reach = (radius * radius - aside * aside).sqrt();
            (low, high) = (low.min(end.1 - reach), high.max(end.1 + reach));
        }
    }
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length > 0.0 {
        let (nx, ny) = (-dy / length * radius, dx / length * radius);
        let corners = [
            (from.0 + nx, from.1 + ny),
            (to.0 + nx, to.1 + ny),
            (to.0 - nx, to.1 - ny),
            (from.0 - nx, from.1 - ny),
        ];
        for side in 0..4 {
            let (a, b) = (corners[side], corners[(side + 1) % 4]);
            if (a.0 <= x) != (b.0 <= x) {
                let y = a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0);
                (low, high) = (low.min(y), high.max(y));
            }
        }
    }
    (low < high).then_some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(coverage: &mut Coverage) -> f64 {
        let mut sum = 0.0;
        coverage.drain(|_, _, share| sum += f64::from(share));
        sum
    }

    #[test]
    fn covered_areas_are_those_of_geometry() {
        let mut coverage = Coverage::new(100, 100);
        coverage.fill(&[(10.0, 10.0), (30.5, 10.0), (30.5, 20.25), (10.0, 20.25)]);
        assert!((area(&mut coverage) - 20.5 * 10.25).abs() < 1e-3);
        coverage.fill(&[(10.0, 10.0), (50.0, 10.0), (30.0, 40.0)]);
        assert!((area(&mut coverage) - 600.0).abs() < 0.5);
        coverage.stroke(&[(50.0, 50.0)], 10.0);
        assert!((area(&mut coverage) - std::f64::consts::PI * 100.0).abs() < 0.5);
        coverage.stroke(&[(20.0, 20.0), (60.0, 50.0)], 2.0);
        let capsule = 50.0 * 4.0 + std::f64::consts::PI * 4.0;
        assert!((area(&mut coverage) - capsule).abs() < 0.5);
    }

    #[test]
    fn a_line_that_crosses_itself_covers_a_pixel_once_and_the_outside_is_cut() {
        let mut coverage = Coverage::new(50, 50);
        let there_and_back = [(-20.0, 25.5), (80.0, 25.5), (-20.0, 25.5)];
        coverage.stroke(&there_and_back, 0.5);
        let mut worst = 0.0_f32;
        let mut sum = 0.0;
        coverage.drain(|x, y, share| {
            assert!(x < 50 && y == 25, "{x} {y}");
            worst = worst.max(share);
            sum += share;
        });
        assert!((worst - 1.0).abs() < 1e-5 && (sum - 50.0).abs() < 1e-3);
        coverage.stroke(&[(10.0, -100.0), (10.0, 500.0)], 1.0);
        assert!((area(&mut coverage) - 100.0).abs() < 1e-2);
        assert!(area(&mut coverage) == 0.0, "a drained shape is forgotten");
    }
}
