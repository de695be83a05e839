//! Runs over spans that follow each other, put together into one.

use crate::{
    backtest::{RunResult, Summary},
    ledger::Trade,
    sweep::{Gauge, SessionRows, TrialFigures},
};

/// What is wanted of a run on a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Equity at the close of every bar.
    pub equity: Vec<f64>,
    /// Bars at whose close a position is held.
    pub invested_steps: u64,
    /// Net profits of its trades, by the time of closing; those still open at its end come last.
    pub profits: Vec<f64>,
}

/// What passages amount to together.
#[derive(Clone, Debug, PartialEq)]
pub struct Stitched {
    /// Their figures as of one run.
    pub figures: TrialFigures,
    /// Simple returns of the sessions, less the risk-free one; empty when one has no meaning.
    pub returns: Vec<f64>,
    /// All of them as one passage.
    pub whole: Passage,
}

impl Passage {
    /// Of a run, whose trades still open at its end are valued at the last close of each instrument: what
    /// follows begins in cash.
    #[must_use]
    pub fn of(run: RunResult, last_closes: &[f64]) -> Self {
        let profit = |trade: &Trade| trade.profit_at(last_closes[trade.instrument as usize]);
        let profits = run.trades.iter().map(profit).collect();
        Self { equity: run.equity, invested_steps: run.invested_steps, profits }
    }

    /// Of somebody who does nothing for so many bars.
    #[must_use]
    pub fn idle(bars: usize, cash: f64) -> Self {
        Self { equity: vec![cash; bars], invested_steps: 0, profits: Vec::new() }
    }

    /// Its figures; `sessions` were cut from its bars.
    #[must_use]
    pub fn figures(&self, sessions: &SessionRows, initial: f64, rf: f64) -> TrialFigures {
        let Self { equity, invested_steps, profits } = self;
        let summary = Summary { equity, invested_steps: *invested_steps, profits };
        Gauge::default().measure(&summary, sessions, initial, rf)
    }
}

/// Measures passages as one run: each begins with the cash that the one before it ended with, and
/// `sessions` are those of all of them. A trade still open at the end of a passage counts at its last
/// close.
#[must_use]
pub fn stitch(
    passages: Vec<Passage>,
    sessions: &SessionRows,
    initial: f64,
    rf: f64,
) -> Option<Stitched> {
    let mut passages = passages.into_iter();
    let mut whole = passages.next()?;
    for next in passages {
        whole.equity.extend(next.equity);
        whole.profits.extend(next.profits);
        whole.invested_steps += next.invested_steps;
    }
    let figures = whole.figures(sessions, initial, rf);
    let mut returns = Vec::new();
    if sessions.returns(initial, &whole.equity, &mut returns) {
        returns.iter_mut().for_each(|value| *value -= rf);
    } else {
        returns.clear();
    }
    Some(Stitched { figures, returns, whole })
}

#[cfg(test)]
mod tests {
    use strategy_api::Resolution;

    use super::*;
    use crate::calendar::{Calendar, midnight_ns};
    use jiff::civil::date;

    #[test]
    fn passages_are_measured_as_the_one_run_that_they_are() {
        let ts: Vec<i64> =
            Calendar::Nyse.sessions(date(2023, 1, 3), date(2023, 1, 10)).map(midnight_ns).collect();
        let rows = SessionRows::of(Calendar::Nyse, Resolution::Day1, &ts);
        let first = Passage { equity: vec![100.0, 110.0], invested_steps: 1, profits: vec![10.0] };
        let last = Passage { equity: vec![99.0, 99.0], invested_steps: 2, profits: vec![-11.0] };
        let all = vec![first, Passage::idle(2, 110.0), last];
        let found = stitch(all, &rows, 100.0, 0.0).unwrap();
        assert_eq!(found.whole.equity, [100.0, 110.0, 110.0, 110.0, 99.0, 99.0]);
        let wanted = [0.0, 0.1, 0.0, 0.0, -0.1, 0.0];
        assert!(found.returns.iter().zip(wanted).all(|(one, other)| (one - other).abs() < 1e-12));
        let figures = found.figures;
        assert!((figures.total_return.unwrap() + 0.01).abs() < 1e-12);
        assert!((figures.max_drawdown.unwrap() + 0.1).abs() < 1e-12, "across the windows");
        assert_eq!((figures.trades, figures.exposure), (2, Some(0.5)));
        assert_eq!(stitch(Vec::new(), &rows, 100.0, 0.0), None);
    }
}
