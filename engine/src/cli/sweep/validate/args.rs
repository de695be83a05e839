//! The options that turn a sweep into a walk-forward optimisation or a cross-validation.

use clap::Args;
use engine_core::sweep::{Fold, FoldError, KFold, Length, Sessions, WalkForward, Windows};
use serde::{Deserialize, Serialize};

use crate::{
    cli::value::Invalid,
    error::{Code, Failure},
    store::StudyKind,
};

/// Folds when nothing else is said.
const FOLDS: u32 = 5;

/// How the choice of parameters is judged on bars that it was not made on
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Out of sample")]
pub(in crate::cli::sweep) struct ValidationArgs {
    /// Choose on one window, judge on the next, move on
    #[arg(long, conflicts_with_all = ["k_fold", "heatmap", "parquet"])]
    walk_forward: bool,
    /// Number of windows, each in-sample one four times as long as what follows [default: 5]
    #[arg(long, value_name = "NUMBER", requires = "walk_forward", conflicts_with = "in_sample")]
    folds: Option<u32>,
    /// Length of an in-sample window: 504 (sessions), 18M or 2Y
    #[arg(long, value_name = "LENGTH", value_parser = length, requires = "walk_forward")]
    #[arg(requires = "out_of_sample")]
    in_sample: Option<Length>,
    /// Length of an out-of-sample window
    #[arg(long, value_name = "LENGTH", value_parser = length, requires = "in_sample")]
    out_of_sample: Option<Length>,
    /// Let every in-sample window begin at the first bar
    #[arg(long, requires = "walk_forward")]
    anchored: bool,
    /// Judge each of so many blocks with parameters chosen on all others
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["heatmap", "parquet"])]
    k_fold: Option<u32>,
    /// Sessions after a judged block that nothing is chosen on [default: 0]
    #[arg(long, value_name = "SESSIONS", requires = "k_fold")]
    embargo: Option<u32>,
    /// Sessions before a judged block that nothing is chosen on [default: 0]
    #[arg(long, value_name = "SESSIONS", requires = "k_fold")]
    purge: Option<u32>,
    /// Bars before each window that may warm the strategy up [default: all there are]
    #[arg(long, value_name = "BARS")]
    history: Option<u32>,
}

/// How folds are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli::sweep) enum Scheme {
    WalkForward(WalkForward),
    KFold(KFold),
}

impl ValidationArgs {
    /// What was asked for; `None` for a plain sweep.
    pub(in crate::cli::sweep) fn scheme(&self) -> Option<Scheme> {
        let history = self.history;
        if let Some(folds) = self.k_fold {
            let (purge, embargo) = (self.purge.unwrap_or(0), self.embargo.unwrap_or(0));
            return Some(Scheme::KFold(KFold { folds, purge, embargo, history }));
        }
        let windows = match self.in_sample.zip(self.out_of_sample) {
            Some((inside, outside)) => Windows::Lengths { inside, outside },
            None => Windows::Folds(self.folds.unwrap_or(FOLDS)),
        };
        let walk = WalkForward { windows, is_anchored: self.anchored, history };
        self.walk_forward.then_some(Scheme::WalkForward(walk))
    }

    /// # Errors
    /// When options are given that only folds heed.
    pub(in crate::cli::sweep) fn check(&self) -> Result<(), Failure> {
        if self.history.is_some() && self.scheme().is_none() {
            return Err(Failure::new(Code::Usage, "--history needs --walk-forward or --k-fold")
                .help("--walk-forward --history 200"));
        }
        Ok(())
    }
}

impl Scheme {
    /// The folds over some sessions.
    ///
    /// # Errors
    /// When the windows do not fit into the sessions.
    pub(super) fn folds(&self, sessions: &Sessions) -> Result<Vec<Fold>, Failure> {
        let folds = match self {
            Self::WalkForward(scheme) => scheme.folds(sessions),
            Self::KFold(scheme) => scheme.folds(sessions),
        };
        folds.map_err(|error| match error {
            FoldError::TooFew { .. } => Failure::new(Code::Data, error.to_string())
                .help("shorten the windows, or ingest a longer history"),
            FoldError::TooSmall(_) => Failure::new(Code::Usage, error.to_string())
                .help("--walk-forward --in-sample 2Y --out-of-sample 6M"),
        })
    }

    pub(super) fn kind(&self) -> StudyKind {
        match self {
            Self::WalkForward(_) => StudyKind::WalkForward,
            Self::KFold(_) => StudyKind::KFold,
        }
    }
}

/// `504` or `504D` sessions, `18M` months, `2Y` years.
fn length(text: &str) -> Result<Length, Invalid> {
    let invalid = || Invalid {
        reason: "a length is 504 (sessions), 18M (months) or 2Y (years)".to_owned(),
        help: "--in-sample 2Y --out-of-sample 6M".to_owned(),
    };
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let count: u32 = digits.parse().ok().filter(|count| *count > 0).ok_or_else(invalid)?;
    match text[digits.len()..].trim().to_ascii_uppercase().as_str() {
        "" | "D" if count <= 1_000_000 => Ok(Length::Sessions(count)),
        "M" if count <= 2400 => Ok(Length::Months(count)),
        "Y" if count <= 200 => Ok(Length::Months(12 * count)),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_sessions_months_or_years() {
        assert_eq!(length("504").unwrap(), Length::Sessions(504));
        assert_eq!(length("5 d").unwrap(), Length::Sessions(5));
        assert_eq!(length("18M").unwrap(), Length::Months(18));
        assert_eq!(length("2 Y").unwrap(), Length::Months(24));
        for bad in ["", "0", "-5", "2W", "Y", "1e3", "2.5Y", "99999999999", "3000M"] {
            assert!(length(bad).is_err(), "{bad}");
        }
    }
}
