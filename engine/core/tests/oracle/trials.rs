//! Trials against full runs of the same orders: the same equity, trades and figures to the last bit.

use engine_core::{
    backtest::{RunResult, Stage, Summary, Trials},
    calendar::Calendar,
    ledger::Trade,
    metrics::{Metrics, MetricsInput},
    sweep::{Gauge, SessionRows, TrialFigures},
};
use strategy_api::{Resolution, abi::raw::ProgressPage};

use crate::scenario::{Command, SCRIPTED, Scenario, hand_over, members};

const RUNS: u64 = 2_000;

/// The scenario with its script cut off after some steps.
fn cut(scenario: &Scenario, steps: usize) -> Scenario {
    let mut cut = scenario.clone();
    cut.script[steps..].iter_mut().for_each(Vec::<Command>::clear);
    cut
}

fn profits(run: &RunResult) -> Vec<u64> {
    let closed = run.trades.iter().filter_map(Trade::profit);
    closed.map(f64::to_bits).collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The figures of a full report of the run.
fn reported(
    run: &RunResult,
    (ts, resolution): (&[i64], Resolution),
    cash: f64,
    annual_rf: f64,
) -> TrialFigures {
    let net_profits: Vec<f64> = run.trades.iter().filter_map(Trade::profit).collect();
    let metrics = Metrics::of(&MetricsInput {
        calendar: Calendar::Nyse,
        resolution,
        initial: cash,
        ts,
        equity: &run.equity,
        bars_held: run.invested_steps as usize,
        net_profits: &net_profits,
        trade_returns: &[],
        benchmark: None,
        annual_rf,
    });
    TrialFigures {
        total_return: metrics.total_return,
        cagr: metrics.cagr,
        volatility: metrics.volatility,
        sharpe: metrics.sharpe,
        sortino: metrics.sortino,
        max_drawdown: metrics.max_drawdown,
        calmar: metrics.calmar,
        exposure: metrics.exposure,
        trades: metrics.trades as u64,
        win_rate: metrics.win_rate,
        profit_factor: metrics.profit_factor,
        expectancy: metrics.expectancy,
        sqn: metrics.sqn,
    }
}

#[test]
fn a_trial_has_the_bits_of_a_full_run_whatever_was_tried_before_it() {
    let mut closed = 0;
    for seed in 0..RUNS {
        let mut whole = Scenario::random(seed);
        // Trials are read by the bars of the run alone.
        whole.market.inside = None;
        let steps = whole.script.len();
        let scripts = [cut(&whole, 0), whole.clone(), cut(&whole, steps / 2), whole.clone()];
        let series = whole.series();
        let members = members(&series);
        let resolution = whole.market.resolution;
        let stage = Stage::new(&members, resolution, whole.config.to_ts);
        let traded = &stage.timeline()[whole.traded()];
        let (market, page) = (stage.market(&whole.config), ProgressPage::default());
        let mut trials = Trials::new(&stage, &market, SCRIPTED, &whole.config, &page).unwrap();
        let sessions = SessionRows::of(Calendar::Nyse, resolution, traded);
        let mut gauge = Gauge::default();
        for (which, scenario) in scripts.iter().enumerate() {
            let full = scenario.run();
            hand_over(&scenario.script);
            let summary: Summary<'_> = trials.run(&[]).unwrap();
            let at = format!("seed {seed}, script {which}");
            assert_eq!(bits(summary.equity), bits(&full.equity), "{at}");
            assert_eq!(bits(summary.profits), profits(&full), "{at}");
            assert_eq!(summary.invested_steps, full.invested_steps, "{at}");
            closed += summary.profits.len();
            let (cash, annual_rf) = (whole.config.cash, [0.0, 0.03][which % 2]);
            let rf = sessions.risk_free(annual_rf);
            let figures = gauge.measure(&summary, &sessions, cash, rf);
            assert_eq!(figures, reported(&full, (traded, resolution), cash, annual_rf), "{at}");
        }
    }
    assert!(closed > 4_000, "the trials hardly trade: {closed} closed trades");
}
