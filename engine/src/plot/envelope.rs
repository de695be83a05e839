//! Thins a curve to what the picture can show: at most four points a pixel column (first, lowest,
//! highest, last), so that every extreme is drawn however many samples fall into a column.

use super::canvas::Point;

/// The points of one pixel column that decide how it looks.
#[derive(Clone, Copy)]
struct Column {
    pixel: f64,
    /// First, lowest, highest and last point, each with its place in the curve.
    kept: [(usize, Point); 4],
}

impl Column {
    fn begin(place: usize, point: Point) -> Self {
        Self { pixel: point.0.floor(), kept: [(place, point); 4] }
    }

    fn add(&mut self, place: usize, point: Point) {
        let [_, lowest, highest, last] = &mut self.kept;
        if point.1 < lowest.1.1 {
            *lowest = (place, point);
        }
        if point.1 > highest.1.1 {
            *highest = (place, point);
        }
        *last = (place, point);
    }

    fn end(mut self, curve: &mut Vec<Point>) {
        self.kept.sort_unstable_by_key(|(place, _)| *place);
        let mut before = None;
        for (place, point) in self.kept {
            if before != Some(place) {
                curve.push(point);
            }
            before = Some(place);
        }
    }
}

/// The runs of finite points of a curve whose x never falls, thinned.
///
/// A value that is not finite ends a run, so a gap stays a gap.
pub(super) fn thinned(points: impl IntoIterator<Item = Point>) -> Vec<Vec<Point>> {
    let mut runs = Vec::new();
    let mut run = Vec::new();
    let mut column: Option<Column> = None;
    for (place, point) in points.into_iter().enumerate() {
        if !point.1.is_finite() {
            column.take().into_iter().for_each(|column| column.end(&mut run));
            if !run.is_empty() {
                runs.push(std::mem::take(&mut run));
            }
            continue;
        }
        match &mut column {
            Some(column) if column.pixel == point.0.floor() => column.add(place, point),
            _ => {
                let begun = Column::begin(place, point);
                column.replace(begun).into_iter().for_each(|column| column.end(&mut run));
            }
        }
    }
    column.into_iter().for_each(|column| column.end(&mut run));
    if !run.is_empty() {
        runs.push(run);
    }
    runs
}

/// Lowest of `low` and highest of `high` by pixel column: x of the column's middle, low, high.
pub(super) fn bands(samples: impl IntoIterator<Item = (f64, f64, f64)>) -> Vec<(f64, f64, f64)> {
    let mut bands: Vec<(f64, f64, f64)> = Vec::new();
    for (x, low, high) in samples {
        let middle = x.floor() + 0.5;
        match bands.last_mut() {
            Some(band) if band.0 == middle => {
                *band = (middle, band.1.min(low), band.2.max(high));
            }
            _ => bands.push((middle, low, high)),
        }
    }
    bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_column_keeps_its_ends_and_extremes(
            values in prop::collection::vec(prop_oneof![9 => -1e6..1e6_f64, 1 => Just(f64::NAN)], 0..2000),
            step in 0.001..3.0_f64,
        ) {
            let points: Vec<Point> =
                values.iter().enumerate().map(|(i, v)| (i as f64 * step, *v)).collect();
            let kept: Vec<Point> = thinned(points.iter().copied()).concat();
            let mut columns: Vec<(f64, Vec<f64>)> = Vec::new();
            for (x, y) in points.iter().filter(|point| point.1.is_finite()) {
                match columns.last_mut() {
                    Some((pixel, ys)) if *pixel == x.floor() => ys.push(*y),
                    _ => columns.push((x.floor(), vec![*y])),
                }
            }
            for (pixel, ys) in &columns {
                let drawn: Vec<f64> =
                    kept.iter().filter(|(x, _)| x.floor() == *pixel).map(|(_, y)| *y).collect();
                let extremes = |ys: &[f64]| {
                    (ys.iter().copied().fold(f64::INFINITY, f64::min),
                     ys.iter().copied().fold(f64::NEG_INFINITY, f64::max))
                };
                prop_assert_eq!(extremes(ys), extremes(&drawn));
                prop_assert_eq!((ys[0], ys[ys.len() - 1]), (drawn[0], drawn[drawn.len() - 1]));
            }
            prop_assert!(kept.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        }
    }

    #[test]
    fn a_gap_ends_a_run_and_few_points_stay_as_they_are() {
        let points = [(0.0, 1.0), (5.0, f64::NAN), (10.0, 2.0), (20.0, 3.0)];
        assert_eq!(thinned(points), vec![vec![(0.0, 1.0)], vec![(10.0, 2.0), (20.0, 3.0)]]);
        assert_eq!(thinned([(0.0, f64::NAN)]), Vec::<Vec<Point>>::new());
    }

    #[test]
    fn a_band_holds_the_extremes_of_its_pixel_column() {
        let samples = [(0.1, 5.0, 6.0), (0.9, 3.0, 5.5), (1.2, 4.0, 9.0)];
        assert_eq!(bands(samples), [(0.5, 3.0, 6.0), (1.5, 4.0, 9.0)]);
    }
}
