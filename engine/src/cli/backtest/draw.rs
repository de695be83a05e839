//! `--plot`: a picture for each symbol of the run.

use std::path::{Path, PathBuf};

use engine_core::{backtest::as_seen, universe::Member};
use strategy_api::{Columns, indicators::ColumnSpec};

use super::{Finished, Judged, market::Bars};
use crate::{
    cli::app::App,
    error::Failure,
    plot::{self, Curve, Overlay, PlotData},
    report,
};

/// Draws every symbol; a named file belongs to the first, the others go beside it.
pub(super) fn draw(
    app: &App,
    run: &Judged<'_>,
    bars: &Bars,
    finished: &Finished<'_>,
    asked: Option<&Path>,
) -> Result<(), Failure> {
    for (index, symbol) in run.args.symbol.iter().enumerate() {
        let name = plot::file_name(symbol, bars.resolution);
        let path = match asked {
            Some(path) if index == 0 => path.to_owned(),
            Some(path) => beside(path, &name),
            None => app.home.plots().join(name),
        };
        plot::write(&path, &picture(run, bars, finished, index))?;
        app.out.note(&format!("wrote {}", path.display()));
    }
    Ok(())
}

/// The file for another symbol: `run.svg` gives `run_AAPL_1d.svg`.
fn beside(path: &Path, name: &str) -> PathBuf {
    let part =
        |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let symbol = name.strip_suffix(".png").unwrap_or(name);
    path.with_file_name(format!("{}_{symbol}.{}", part(path.file_stem()), part(path.extension())))
}

fn picture<'a>(
    run: &Judged<'_>,
    bars: &'a Bars,
    finished: &'a Finished<'_>,
    index: usize,
) -> PlotData<'a> {
    let (visible, start) = bars.traded(index, run.config, &finished.ts);
    let overlays = overlays(run, finished, (index, &visible), start);
    let curve =
        |name: &str, values: &'a [f64]| Curve { name: name.to_owned(), ts: &finished.ts, values };
    let benchmark = finished.beside.zip(run.benchmark);
    PlotData {
        title: title(run),
        headline: report::headline(&finished.report),
        symbol: run.args.symbol[index].clone(),
        resolution: bars.resolution,
        time_zone: bars.time_zone(),
        bars: visible.slice(start..visible.len()),
        overlays,
        trades: plot::markers(&finished.result.fills, u32::try_from(index).unwrap_or(u32::MAX)),
        initial: run.config.cash,
        equity: curve(run.strategy.asked(), &finished.result.equity),
        benchmark: benchmark.map(|(beside, (strategy, _))| curve(strategy.asked(), &beside.equity)),
    }
}

pub(super) fn title(run: &Judged<'_>) -> String {
    let shown = run.strategy.shown(run.values);
    let parameters: Vec<_> = shown.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}({})", run.strategy.asked(), parameters.join(", "))
}

/// The strategy's own indicators, or MA20 and MA50 when it declared none, as they were seen bar by bar;
/// computed over the history of an instrument too and cut to the traded bars.
pub(super) fn overlays(
    run: &Judged<'_>,
    finished: &Finished<'_>,
    (index, visible): (usize, &Columns<'_>),
    start: usize,
) -> Vec<Overlay<'static>> {
    let member = Member { symbol: &run.args.symbol[index], columns: *visible };
    let values = |spec: &ColumnSpec| {
        let mut values = as_seen(spec, &member, &run.config.rules);
        values.drain(..start);
        values
    };
    let specs = finished.result.declared().filter_map(|raw| ColumnSpec::from_wire(&raw).ok());
    let overlays: Vec<_> = specs.map(|spec| plot::overlay(&spec, values)).collect();
    if overlays.is_empty() { plot::moving_averages(values) } else { overlays }
}
