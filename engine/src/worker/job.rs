//! Does a job: in a worker, or with `--in-process` in the host itself.

use std::{fs::File, os::fd::OwnedFd};

use engine_core::{
    backtest::{self, Finer, RunError, Stage, prove},
    universe::Member,
};
use strategy_api::{
    Resolution,
    abi::{
        describe,
        host::{Fault, FaultKind},
        layout::StrategyDef,
        raw::ProgressPage,
        submitted,
    },
    testing::{Finding, conformance},
};

use super::{
    Detail, Ran, Wants,
    wire::{Failed, Job, Refusal, Reply},
};
use crate::{
    feed::ColumnFile,
    registry::{DoorError, describe_all, facts::StrategyFacts, foreign::open_library, try_start},
    report::Basis,
};

/// Does a job and gives what came of it, before it tidies up. `library` is the sealed file of a plugin;
/// without one the strategy is built in.
pub(super) fn perform(
    job: &Job,
    library: Option<File>,
    files: Vec<OwnedFd>,
    progress: &ProgressPage,
    mut give: impl FnMut(Reply),
) {
    let defs = match definitions(library) {
        Ok(defs) => defs,
        Err(reply) => return give(reply),
    };
    let done = match job {
        Job::Probe { skip } => Ok(probe(&defs, skip.as_deref(), progress)),
        Job::Run { strategy, values, config, has_finer, wants } => {
            let (files, terms) = ((files, &has_finer[..]), (config, *wants));
            let def = of_name(&defs, strategy);
            let ran = def.and_then(|def| run(def, values, files, terms, progress, &mut give));
            return ran.unwrap_or_else(give);
        }
        Job::Prove { strategy, values, config, has_finer } => of_name(&defs, strategy)
            .and_then(|def| proof(def, values, (files, has_finer), config, progress)),
        Job::Sweep(_) => Err(Reply::Bug("a sweep has no single result".to_owned())),
        Job::Check { strategy, values, cuts } => {
            of_name(&defs, strategy).and_then(|def| check(def, values, files, *cuts))
        }
    };
    give(done.unwrap_or_else(|reply| reply));
}

impl From<DoorError> for Refusal {
    fn from(error: DoorError) -> Self {
        // A missing system library can be installed; a wrong layout stays wrong.
        let lasting = !matches!(error, DoorError::Loader(_));
        let reason = error.to_string();
        let detail = match error {
            DoorError::Layout { full, .. } => Some(full),
            _ => None,
        };
        Self { reason, detail, lasting }
    }
}

/// The strategies of the sealed file of a library, or those that are built in.
pub(super) fn definitions(library: Option<File>) -> Result<Vec<&'static StrategyDef>, Reply> {
    match library.map(open_library).transpose() {
        Ok(defs) => Ok(defs.unwrap_or_else(|| submitted().to_vec())),
        Err(error) => Err(Reply::NotOpened(error.into())),
    }
}

pub(super) fn of_name(
    defs: &[&'static StrategyDef],
    name: &str,
) -> Result<&'static StrategyDef, Reply> {
    let found = defs.iter().find(|def| describe(def).is_ok_and(|described| described.name == name));
    found.copied().ok_or_else(|| {
        let reason = format!("it holds no strategy '{name}'");
        Reply::NotOpened(Refusal { reason, detail: None, lasting: true })
    })
}

fn probe(defs: &[&'static StrategyDef], skip: Option<&[u32]>, progress: &ProgressPage) -> Reply {
    let mut all: Vec<StrategyFacts> = match describe_all(defs) {
        Ok(all) => all,
        Err(reason) => return Reply::NotOpened(Refusal { reason, detail: None, lasting: true }),
    };
    for (index, (def, facts)) in (0..).zip(defs.iter().copied().zip(&mut all)) {
        // The beat tells the host which strategy it is that breaks.
        progress.beat();
        if skip.is_some_and(|skip| !skip.contains(&index)) {
            try_start(def, facts, progress);
        }
    }
    Reply::Probed(all)
}

pub(super) fn open_columns(files: Vec<OwnedFd>) -> Result<Vec<ColumnFile>, Reply> {
    let open = |fd| ColumnFile::open(File::from(fd));
    let files = files.into_iter().map(open).collect::<Result<Vec<_>, _>>();
    files.map_err(|error| Reply::Failed(Failed::Columns(error.to_string())))
}

fn run(
    def: &'static StrategyDef,
    values: &[f64],
    (files, has_finer): (Vec<OwnedFd>, &[bool]),
    (config, wants): (&backtest::Config, Wants),
    progress: &ProgressPage,
    give: &mut impl FnMut(Reply),
) -> Result<(), Reply> {
    let files = open_columns(files)?;
    let (files, finer) = apart(&files, has_finer);
    let (members, resolution) = members(files);
    let stage = Stage::new(&members, resolution, config.to_ts).settled_by(finer);
    let result = stage.run(def, values, config, progress).and_then(|mut result| {
        if wants.detail >= Detail::Grounds {
            result.seen = stage.seen(&result, config, progress)?;
        }
        Ok(result)
    });
    let result = result.map_err(|error| Reply::Failed(failed(error)))?;
    let basis = Basis {
        calendar: config.rules.calendar,
        resolution,
        ts: &stage.timeline()[result.first_step..],
        cash: config.cash,
        risk_free_rate: wants.risk_free_rate,
    };
    // Long columns take a while to be given back; nobody has to wait for that.
    give(Reply::Ran(Box::new(Ran::of(result, wants, &basis).into())));
    Ok(())
}

fn proof(
    def: &'static StrategyDef,
    params: &[f64],
    (files, has_finer): (Vec<OwnedFd>, &[bool]),
    config: &backtest::Config,
    progress: &ProgressPage,
) -> Result<Reply, Reply> {
    let files = open_columns(files)?;
    let (files, finer) = apart(&files, has_finer);
    let (members, resolution) = members(files);
    let finer = finer.as_ref();
    let case = prove::Case { def, params, members: &members, resolution, config, finer };
    let proof = prove::prove(&case, prove::EFFORT, progress);
    Ok(proof
        .map_or_else(|error| Reply::Failed(failed(error)), |proof| Reply::Proved(Box::new(proof))))
}

/// The files of a run's bars, and the finer bars that come after them.
fn apart<'f>(files: &'f [ColumnFile], has_finer: &[bool]) -> (&'f [ColumnFile], Option<Finer<'f>>) {
    let count = has_finer.iter().filter(|has| **has).count();
    let (files, finer) = files.split_at(files.len().saturating_sub(count));
    let resolution = finer.first().map(|file| file.info().resolution);
    let mut finer = finer.iter().map(ColumnFile::columns);
    let columns = has_finer.iter().map(|has| if *has { finer.next() } else { None }).collect();
    (files, resolution.map(|resolution| Finer { resolution, columns }))
}

/// The bars of files under their symbols, and the length of the bars.
pub(super) fn members(files: &[ColumnFile]) -> (Vec<Member<'_>>, Resolution) {
    let named =
        files.iter().map(|file| Member { symbol: &file.info().symbol, columns: file.columns() });
    let resolution = files.first().map_or(Resolution::Day1, |file| file.info().resolution);
    (named.collect(), resolution)
}

pub(super) fn failed(error: RunError) -> Failed {
    match error {
        RunError::NoBars => Failed::NoBars,
        RunError::Column(text) => Failed::Column(text),
        RunError::Strategy { fault, .. }
            if fault.kind == FaultKind::Refused && fault.callback == "on_start" =>
        {
            Failed::Refused(fault.text)
        }
        RunError::Strategy { fault: Fault { callback, at, text, .. }, ts } => {
            Failed::Fault { callback: callback.to_owned(), at, ts, text }
        }
    }
}

fn check(
    def: &'static StrategyDef,
    values: &[f64],
    files: Vec<OwnedFd>,
    cuts: usize,
) -> Result<Reply, Reply> {
    let files = open_columns(files)?;
    let Some(file) = files.first() else { return Ok(Reply::Failed(Failed::NoBars)) };
    let columns = file.columns();
    let bars: Vec<_> = (0..columns.len()).map(|row| columns.bar(row)).collect();
    let findings = conformance(def, values, &bars, cuts);
    if let [Finding::Fault(fault)] = findings.as_slice() {
        let ts = columns.ts.get(fault.at).copied();
        return Ok(Reply::Failed(failed(RunError::Strategy { fault: fault.clone(), ts })));
    }
    Ok(Reply::Checked(findings.iter().map(ToString::to_string).collect()))
}
