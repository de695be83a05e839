//! A curve in one line of text, for a terminal.

/// From the lowest to the highest.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The curve in at most `columns` characters, each the mean of its part, from the lowest value (▁) to the
/// highest (█); `None` for a curve of fewer than two points, or one with a value that is no number.
#[must_use]
pub fn line(values: &[f64], columns: usize) -> Option<String> {
    if values.len() < 2 || columns == 0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let columns = columns.min(values.len());
    let part = |column: usize| {
        &values[column * values.len() / columns..(column + 1) * values.len() / columns]
    };
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let means: Vec<f64> = (0..columns).map(|column| mean(part(column))).collect();
    let lowest = means.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let level = |value: f64| {
        let share = if highest > lowest { (value - lowest) / (highest - lowest) } else { 0.0 };
        // The highest value belongs to the top level, not above it.
        LEVELS[((share * LEVELS.len() as f64) as usize).min(LEVELS.len() - 1)]
    };
    Some(means.into_iter().map(level).collect())
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_rising_curve_has_every_level_and_a_flat_one_the_lowest() {
        let rising: Vec<f64> = (0..80).map(f64::from).collect();
        assert_eq!(line(&rising, 8).unwrap(), "▁▂▃▄▅▆▇█");
        assert_eq!(line(&[5.0; 4], 8).unwrap(), "▁▁▁▁");
        assert_eq!(line(&[1.0, 0.0, 1.0], 3).unwrap(), "█▁█");
    }

    #[test]
    fn what_is_no_curve_has_no_line() {
        assert_eq!(line(&[], 8), None);
        assert_eq!(line(&[1.0], 8), None);
        assert_eq!(line(&[1.0, f64::NAN], 8), None);
    }
}
