//! Walk-forward: choose on a window, judge on the one that follows, move on by the latter.

use serde::{Deserialize, Serialize};

use super::{Fold, FoldError, Sessions};
use crate::calendar::{date_of, day_number};
use jiff::civil::Date;

/// In-sample windows are so many times as long as out-of-sample ones when only folds are counted.
const IN_TO_OUT: usize = 4;
/// Fewest sessions of a window: a return needs one before it to differ from.
const FEWEST: usize = 2;

/// The length of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Length {
    /// Sessions that have bars.
    Sessions(u32),
    /// Calendar months.
    Months(u32),
}

/// How windows are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Windows {
    /// So many folds over all sessions, each in-sample window four times as long as the one that
    /// follows; what does not divide evenly is added before the first fold's window.
    Folds(u32),
    /// Windows of these lengths from the first session on; the last out-of-sample window may be
    /// shorter.
    Lengths {
        /// In-sample.
        inside: Length,
        /// Out-of-sample.
        outside: Length,
    },
}

/// Walk-forward optimisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkForward {
    /// How windows are cut.
    pub windows: Windows,
    /// Whether every in-sample window begins at the first session; otherwise it rolls on.
    pub is_anchored: bool,
    /// Bars before each window that may warm the strategy up; `None` for all that there are.
    pub history: Option<u32>,
}

impl WalkForward {
    /// The folds, oldest first.
    ///
    /// # Errors
    /// When there are too few sessions, or a window is empty.
    pub fn folds(&self, sessions: &Sessions) -> Result<Vec<Fold>, FoldError> {
        let windows = match self.windows {
            Windows::Folds(folds) => by_number(sessions.len(), folds as usize)?,
            Windows::Lengths { inside, outside } => by_length(sessions, inside, outside)?,
        };
        let fold = |(begin, cut, end): (usize, usize, usize)| {
            let begin = if self.is_anchored { 0 } else { begin };
            Fold {
                inside: vec![sessions.span(begin, cut, self.history, 0)],
                outside: sessions.span(cut, end, self.history, 0),
            }
        };
        Ok(windows.into_iter().map(fold).collect())
    }
}

/// First session inside, first outside, the one after the last outside.
type Cuts = Vec<(usize, usize, usize)>;

fn by_number(sessions: usize, folds: usize) -> Result<Cuts, FoldError> {
    if folds == 0 {
        return Err(FoldError::TooSmall("there is at least one fold"));
    }
    let needed = (folds + IN_TO_OUT).saturating_mul(FEWEST);
    if sessions < needed {
        return Err(FoldError::TooFew { found: sessions, needed });
    }
    let outside = sessions / (folds + IN_TO_OUT);
    let first = sessions - folds * outside;
    let length = IN_TO_OUT * outside;
    let cut = |fold: usize| {
        let cut = first + fold * outside;
        let begin = if fold == 0 { 0 } else { cut - length };
        (begin, cut, cut + outside)
    };
    Ok((0..folds).map(cut).collect())
}

fn by_length(sessions: &Sessions, inside: Length, outside: Length) -> Result<Cuts, FoldError> {
    let days = sessions.days();
    let Some(&anchor) = days.first() else {
        return Err(FoldError::TooFew { found: 0, needed: 2 * FEWEST });
    };
    let mut cuts = Vec::new();
    let mut cut = after(days, Edge { session: 0, day: anchor }, inside);
    if cut.session < FEWEST {
        return Err(FoldError::TooSmall("an in-sample window has at least two sessions"));
    }
    while cut.session < days.len() {
        let end = after(days, cut, outside);
        if end.session == cut.session {
            return Err(FoldError::TooSmall("an out-of-sample window has at least one session"));
        }
        // A last window too short for a single return is none.
        if end.session - cut.session >= FEWEST || end.session < days.len() {
            cuts.push((before(days, cut, inside), cut.session, end.session));
        }
        cut = end;
    }
    match cuts.is_empty() {
        true => Err(FoldError::TooFew { found: days.len(), needed: cut.session + FEWEST }),
        false => Ok(cuts),
    }
}

/// Where a window begins: its first session, and the day that months are counted from, so that
/// windows do not drift past holidays.
#[derive(Clone, Copy)]
struct Edge {
    session: usize,
    day: Date,
}

/// Where the window after one of this length begins.
fn after(days: &[Date], first: Edge, length: Length) -> Edge {
    match length {
        Length::Sessions(count) => {
            let session = (first.session + count as usize).min(days.len());
            Edge { session, day: days.get(session).copied().unwrap_or(Date::MAX) }
        }
        Length::Months(months) => {
            let until = shifted(first.day, i64::from(months));
            Edge { session: days.partition_point(|day| *day < until), day: until }
        }
    }
}

/// The first session of a window that ends before an edge.
fn before(days: &[Date], cut: Edge, length: Length) -> usize {
    match length {
        Length::Sessions(count) => cut.session.saturating_sub(count as usize),
        Length::Months(months) => {
            let since = shifted(cut.day, -i64::from(months));
            days.partition_point(|day| *day < since).min(cut.session.saturating_sub(FEWEST))
        }
    }
}

/// A date so many months on; the last day of a month that has no such day.
fn shifted(day: Date, months: i64) -> Date {
    let month = i64::from(day.year()) * 12 + i64::from(day.month()) - 1 + months;
    let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
    let Ok(year) = i16::try_from(year) else {
        return if months > 0 { Date::MAX } else { Date::MIN };
    };
    let first = Date::new(year, month as i8, 1);
    let Ok(first) = first else { return if months > 0 { Date::MAX } else { Date::MIN } };
    let last = first.days_in_month();
    date_of(day_number(first) + i32::from(day.day().min(last)) - 1)
}
