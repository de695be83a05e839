//! Numbers as people read them: thousands separators, a fixed number of decimals, percent signs.
//!
//! Plain ASCII, so that a terminal without Unicode shows the same. What is undefined is `n/a`, and a
//! number that rounds to nothing has no minus sign.

/// What stands for an undefined figure.
pub const UNDEFINED: &str = "n/a";

/// `value` with `decimals` digits after the point and commas between thousands: `-12,345.68`.
///
/// Beyond 10^15 the digits would be noise, so such values are written as `1.23e18`. NaN and
/// infinity are `n/a`.
#[must_use]
pub fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return UNDEFINED.to_owned();
    }
    if value.abs() >= 1e15 {
        return format!("{value:.2e}");
    }
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let zero = digits.bytes().all(|byte| byte == b'0' || byte == b'.');
    let mut text = String::with_capacity(digits.len() + whole.len() / 3 + 1);
    if value.is_sign_negative() && !zero {
        text.push('-');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A whole number with commas between thousands.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A fraction as percent: 0.1234 is `12.34 %`.
#[must_use]
pub fn percent(fraction: f64) -> String {
    let text = grouped(fraction * 100.0, 2);
    if text == UNDEFINED { text } else { text + " %" }
}

/// A large number in short: `950`, `12.5 k`, `3.2 M`, `1.1 G`, with at most one digit after the point.
#[must_use]
pub fn short(value: f64) -> String {
    for (size, letter) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if value.abs() >= size && value.abs() < 1e15 {
            let text = grouped(value / size, 1);
            return format!("{} {letter}", text.strip_suffix(".0").unwrap_or(&text));
        }
    }
    plain(value)
}

/// A number with the decimals that it needs and no more, at most eight: a price, a parameter.
#[must_use]
pub fn plain(value: f64) -> String {
    let text = grouped(value, 8);
    match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_and_digits_rounded() {
        let cases = [
            (0.0, 2, "0.00"),
            (-0.001, 2, "0.00"),
            (999.995, 1, "1,000.0"),
            (1_234_567.891, 2, "1,234,567.89"),
            (-1_000.0, 0, "-1,000"),
            (100_000.0, 2, "100,000.00"),
            (1e16, 2, "1.00e16"),
            (f64::NAN, 2, "n/a"),
            (f64::NEG_INFINITY, 2, "n/a"),
        ];
        for (value, decimals, text) in cases {
            assert_eq!(grouped(value, decimals), text);
        }
    }

    #[test]
    fn counts_percents_and_short_forms_read_naturally() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_258), "1,258");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(percent(0.123_456), "12.35 %");
        assert_eq!(percent(-0.000_001), "0.00 %");
        assert_eq!(percent(f64::NAN), "n/a");
        assert_eq!(short(250_000_000.0), "250 M");
        assert_eq!(short(12_500.0), "12.5 k");
        assert_eq!(short(950.0), "950");
        assert_eq!(plain(0.1), "0.1");
        assert_eq!(plain(20.0), "20");
        assert_eq!(plain(1_234.5), "1,234.5");
        assert_eq!(plain(-0.0), "0");
    }
}
