//! Purged K-fold cross-validation with an embargo.
//!
//! The sessions are cut into blocks; each block is judged once, with parameters chosen on all others.
//! The inside is run as one stretch before the judged block and one after it, each from cash to its
//! own last bar, so that no trade reaches into the block. The first stretch ends `purge` sessions
//! before the block, the second begins `embargo` sessions after it and never sees a bar of the block
//! as history. Source: Lopez de Prado (2018), section 7.4.

use serde::{Deserialize, Serialize};

use super::{Fold, FoldError, Sessions};

/// Fewest sessions of a stretch.
const FEWEST: usize = 2;

/// Purged K-fold cross-validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KFold {
    /// Number of folds, at least 2.
    pub folds: u32,
    /// Sessions before a judged block that nothing is chosen on.
    pub purge: u32,
    /// Sessions after a judged block that nothing is chosen on.
    pub embargo: u32,
    /// Bars before each stretch that may warm the strategy up; `None` for all that there are.
    pub history: Option<u32>,
}

impl KFold {
    /// The folds, oldest first; lengths of blocks differ by one session at most.
    ///
    /// # Errors
    /// When there are too few sessions, or fewer than two folds.
    pub fn folds(&self, sessions: &Sessions) -> Result<Vec<Fold>, FoldError> {
        let folds = self.folds as usize;
        if folds < 2 {
            return Err(FoldError::TooSmall("cross-validation has at least two folds"));
        }
        let needed = folds.saturating_mul(FEWEST);
        if sessions.len() < needed {
            return Err(FoldError::TooFew { found: sessions.len(), needed });
        }
        let bound = |index: usize| index * sessions.len() / folds;
        let fold = |index: usize| self.fold(sessions, bound(index), bound(index + 1));
        let found: Option<Vec<Fold>> = (0..folds).map(fold).collect();
        found.ok_or(FoldError::TooSmall("purge and embargo leave no session to choose on"))
    }

    fn fold(&self, sessions: &Sessions, first: usize, end: usize) -> Option<Fold> {
        let mut inside = Vec::new();
        let before = first.saturating_sub(self.purge as usize);
        if before >= FEWEST {
            inside.push(sessions.span(0, before, self.history, 0));
        }
        let after = end.saturating_add(self.embargo as usize);
        if after.saturating_add(FEWEST) <= sessions.len() {
            inside.push(sessions.span(after, sessions.len(), self.history, end));
        }
        let outside = || sessions.span(first, end, self.history, 0);
        (first < end && !inside.is_empty()).then(|| Fold { inside, outside: outside() })
    }
}
