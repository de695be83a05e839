//! `--report`: the run as one page for a browser.

use std::path::Path;

use super::{Finished, Judged, draw, market::Bars};
use crate::{
    cli::app::App,
    error::Failure,
    plot::{self, Panel},
    report::{
        file::write_whole,
        html::{self, Indicator, Page, SymbolSeries},
    },
};

/// Writes the page of the run; without a name it is called after its first symbol.
pub(super) fn write(
    app: &App,
    run: &Judged<'_>,
    bars: &Bars,
    finished: &Finished<'_>,
    asked: Option<&Path>,
) -> Result<(), Failure> {
    let path = match asked {
        Some(path) => path.to_owned(),
        None => {
            let name = plot::file_name(&run.args.symbol[0], bars.resolution);
            app.home.reports().join(Path::new(&name).with_extension("html"))
        }
    };
    let basis = bars.basis(run.config, &run.args.rules, &finished.ts);
    let zone = bars.time_zone();
    let page = Page {
        title: draw::title(run),
        report: &finished.report,
        lists: &finished.lists,
        basis: &basis,
        equity: &finished.result.equity,
        benchmark: finished.beside.map(|beside| beside.equity.as_slice()),
        time_zone: zone.iana_name().unwrap_or("UTC"),
        series: (0..run.args.symbol.len())
            .map(|index| series(run, bars, finished, index))
            .collect(),
    };
    let text = html::page(&page);
    write_whole(&path, |writer| writer.write_all(text.as_bytes()))?;
    app.out.note(&format!("wrote {}", path.display()));
    Ok(())
}

fn series<'a>(
    run: &Judged<'_>,
    bars: &'a Bars,
    finished: &Finished<'_>,
    index: usize,
) -> SymbolSeries<'a> {
    let (visible, start) = bars.traded(index, run.config, &finished.ts);
    let indicator = |overlay: plot::Overlay<'a>| Indicator {
        name: overlay.name,
        panel: match overlay.panel {
            Panel::Price => None,
            Panel::Own(caption) => Some(caption),
        },
        values: overlay.values,
    };
    SymbolSeries {
        symbol: run.args.symbol[index].clone(),
        bars: visible.slice(start..visible.len()),
        overlays: draw::overlays(run, finished, (index, &visible), start)
            .into_iter()
            .map(indicator)
            .collect(),
    }
}
