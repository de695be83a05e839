//! `--metrics-as`: gathers what the figures of another package need.

use engine_core::{
    backtest::Config,
    metrics::dialect::{Dialect, DialectInput},
};

use super::{Finished, market::Bars};
use crate::report::DialectFacts;

/// The figures of a run in a dialect.
pub(super) fn facts(
    dialect: Dialect,
    bars: &Bars,
    config: &Config,
    finished: &Finished<'_>,
) -> DialectFacts {
    let Finished { result, lists, ts, .. } = finished;
    let market = levels(bars, config, ts);
    DialectFacts::of(
        dialect,
        &DialectInput {
            resolution: bars.resolution,
            initial: config.cash,
            ts,
            equity: &result.equity,
            sessions: &lists.equity,
            benchmark: lists.benchmark.as_deref(),
            market: Some(&market),
            fills: &result.fills,
            last_prices: &bars.last_prices(config),
            warm_up: result.warm_up.saturating_sub(result.first_step),
            annual_rf: finished.report.settings.risk_free_rate,
        },
    )
}

/// What an equal part of each symbol at the first bar is worth at each bar, the whole being 1 then.
/// A symbol that has no bar yet keeps its part as it is.
fn levels(bars: &Bars, config: &Config, ts: &[i64]) -> Vec<f64> {
    let mut levels = vec![0.0; ts.len()];
    for index in 0..bars.files.len() {
        let columns = bars.visible(index, config);
        let (mut row, mut first) = (0, None);
        for (level, now) in levels.iter_mut().zip(ts) {
            while row < columns.len() && columns.ts[row] <= *now {
                row += 1;
            }
            let close = row.checked_sub(1).map(|row| columns.close[row]);
            first = first.or(close);
            let grown = close.zip(first).map_or(1.0, |(close, first)| close / first);
            *level += grown / bars.files.len() as f64;
        }
    }
    levels
}
