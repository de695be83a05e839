//! Many runs of one strategy over the same bars, of each of which a summary is all that is wanted.
//!
//! A trial is a run like any other: the same loop, the same broker and ledger, the same bits. What it
//! leaves out is the record: no list of orders, fills or log lines outlives it, and all of its memory
//! is that of the trial before it.

use strategy_api::abi::{
    host::{Instance, Market},
    layout::StrategyDef,
    raw::ProgressPage,
};

use super::{
    Config, RunError, Stage,
    drive::Run,
    stage::{failed, first_traded},
};
use crate::ledger::{self, Trade};

/// Runs one strategy with one parameter set after the other.
pub struct Trials<'m> {
    stage: &'m Stage<'m>,
    market: &'m Market<'m>,
    def: &'static StrategyDef,
    progress: &'m ProgressPage,
    instance: Instance<'m>,
    run: Run<'m, 'm>,
    open: Vec<Option<Trade>>,
    profits: Vec<f64>,
}

/// What a trial gave, until the next one is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary<'t> {
    /// Equity at the close of every step from the first traded one on.
    pub equity: &'t [f64],
    /// Steps at whose close a position was held.
    pub invested_steps: u64,
    /// Net profit of each closed trade, by the time of closing.
    pub profits: &'t [f64],
}

impl<'m> Trials<'m> {
    /// Trials of a strategy; `market` is what [`Stage::market`] gives for the same rules.
    ///
    /// # Errors
    /// When there is nothing to trade.
    pub fn new(
        stage: &'m Stage<'m>,
        market: &'m Market<'m>,
        def: &'static StrategyDef,
        config: &'m Config,
        progress: &'m ProgressPage,
    ) -> Result<Self, RunError> {
        let mut run = Run::new(market, config, None, first_traded(market, config)?);
        run.keeps_log = false;
        let open = vec![None; market.instruments().len()];
        let instance = Instance::idle(market, progress);
        Ok(Self { stage, market, def, progress, instance, run, open, profits: Vec::new() })
    }

    /// Runs a trial.
    ///
    /// # Errors
    /// As [`Stage::run`].
    pub fn run(&mut self, params: &[f64]) -> Result<Summary<'_>, RunError> {
        self.run.reset();
        self.start(params)?;
        self.run.drive(&mut self.instance).map_err(|fault| failed(fault, self.market))?;
        self.profits.clear();
        self.open.fill(None);
        let Self { run, open, profits, .. } = self;
        ledger::each_closed(&run.broker.fills, &run.entries, open, |trade| {
            profits.extend(trade.profit());
        });
        Ok(Summary {
            equity: run.equity(),
            invested_steps: run.invested_steps(),
            profits: &self.profits,
        })
    }

    fn start(&mut self, params: &[f64]) -> Result<(), RunError> {
        let seed = self.run.config.seed;
        let begun = self.instance.begin(self.def, params, seed);
        begun.map_err(|fault| failed(fault, self.market))?;
        self.stage.furnish(&mut self.instance, &mut self.run, self.progress)?;
        Ok(())
    }
}
