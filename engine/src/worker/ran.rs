//! What a run is asked for, and what comes back: the figures always, the lists only when somebody wants
//! them, since they are long and have to travel.

use std::mem::take;

use engine_core::backtest::RunResult;
use serde::{Deserialize, Serialize};

use crate::report::{Basis, Measured, Tally, measure, record::Grounds};

/// What a run is asked for beyond its figures and what its lists come to. The rest does not travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wants {
    /// Risk-free rate for the figures, fraction per year.
    pub risk_free_rate: f64,
    /// Whether the equity at every bar is wanted.
    pub equity: bool,
    /// How much of the rest.
    pub detail: Detail,
}

/// How much of a run is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Detail {
    /// No list.
    #[default]
    Figures,
    /// Orders, fills, trades and entries.
    Lists,
    /// Lists, and what orders and fills stand on, for whoever keeps the run: the bars that were seen there,
    /// the basis of each fill, the steps of each order.
    Grounds,
}

/// What came of a run: as much as was wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// The result; lists and equity that nobody wanted are empty.
    pub result: RunResult,
    /// The figures, without those that compare it with a benchmark.
    pub figures: Measured,
    /// What its lists come to.
    pub tally: Tally,
    /// What orders and fills stand on, as the database keeps it: kind and bytes.
    pub grounds: Vec<(String, Vec<u8>)>,
}

impl Ran {
    /// Measures a result and leaves of it what is wanted.
    pub(super) fn of(mut result: RunResult, wants: Wants, basis: &Basis<'_>) -> Self {
        let figures = measure(&result, basis);
        let tally = Tally::of(&result);
        let grounds = Grounds::taken(&mut result);
        let is_kept = wants.detail >= Detail::Grounds;
        let grounds = if is_kept { grounds.encode() } else { Vec::new() };
        if wants.detail < Detail::Lists {
            drop((take(&mut result.orders), take(&mut result.fills)));
            drop((take(&mut result.trades), take(&mut result.entries)));
        }
        if !wants.equity {
            drop(take(&mut result.equity));
        }
        Self { result, figures, tally, grounds }
    }
}
