//! Numbers in cells.

/// Why a cell is not a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CellFault {
    /// Empty, or one of the words for it.
    #[error("is empty")]
    Empty,
    /// Something else.
    #[error("is not a number")]
    NotANumber,
    /// A comma where a point belongs.
    #[error("has a decimal comma; numbers are read with a decimal point")]
    DecimalComma,
    /// Commas between thousands.
    #[error("has commas between its digits; numbers are read without")]
    Thousands,
}

impl CellFault {
    /// Whether it concerns the whole file rather than one row.
    pub(crate) fn concerns_file(self) -> bool {
        matches!(self, Self::DecimalComma | Self::Thousands)
    }
}

/// Powers of ten that an `f64` holds exactly, as far as they are needed.
const TENS: [f64; 16] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The number in a cell.
pub(crate) fn number(cell: &[u8]) -> Result<f64, CellFault> {
    match plain(cell) {
        Some(value) => Ok(value),
        None => any(cell.trim_ascii()),
    }
}

/// Digits with at most one point and at most 15 of them: both whole numbers are exact, so their
/// quotient is rounded once and is the nearest `f64` (Clinger 1990).
fn plain(cell: &[u8]) -> Option<f64> {
    if cell.is_empty() || cell.len() > 16 {
        return None;
    }
    let (mut whole, mut point) = (0u64, None);
    for (index, byte) in cell.iter().enumerate() {
        match byte {
            b'0'..=b'9' => whole = whole * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(index),
            _ => return None,
        }
    }
    let digits = cell.len() - usize::from(point.is_some());
    if digits == 0 || digits > 15 {
        return None;
    }
    let decimals = point.map_or(0, |index| cell.len() - 1 - index);
    Some(whole as f64 / TENS[decimals])
}

fn any(cell: &[u8]) -> Result<f64, CellFault> {
    let is_word = |word: &&str| cell.eq_ignore_ascii_case(word.as_bytes());
    if ["", "null", "none", "nan", "na", "n/a", "-"].iter().any(is_word) {
        return Err(CellFault::Empty);
    }
    if let Some(value) = std::str::from_utf8(cell).ok().and_then(|text| text.parse().ok()) {
        return Ok(value);
    }
    let is_numeric = cell.iter().all(|byte| byte.is_ascii_digit() || b"+-.,".contains(byte));
    let commas = cell.iter().filter(|byte| **byte == b',').count();
    match commas {
        1.. if !is_numeric => Err(CellFault::NotANumber),
        1 if !cell.contains(&b'.') => Err(CellFault::DecimalComma),
        1.. => Err(CellFault::Thousands),
        0 => Err(CellFault::NotANumber),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cells_are_numbers_or_say_why_not() {
        for (cell, value) in [
            ("1", 1.0),
            ("139.75", 139.75),
            (".5", 0.5),
            ("5.", 5.0),
            (" 12.5 ", 12.5),
            ("-3", -3.0),
            ("+3", 3.0),
            ("1.5e3", 1500.0),
            ("123456789012345678", 123_456_789_012_345_678.0),
        ] {
            assert_eq!(number(cell.as_bytes()), Ok(value), "{cell}");
        }
        for (cell, fault) in [
            ("", CellFault::Empty),
            ("  ", CellFault::Empty),
            ("null", CellFault::Empty),
            ("NaN", CellFault::Empty),
            (".", CellFault::NotANumber),
            ("1.2.3", CellFault::NotANumber),
            ("$1", CellFault::NotANumber),
            ("a,b", CellFault::NotANumber),
            ("1,5", CellFault::DecimalComma),
            ("1,234.5", CellFault::Thousands),
            ("1,234,567", CellFault::Thousands),
        ] {
            assert_eq!(number(cell.as_bytes()), Err(fault), "{cell}");
        }
        assert_eq!(number(b"\xff"), Err(CellFault::NotANumber));
    }

    proptest! {
        #[test]
        fn the_short_way_gives_the_nearest_double(
            whole in 0u64..1_000_000_000,
            decimals in 0usize..7,
        ) {
            let digits = format!("{whole:08}");
            let (before, after) = digits.split_at(digits.len() - decimals);
            let text = format!("{before}.{after}");
            let expected: f64 = text.parse().unwrap();
            prop_assert_eq!(number(text.as_bytes()).unwrap().to_bits(), expected.to_bits());
        }
    }
}
