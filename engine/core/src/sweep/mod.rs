//! Sweeps: which parameter sets are tried, in which order, and which of them come out on top.
//!
//! A [`Plan`] numbers every candidate of a sweep, so that a block of work is two numbers, any worker
//! can say which parameters a candidate has, and a sweep that was broken off goes on where it was.
//! Nothing here grows with the number of trials. Running them, keeping them and showing them is left
//! to others; what the best of many is worth is said in [`crate::metrics`].

mod constraint;
mod figures;
mod folds;
mod order;
mod plan;
mod top;

pub use constraint::{Constraint, ConstraintError, Name};
pub use figures::{Gauge, Metric, SessionRows, TrialFigures, UnknownMetric, closed_profits};
pub use folds::{
    Fold, FoldError, KFold, Length, Passage, Sessions, Span, Stitched, WalkForward, Windows, stitch,
};
pub(crate) use order::next_bits;
pub use order::{Shuffle, mixed, random_bits};
pub use plan::{Plan, PlanError};
pub use top::Top;
