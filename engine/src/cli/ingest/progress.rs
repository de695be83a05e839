//! Progress of each symbol: bars on a terminal, a line at its end elsewhere.

use indicatif::{MultiProgress, ProgressBar};

use super::super::{app::App, interrupt, progress};
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
        Self { bars: progress::board(&app.out), is_terminal: progress::is_shown(&app.out) }
    }

    /// The progress of one symbol.
    pub(super) fn symbol(&self, symbol: &str) -> SymbolProgress {
        let figures = "{pos} of {len}  {pace}  {left} left";
        let bar = progress::bar_on(&self.bars, "{prefix:12} ", figures);
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
