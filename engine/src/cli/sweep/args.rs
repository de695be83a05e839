//! The options of `sweep`.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::Args;
use engine_core::sweep::{KFold, Metric};

use super::{
    super::{
        backtest::{RulesArgs, no_symbol_twice},
        value,
    },
    validate::{Scheme, ValidationArgs},
};
use crate::{
    config::Config,
    error::{Code, Failure},
    plot::file_name,
};

const EXAMPLES: &str = "\
Values of a parameter: one (20), a list (10,20,50), a range with both ends
(5..50, or 5..50:5 in steps of five, 0.5..2:0.1), or all (of a choice, a truth).

Examples:
  algo-trader sweep -s SPY --strategy ma_cross -p fast=5..50 -p slow=55..250:5
  algo-trader sweep -s SPY --strategy ma_cross -p fast=2..100 -p slow=5..300 \\
      --where \"2 * fast <= slow\" --random 2000 --rank calmar
  algo-trader sweep -s SPY --strategy ma_cross -p fast=5..50 -p slow=55..250:5 \\
      --report
  algo-trader sweep -s SPY --strategy ma_cross -p fast=2..100 -p slow=5..300 \\
      --where \"2 * fast <= slow\" --search model --trials 300
  algo-trader sweep -s SPY -s AAPL --strategy momentum -p lookback=20..250:10
  algo-trader sweep -s SPY --strategy ma_cross -p fast=5..50:5 \\
      -p slow=60..200:20 --walk-forward --in-sample 3Y --out-of-sample 1Y
  algo-trader sweep -s SPY --strategy ma_cross -p fast=5..50:5 \\
      -p slow=60..200:20 --k-fold 5 --embargo 10";

/// Try many parameter sets of a strategy and say which come out on top
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SweepArgs {
    /// Symbol; of several each is swept alone, unless --portfolio is given
    #[arg(short, long = "symbol", required = true, value_parser = value::symbol)]
    pub(super) symbol: Vec<String>,
    /// Strategy: its name, an alias of strategies.toml, or file.so:name
    #[arg(long, value_name = "NAME", value_parser = value::strategy)]
    pub(super) strategy: String,
    /// Values to try of a parameter; may be given more than once
    #[arg(short, long = "param", value_name = "NAME=VALUES", value_parser = value::parameter)]
    pub(super) param: Vec<(String, String)>,
    /// Which combinations make sense, such as "fast < slow and slow <= 10 * fast"
    #[arg(long = "where", value_name = "EXPRESSION")]
    pub(super) constraint: Option<String>,
    /// How combinations are chosen: all of a grid, at random, or by a model of what came of the others
    #[arg(long, value_name = "METHOD", default_value = "grid")]
    search: SearchMethod,
    /// Trials of a search that does not try all [default: 1000 at random, 200 by a model]
    #[arg(long, value_name = "NUMBER", value_parser = value::trials)]
    trials: Option<u64>,
    /// The same as --search random --trials NUMBER
    #[arg(long, value_name = "NUMBER", value_parser = value::trials)]
    #[arg(conflicts_with_all = ["search", "trials"])]
    random: Option<u64>,
    /// Figure by which trials are ranked, best first
    #[arg(long, value_name = "METRIC", default_value = "sharpe")]
    pub(super) rank: Metric,
    /// How many of the best to show
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(super) top: u16,
    /// Trade all symbols in one account
    #[arg(long)]
    pub(super) portfolio: bool,
    /// Worker processes [default: one for each core]
    #[arg(long, value_name = "NUMBER")]
    pub(super) jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) rules: RulesArgs,
    /// Write every trial (of folds: every fold) as CSV
    #[arg(long, value_name = "FILE", conflicts_with = "no_save")]
    pub(super) csv: Option<PathBuf>,
    /// Write every trial as a Parquet file, which pandas and polars read
    #[arg(long, value_name = "FILE", conflicts_with = "no_save")]
    pub(super) parquet: Option<PathBuf>,
    /// Draw the ranked figure over two parameters, the mean over all others
    #[arg(long, value_name = "ACROSS,UP", value_parser = pair)]
    pub(super) heatmap: Option<(String, String)>,
    /// File of the heatmap [default: data/plots/sweep_SYMBOL_LENGTH.png]
    #[arg(long, value_name = "FILE", requires = "heatmap")]
    pub(super) heatmap_file: Option<PathBuf>,
    /// Write the sweep as one page for a browser [default file: data/reports/sweep_SYMBOL_LENGTH.html]
    #[arg(long, value_name = "FILE", value_parser = value::page())]
    pub(super) report: Option<Option<PathBuf>>,
    #[command(flatten)]
    pub(super) validation: ValidationArgs,
    /// Do not keep the trials in the database; such a sweep cannot be resumed
    #[arg(long)]
    pub(super) no_save: bool,
    /// Go on with a sweep that was broken off, which is what happens anyway
    #[arg(long, conflicts_with = "no_save")]
    resume: bool,
    /// Really run more than 1,000,000,000 trials
    #[arg(long)]
    pub(super) yes: bool,
    /// Run the strategy inside this process, unprotected; for measuring and debugging
    #[arg(long)]
    pub(super) in_process: bool,
}

/// How combinations are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SearchMethod {
    /// Every combination.
    Grid,
    /// Drawn at random.
    Random,
    /// Proposed from what the trials before came to.
    Model,
}

/// The same with the number of trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Grid,
    Random(u64),
    Model(u64),
}

/// Trials of `--search random`, and of `--search model`, when nothing else is said.
const AT_RANDOM: u64 = 1000;
const BY_MODEL: u64 = 200;

impl SweepArgs {
    /// How combinations are chosen, and how many.
    pub(super) fn method(&self) -> Method {
        match (self.random, self.search) {
            (Some(trials), _) => Method::Random(trials),
            (None, SearchMethod::Grid) => Method::Grid,
            (None, SearchMethod::Random) => Method::Random(self.trials.unwrap_or(AT_RANDOM)),
            (None, SearchMethod::Model) => Method::Model(self.trials.unwrap_or(BY_MODEL)),
        }
    }

    /// Trials that are drawn at random, when they are.
    pub(super) fn drawn(&self) -> Option<u64> {
        match self.method() {
            Method::Random(trials) => Some(trials),
            Method::Grid | Method::Model(_) => None,
        }
    }

    /// Trials that a model proposes, when one does.
    pub(super) fn proposed(&self) -> Option<u64> {
        match self.method() {
            Method::Model(trials) => Some(trials),
            Method::Grid | Method::Random(_) => None,
        }
    }

    /// The same with the defaults of `strategies.toml`, checked for what no single option can know.
    ///
    /// # Errors
    /// When the options contradict each other.
    pub(super) fn settled(&self, config: &Config) -> Result<Self, Failure> {
        self.check()?;
        Ok(Self { rules: self.rules.settled(config, &self.strategy)?, ..self.clone() })
    }

    fn check(&self) -> Result<(), Failure> {
        self.rules.check()?;
        self.validation.check()?;
        self.check_folds()?;
        no_symbol_twice(&self.symbol)?;
        if self.trials.is_some() && self.search == SearchMethod::Grid {
            return Err(Failure::new(
                Code::Usage,
                "--trials: a grid tries every combination; a search at random or by a model does not",
            )
            .help("--search model --trials 200"));
        }
        let twice =
            self.param.iter().enumerate().find(|(at, (name, _))| {
                self.param[..*at].iter().any(|(earlier, _)| earlier == name)
            });
        match twice {
            Some((_, (name, _))) => {
                Err(Failure::new(Code::Usage, format!("the parameter '{name}' is given twice"))
                    .help(format!("list its values in one place: -p {name}=10,20,50")))
            }
            None => Ok(()),
        }
    }

    /// # Errors
    /// When a cross-validation has fewer than two folds: one is judged on what the others are for.
    fn check_folds(&self) -> Result<(), Failure> {
        match self.validation.scheme() {
            Some(Scheme::KFold(KFold { folds: folds @ ..2, .. })) => {
                let message =
                    format!("--k-fold {folds}: a cross-validation has at least two folds");
                Err(Failure::new(Code::Usage, message).help("--k-fold 5"))
            }
            _ => Ok(()),
        }
    }

    /// The symbols of each sweep.
    pub(super) fn sweeps(&self) -> Vec<Vec<String>> {
        if self.portfolio {
            vec![self.symbol.clone()]
        } else {
            self.symbol.iter().map(|symbol| vec![symbol.clone()]).collect()
        }
    }

    /// The file of a sweep: of several symbols each has its own, `all.csv` gives `all_SPY.csv`.
    pub(super) fn beside(&self, path: &Path, symbols: &[String]) -> PathBuf {
        if self.sweeps().len() == 1 {
            return path.to_owned();
        }
        let part = |part: Option<&std::ffi::OsStr>| {
            part.unwrap_or_default().to_string_lossy().into_owned()
        };
        let picture = file_name(&symbols.join("+"), self.rules.resolution);
        let symbol = picture.strip_suffix(".png").unwrap_or(&picture);
        let (stem, extension) = (part(path.file_stem()), part(path.extension()));
        path.with_file_name(format!("{stem}_{symbol}.{extension}"))
    }

    /// Number of worker processes.
    pub(super) fn workers(&self) -> NonZeroUsize {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.jobs.unwrap_or_else(cores)
    }
}

/// Two names with a comma between them.
fn pair(text: &str) -> Result<(String, String), value::Invalid> {
    match text.split_once(',').map(|(across, up)| (across.trim(), up.trim())) {
        Some((across, up)) if !across.is_empty() && !up.is_empty() && across != up => {
            Ok((across.to_owned(), up.to_owned()))
        }
        _ => Err(value::Invalid {
            reason: "not two parameters with a comma between them".to_owned(),
            help: "--heatmap fast,slow".to_owned(),
        }),
    }
}
