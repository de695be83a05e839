//! Folds: on which bars parameters are chosen, and on which they are then judged.
//!
//! A [`Fold`] chooses on its inside and judges on its outside, and the inside never holds a bar of the
//! outside, not even as history that warms an indicator up. [`WalkForward`] moves forward in time, as
//! trading does; [`KFold`] judges every session once, with a gap around what is judged. Source: Pardo
//! (2008), "The Evaluation and Optimization of Trading Strategies", chapter 11; Lopez de Prado (2018),
//! "Advances in Financial Machine Learning", chapter 7. Windows are counted in sessions that have bars.
//! Running the folds and putting them together is left to others.

mod kfold;
mod sessions;
mod stitch;
#[cfg(test)]
mod tests;
mod walk;

use serde::{Deserialize, Serialize};

pub use kfold::KFold;
pub use sessions::Sessions;
pub use stitch::{Passage, Stitched, stitch};
pub use walk::{Length, WalkForward, Windows};

/// Bars on which a trial is run, by the starts of bars, nanoseconds UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first bar that exists for it; `None` for all history that there is.
    pub since: Option<i64>,
    /// The first bar that is traded; those before it are history.
    pub from: i64,
    /// The last bar.
    pub to: i64,
}

/// Where parameters are chosen and where they are judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// In-sample spans, oldest first; at least one.
    pub inside: Vec<Span>,
    /// The out-of-sample span.
    pub outside: Span,
}

/// Why there are no folds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Not enough sessions for the windows.
    #[error("there are {found} sessions with bars, and the windows need {needed}")]
    TooFew {
        /// Sessions that have bars.
        found: usize,
        /// Sessions that the windows need at least.
        needed: usize,
    },
    /// A window, or the number of folds, is too small.
    #[error("{0}")]
    TooSmall(&'static str),
}
