//! Guards a series against prices of two kinds: half of them before and half after an adjustment.
//!
//! A series holds prices of one adjustment. Input of another adjustment is taken when it replaces every
//! held bar, and so is input whose prices differ from the held ones by one constant ratio, as after a
//! split. Otherwise the series would jump where the two meet, and the whole ingestion is refused.

use super::IngestError;
use crate::store::SeriesInfo;
use strategy_api::Bar;

/// Changed bars with one ratio from which on a restatement is assumed.
const ENOUGH_BARS: u64 = 5;
/// How far ratios may differ: sources round to cents.
const TOLERANCE: f64 = 2e-3;
/// Ratios nearer to one than this are ordinary corrections.
const NO_RATIO: f64 = 1e-2;

/// What is known about the prices of an ingestion against the held ones.
#[derive(Debug)]
pub(super) struct Restatement {
    held: Option<(String, String, String)>,
    adjustment: String,
    kept: bool,
    changed: u64,
    alike: u64,
    ratio: Option<f64>,
}

impl Restatement {
    /// For input that is adjusted as `adjustment` says.
    pub(super) fn new(held: Option<&SeriesInfo>, adjustment: &str) -> Self {
        let held = held
            .filter(|held| held.bars > 0)
            .map(|held| (held.symbol.clone(), held.resolution.clone(), held.adjustment.clone()));
        Self {
            held,
            adjustment: adjustment.to_owned(),
            kept: false,
            changed: 0,
            alike: 0,
            ratio: None,
        }
    }

    /// Whether rows beyond the input matter although their indicators do not change.
    pub(super) fn wants_every_row(&self) -> bool {
        !self.kept && (self.other_adjustment() || self.constant_ratio().is_some())
    }

    /// A held row is not in the input.
    pub(super) fn row_kept(&mut self) {
        self.kept = true;
    }

    /// A held row is in the input with other values.
    pub(super) fn row_changed(&mut self, held: &Bar, new: &Bar) {
        let ratio = new.close / held.close;
        let reference = *self.ratio.get_or_insert(ratio);
        self.changed += 1;
        let near = |a: f64, b: f64| (a / b / reference - 1.0).abs() <= TOLERANCE;
        self.alike += u64::from(near(new.close, held.close) && near(new.open, held.open));
    }

    /// # Errors
    /// When the series would hold prices of two kinds.
    pub(super) fn check(&self) -> Result<(), IngestError> {
        let Some((symbol, resolution, held)) = &self.held else { return Ok(()) };
        if !self.kept {
            return Ok(());
        }
        let (symbol, resolution) = (symbol.clone(), resolution.clone());
        if self.other_adjustment() {
            let (held, given) = (held.clone(), self.adjustment.clone());
            return Err(IngestError::MixedAdjustment { symbol, resolution, held, given });
        }
        match self.constant_ratio() {
            Some(ratio) => {
                Err(IngestError::Restated { symbol, resolution, bars: self.changed, ratio })
            }
            None => Ok(()),
        }
    }

    fn other_adjustment(&self) -> bool {
        self.held.as_ref().is_some_and(|(.., held)| *held != self.adjustment)
    }

    fn constant_ratio(&self) -> Option<f64> {
        let restated = self.changed >= ENOUGH_BARS && self.alike == self.changed;
        self.ratio.filter(|ratio| restated && (ratio - 1.0).abs() > NO_RATIO)
    }
}
