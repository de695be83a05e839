//! The length of a bar: the 21 resolutions that the engine knows, their names and their lengths.

use std::{fmt, str::FromStr};

/// The length of a bar, from one second to one month.
///
/// The wire code of the ABI is the position in [`Resolution::ALL`], which only ever grows at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// 1 second
    Sec1,
    /// 5 seconds
    Sec5,
    /// 10 seconds
    Sec10,
    /// 15 seconds
    Sec15,
    /// 30 seconds
    Sec30,
    /// 1 minute
    Min1,
    /// 2 minutes
    Min2,
    /// 3 minutes
    Min3,
    /// 5 minutes
    Min5,
    /// 10 minutes
    Min10,
    /// 15 minutes
    Min15,
    /// 20 minutes
    Min20,
    /// 30 minutes
    Min30,
    /// 1 hour
    Hour1,
    /// 2 hours
    Hour2,
    /// 3 hours
    Hour3,
    /// 4 hours
    Hour4,
    /// 8 hours
    Hour8,
    /// 1 session
    Day1,
    /// 1 calendar week of sessions
    Week1,
    /// 1 calendar month of sessions
    Month1,
}

impl Resolution {
    /// Every resolution, finest first; the index is the wire code.
    pub const ALL: [Resolution; 21] = [
        Self::Sec1,
        Self::Sec5,
        Self::Sec10,
        Self::Sec15,
        Self::Sec30,
        Self::Min1,
        Self::Min2,
        Self::Min3,
        Self::Min5,
        Self::Min10,
        Self::Min15,
        Self::Min20,
        Self::Min30,
        Self::Hour1,
        Self::Hour2,
        Self::Hour3,
        Self::Hour4,
        Self::Hour8,
        Self::Day1,
        Self::Week1,
        Self::Month1,
    ];

    const NAMES: [&'static str; 21] = [
        "1s", "5s", "10s", "15s", "30s", "1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m", "1h",
        "2h", "3h", "4h", "8h", "1d", "1w", "1mo",
    ];

    const SECONDS: [u32; 18] = [
        1, 5, 10, 15, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400,
        28_800,
    ];

    /// The name used on the command line, in files and in the database: `1m`, `1h`, `1d`, `1mo`.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The wire code of the ABI.
    #[must_use]
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The resolution of a wire code.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get(code as usize).copied()
    }

    /// Length in seconds for intraday bars; `None` for days, weeks and months, which follow the calendar.
    #[must_use]
    pub fn seconds(self) -> Option<u32> {
        Self::SECONDS.get(self as usize).copied()
    }

    /// Whether bars of this length add up to whole bars of a coarser one: minutes to hours and days,
    /// days to weeks and months, but not two minutes to five, nor weeks to months.
    #[must_use]
    pub fn fits_into(self, coarser: Resolution) -> bool {
        match (self.seconds(), coarser.seconds()) {
            (Some(own), Some(other)) => own < other && other.is_multiple_of(own),
            (Some(_), None) => true,
            (None, None) => self == Self::Day1 && coarser > Self::Day1,
            (None, Some(_)) => false,
        }
    }

    /// Whether bars of this resolution lie inside one session.
    #[must_use]
    pub fn is_intraday(self) -> bool {
        self < Self::Day1
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that is not one of the resolutions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownResolution(pub String);

impl fmt::Display for UnknownResolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is not a resolution; valid: {}",
            self.0.escape_debug(),
            Resolution::NAMES.join(" ")
        )
    }
}

impl std::error::Error for UnknownResolution {}

impl FromStr for Resolution {
    type Err = UnknownResolution;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::NAMES
            .iter()
            .position(|name| *name == text)
            .map(|index| Self::ALL[index])
            .ok_or_else(|| UnknownResolution(text.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_codes_and_resolutions_agree() {
        for (index, resolution) in Resolution::ALL.into_iter().enumerate() {
            assert_eq!(resolution.code() as usize, index);
            assert_eq!(Resolution::from_code(resolution.code()), Some(resolution));
            assert_eq!(resolution.name().parse(), Ok(resolution));
        }
        assert_eq!("7q".parse::<Resolution>().unwrap_err().0, "7q");
        assert_eq!(Resolution::Hour1.seconds(), Some(3600));
        assert_eq!(Resolution::Day1.seconds(), None);
    }

    #[test]
    fn only_bars_that_add_up_to_whole_ones_fit() {
        use Resolution::{Day1, Hour1, Hour3, Hour8, Min1, Min2, Min5, Month1, Week1};
        let fits = [(Min1, Min5), (Min5, Hour1), (Hour1, Hour8), (Hour3, Day1), (Min2, Month1)];
        assert!(fits.iter().chain(&[(Day1, Week1), (Day1, Month1)]).all(|(a, b)| a.fits_into(*b)));
        let none = [(Min2, Min5), (Hour3, Hour8), (Week1, Month1), (Day1, Day1), (Day1, Hour1)];
        assert!(none.iter().all(|(a, b)| !a.fits_into(*b)));
    }
}
