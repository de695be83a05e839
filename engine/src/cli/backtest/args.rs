//! The options of `backtest`, read into the types of the rooms.

use std::path::PathBuf;

use clap::Args;
use engine_core::metrics::dialect::Dialect;
use strategy_api::Resolution;

use super::{
    super::{gateway_args::GatewayArgs, symbols, value},
    rules::{RulesArgs, no_symbol_twice},
};
use crate::{
    config::Config,
    error::{Code, Failure},
    gateway::Span,
};

const EXAMPLES: &str = "\
Examples:
  algo-trader backtest -s SPY --strategy ma_cross
  algo-trader backtest -s SPY --strategy ma_cross -p fast=50 -p slow=200 --plot
  algo-trader backtest -s AAPL -s MSFT --strategy momentum --from 2005-01-01
  algo-trader backtest --symbols-from list.txt --strategy momentum_rotation \\
      --account margin
  algo-trader backtest -s TSLA --strategy ma_cross --auto-fetch \\
      --fetch-duration \"3 Y\"
  algo-trader backtest -s SPY --strategy ma_cross --commission ibkr-fixed --json";

/// Run a strategy over kept bars and measure it
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BacktestArgs {
    /// Symbol; several share one account
    #[arg(short, long = "symbol", required_unless_present = "symbols_from")]
    #[arg(value_parser = value::symbol)]
    pub(super) symbol: Vec<String>,
    /// File of symbols, one a line; # begins a comment
    #[arg(long, value_name = "FILE")]
    symbols_from: Option<PathBuf>,
    /// Strategy: its name, an alias of strategies.toml, or file.so:name
    #[arg(long, value_name = "NAME", value_parser = value::strategy, default_value = "ma_cross")]
    pub(super) strategy: String,
    /// Parameter of the strategy; may be given more than once
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = value::parameter)]
    pub(super) param: Vec<(String, String)>,
    #[command(flatten)]
    pub(super) rules: RulesArgs,
    /// Strategy to compare with, on the same symbols and cash; none for no comparison
    #[arg(long, value_name = "NAME", default_value = "buy_and_hold", value_parser = value::strategy)]
    benchmark: String,
    /// Fail when an order was rejected
    #[arg(long)]
    pub(super) strict: bool,
    /// Prove that no order was decided with knowledge of later bars: repeat the run with other futures
    #[arg(long)]
    pub(super) prove: bool,
    /// Show the figures of another package: quantstats, empyrical, backtesting or vectorbt
    #[arg(long, value_name = "PACKAGE")]
    pub(super) metrics_as: Option<Dialect>,
    /// Settle bars that reach a stop and a target with finer bars, where they are held: 1m
    #[arg(long, value_name = "LENGTH")]
    pub(super) intrabar: Option<Resolution>,
    /// Run the strategy inside this process, unprotected; for measuring and debugging
    #[arg(long)]
    pub(super) in_process: bool,
    /// Draw the run, as FILE.png or FILE.svg [default file: data/plots/SYMBOL_LENGTH.png]
    #[arg(long, value_name = "FILE")]
    pub(super) plot: Option<Option<PathBuf>>,
    /// Write the run as one page for a browser [default file: data/reports/SYMBOL_LENGTH.html]
    #[arg(long, value_name = "FILE", value_parser = value::page())]
    pub(super) report: Option<Option<PathBuf>>,
    /// Write the trades as CSV
    #[arg(long, value_name = "FILE")]
    pub(super) trades: Option<PathBuf>,
    /// Write the equity curve as CSV
    #[arg(long, value_name = "FILE")]
    pub(super) equity: Option<PathBuf>,
    /// Do not keep the run in the database
    #[arg(long)]
    pub(super) no_save: bool,
    /// Write the record of the run anew, even when it is kept already
    #[arg(long, conflicts_with = "no_save")]
    pub(super) rewrite: bool,
    /// Fetch from the broker what is missing or stale, then run
    #[arg(long)]
    pub(super) auto_fetch: bool,
    /// How far back to fetch: "5 Y", "3 M", "60 D" [default: 5 Y]
    #[arg(long, value_name = "SPAN", requires = "auto_fetch", allow_hyphen_values = true)]
    pub(super) fetch_duration: Option<Span>,
    /// Run on the bars held when the broker cannot be reached
    #[arg(long, requires = "auto_fetch")]
    pub(super) offline_ok: bool,
    #[command(flatten)]
    pub(super) gateway: GatewayArgs,
}

impl BacktestArgs {
    /// The same with the symbols of the file among the others and the defaults of `strategies.toml`, checked
    /// for what no single option can know.
    ///
    /// # Errors
    /// When the period ends before it begins, a symbol is given twice, bars inside bars are not finer, or a
    /// file of symbols is wrong.
    pub(super) fn checked(&self, config: &Config) -> Result<Self, Failure> {
        self.rules.check()?;
        self.intrabar.map_or(Ok(()), |finer| is_finer(finer, self.rules.resolution))?;
        no_symbol_twice(&self.symbol)?;
        let symbol = symbols::with_file(&self.symbol, self.symbols_from.as_deref())?;
        let rules = self.rules.settled(config, &self.strategy)?;
        Ok(Self { symbol, rules, ..self.clone() })
    }

    /// The strategy to compare with, when one is wanted.
    pub(super) fn benchmark(&self) -> Option<&str> {
        (self.benchmark != "none").then_some(self.benchmark.as_str())
    }
}

/// # Errors
/// When bars of one length do not lie inside those of the other.
fn is_finer(finer: Resolution, resolution: Resolution) -> Result<(), Failure> {
    if finer.fits_into(resolution) {
        return Ok(());
    }
    let fits = |one: &&Resolution| one.fits_into(resolution);
    let valid: Vec<&str> = Resolution::ALL.iter().filter(fits).map(|one| one.name()).collect();
    let message =
        format!("--intrabar {finer}: no whole number of such bars makes one of {resolution}");
    Err(Failure::new(Code::Usage, message)
        .help(valid.last().map_or(String::new(), |one| format!("--intrabar {one}"))))
}
