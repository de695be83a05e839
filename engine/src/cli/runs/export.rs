//! `runs export`: a run as files for notebooks: `run.json` with its lists as CSV or as Parquet.

use std::path::{Path, PathBuf};

use clap::Args;

use super::read;
use crate::{
    cli::{
        Done, Outcome,
        app::App,
        backtest::{KeptBars, kept_bars},
    },
    error::Failure,
    report::{
        self, Lists, Report,
        file::write_whole,
        listing::{self, Kind},
        tables::{self, Table, TableWriter},
    },
    store::RunRecord,
};

/// Where the files go.
#[derive(Args, Debug)]
#[group(required = true, multiple = true)]
pub(super) struct Folders {
    /// Folder for run.json and the lists as CSV; made when it is missing
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// Folder for run.json, the lists, the session returns and the bars of the run as Parquet
    #[arg(long, value_name = "DIR")]
    parquet: Option<PathBuf>,
}

pub(super) fn run(app: &App, run: &RunRecord, to: &Folders) -> Outcome {
    let (report, lists) = read(run)?;
    let json = report::full(&report, &lists);
    let whole = |folder: &Path| {
        write_whole(&folder.join("run.json"), |writer| writer.write_all(json.as_bytes()))
    };
    if let Some(folder) = &to.csv {
        whole(folder)?;
        for kind in Kind::ALL {
            let path = folder.join(format!("{}.csv", kind.name()));
            write_whole(&path, |writer| listing::csv(kind, &report, &lists, writer))?;
        }
        app.out.text(&folder.display().to_string())?;
    }
    if let Some(folder) = &to.parquet {
        whole(folder)?;
        write_tables(folder, &report, &lists)?;
        // Last, because the bars may not be kept any more: everything else is there then.
        write_bars(folder, &kept_bars(app, run)?)?;
        app.out.text(&folder.display().to_string())?;
    }
    Ok(Done::Well)
}

fn write_tables(folder: &Path, report: &Report, lists: &Lists<'_>) -> Result<(), Failure> {
    for kind in Kind::ALL {
        write(folder, kind.name(), &[tables::list(kind, report, lists)])?;
    }
    write(folder, "returns", &[tables::returns(lists)])
}

/// One file for all symbols, a group of rows for each.
fn write_bars(folder: &Path, kept: &KeptBars) -> Result<(), Failure> {
    let symbols = kept.symbols.iter().enumerate();
    let of_symbol = symbols.map(|(at, symbol)| tables::bars(symbol, &kept.of(at)));
    write(folder, "bars", &of_symbol.collect::<Vec<_>>())
}

fn write(folder: &Path, name: &str, tables: &[Table<'_>]) -> Result<(), Failure> {
    let path = folder.join(format!("{name}.parquet"));
    Ok(write_whole(&path, |writer| {
        let mut file = TableWriter::new(writer);
        tables.iter().try_for_each(|table| file.write(table))?;
        file.finish()
    })?)
}
