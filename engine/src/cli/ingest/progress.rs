//! Progress of each symbol: bars on a terminal, a line at its end elsewhere.

use std::io::{IsTerminal, stderr};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::{app::App, interrupt};
use crate::{
    ingest::fetch::{FetchReport, FetchState, Watch},
    report::number::count,
};

/// The progress of several symbols.
#[derive(Clone)]
pub(super) struct Board {
    bars: MultiProgress,
    is_terminal: bool,
}

impl Board {
    pub(super) fn new(app: &App) -> Self {
        let is_terminal = stderr().is_terminal() && !app.out.quiet();
        let target = if is_terminal {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { bars: MultiProgress::with_draw_target(target), is_terminal }
    }

    /// The progress of one symbol.
    pub(super) fn symbol(&self, symbol: &str) -> SymbolProgress {
        let bar = self.bars.add(ProgressBar::no_length());
        let style =
            ProgressStyle::with_template("{prefix:12} {bar:30} {pos}/{len}  {per_sec}  {eta} left");
        bar.set_style(style.expect("the template is a constant"));
        bar.set_prefix(symbol.to_owned());
        SymbolProgress { bar }
    }

    /// A symbol is done.
    pub(super) fn done(&self, app: &App, progress: &SymbolProgress, report: &FetchReport) {
        progress.bar.finish_and_clear();
        self.bars.remove(&progress.bar);
        if !self.is_terminal && !app.out.json() {
            app.out.note(&line(report));
        }
    }
}

/// The progress of one symbol.
pub(super) struct SymbolProgress {
    bar: ProgressBar,
}

impl Watch for SymbolProgress {
    fn planned(&self, requests: usize) {
        self.bar.set_position(0);
        self.bar.set_length(requests as u64);
    }

    fn answered(&self) {
        self.bar.inc(1);
    }

    fn is_cancelled(&self) -> bool {
        interrupt::requested()
    }
}

/// One line about a symbol that is done.
fn line(report: &FetchReport) -> String {
    let state = match report.state {
        FetchState::Done => "done",
        FetchState::Partly => "partly done",
        FetchState::Failed => "failed",
        FetchState::Stopped => "stopped",
    };
    let FetchReport { symbol, resolution, new, changed, requests, .. } = report;
    format!(
        "{symbol} {resolution}: {state}, {} new and {} changed bars, asked {}",
        count(*new),
        count(*changed),
        if *requests == 1 { "once".to_owned() } else { format!("{} times", count(*requests)) }
    )
}
