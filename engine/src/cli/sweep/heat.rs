//! `--heatmap`: the mean of the ranked figure for each pair of values of two parameters.

use std::path::PathBuf;

use engine_core::sweep::Plan;

use super::{SweepArgs, search::Searched, tally::Tally};
use crate::{
    cli::{app::App, refuse::near},
    error::{Code, Failure},
    plot::{self, Heatmap, HeatmapSide},
    registry::Resolved,
};

/// Most cells of a heatmap.
const MOST_CELLS: usize = 4_000_000;

/// The sum and number of the figure for each pair of values.
#[derive(Debug)]
pub(super) struct Cells {
    across: usize,
    up: usize,
    sums: Vec<(f64, u32)>,
    values: Vec<f64>,
}

impl Cells {
    /// The cells of two parameters by name.
    ///
    /// # Errors
    /// When one is unknown, or there would be too many cells.
    pub(super) fn new(
        strategy: &Resolved,
        plan: &Plan,
        (across, up): &(String, String),
    ) -> Result<Self, Failure> {
        let params = &strategy.facts().params;
        let place = |name: &String| {
            params.iter().position(|param| param.name == *name).ok_or_else(|| {
                let names: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
                let message = format!(
                    "--heatmap: strategy '{}' has no parameter '{name}'; it has {}",
                    strategy.facts().name,
                    names.join(", ")
                );
                let failure = Failure::new(Code::Usage, message);
                let Some(near) = near(name, names) else { return failure };
                let meant = |one: &String| if one == name { near.to_owned() } else { one.clone() };
                failure.help(format!("--heatmap {},{}", meant(across), meant(up)))
            })
        };
        let (across, up) = (place(across)?, place(up)?);
        let cells = plan.axes()[across].len().saturating_mul(plan.axes()[up].len());
        if cells > MOST_CELLS {
            let message =
                format!("--heatmap would have {cells} cells; at most {MOST_CELLS} are drawn");
            return Err(Failure::new(Code::Usage, message));
        }
        Ok(Self { across, up, sums: vec![(0.0, 0); cells], values: Vec::new() })
    }

    pub(super) fn add(&mut self, plan: &Plan, position: u64, value: f64) {
        plan.values(position, &mut self.values);
        let place = |axis: usize| {
            let known = &plan.axes()[axis];
            known.iter().position(|value| *value == self.values[axis])
        };
        if let (Some(column), Some(row)) = (place(self.across), place(self.up)) {
            let cell = &mut self.sums[row * plan.axes()[self.across].len() + column];
            cell.0 += value;
            cell.1 += 1;
        }
    }
}

/// Draws the heatmap of a sweep, when one is wanted.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn draw(
    app: &App,
    searched: &Searched,
    tally: &Tally,
    args: &SweepArgs,
) -> Result<(), Failure> {
    let Some(cells) = &tally.map else { return Ok(()) };
    let path = path(app, searched, args);
    plot::write_heatmap(&path, &picture(searched, cells, args))?;
    app.out.note(&format!("wrote {}", path.display()));
    Ok(())
}

fn path(app: &App, searched: &Searched, args: &SweepArgs) -> PathBuf {
    let name = plot::file_name(&searched.symbols.join("+"), args.rules.resolution);
    match &args.heatmap_file {
        Some(path) => args.beside(path, &searched.symbols),
        None => app.home.plots().join(format!("sweep_{name}")),
    }
}

fn picture(searched: &Searched, cells: &Cells, args: &SweepArgs) -> Heatmap {
    let job = searched.job();
    let side = |place: usize| {
        let param = &job.strategy.facts().params[place];
        let values = job.plan.axes()[place].iter().map(|value| param.show(*value)).collect();
        HeatmapSide { name: param.name.clone(), values }
    };
    let has_others = job
        .plan
        .axes()
        .iter()
        .enumerate()
        .any(|(place, axis)| axis.len() > 1 && place != cells.across && place != cells.up);
    let mean = if has_others { ", the mean over all other parameters" } else { "" };
    Heatmap {
        title: format!(
            "{} on {} {}",
            job.strategy.asked(),
            searched.symbols.join(", "),
            args.rules.resolution
        ),
        figure: format!("{}{mean}; {} to {}", args.rank, searched.period.0, searched.period.1),
        across: side(cells.across),
        up: side(cells.up),
        cells: cells
            .sums
            .iter()
            .map(|(sum, count)| (*count > 0).then(|| sum / f64::from(*count)))
            .collect(),
    }
}
