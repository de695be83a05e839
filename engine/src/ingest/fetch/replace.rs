//! Replaces a whole series: what is fetched anew is put aside in the database, chunk by chunk, and one
//! transaction at the end takes the old bars away and puts the new ones there, so that nobody ever sees
//! half of each. A chunk is in memory, never the series. Who is stopped half-way leaves the old series as
//! it is; what was put aside is dropped by the next who replaces or changes it.

use super::{
    Fetcher, Watch,
    answer::Sound,
    identity,
    overlap::{Agreement, compare_staged},
    prepare::{Job, Replacing},
    report::FetchReport,
    rows::Rows,
};
use crate::{
    gateway::What,
    ingest::{
        IngestError,
        derive::same_bar,
        merge::{Merge, Merged},
        rejects::Rejects,
        validate::Checked,
    },
    store::{BarRow, BarWriter, Coverage, Reject, Revision, SeriesInfo, Stage},
};

/// How often everything is fetched when it changes in the meantime.
const ATTEMPTS: u32 = 3;
/// Of so many held bars one may be gone after a restatement.
const LOST_OF: u64 = 100;

/// Everything that was fetched anew; its bars are put aside.
struct Whole {
    stage: Stage,
    is_empty: bool,
    /// What to enter in the ledger.
    entries: Vec<(Coverage, Vec<Reject>)>,
    /// What was counted on the way.
    counts: FetchReport,
}

impl Fetcher {
    /// Fetches everything anew and replaces the series with it. `factor` is the ratio that was seen.
    pub(super) async fn replace(
        &self,
        job: &Job<'_>,
        factor: Option<f64>,
        report: &mut FetchReport,
        watch: &dyn Watch,
    ) -> Result<(), IngestError> {
        for _ in 0..ATTEMPTS {
            let held = self.store.series(&job.key.instrument.symbol, job.market.resolution).await?;
            let Some(held) = held else { break };
            let stage = self.store.begin_stage(held.id).await?;
            let Some(whole) = self.fetch_whole(job, stage, watch).await? else { continue };
            if whole.is_empty {
                report.absorb(&whole.counts);
                return Err(nothing(job, report));
            }
            let _turn = self.turn.lock().await;
            let mut writer = self.store.write_bars(&job.key).await?;
            writer.hold_stage(stage).await?;
            identity::keep(job, &mut *writer).await?;
            if writer.held().map(|held| held.version) != Some(held.version) {
                continue;
            }
            let revision = revision(job, factor, &held);
            let (merged, partial, info) = self.swap(job, writer, &whole, &revision).await?;
            report.absorb(&whole.counts);
            report.partial = partial;
            (report.new, report.same, report.changed) = (0, 0, 0);
            report.add(&merged);
            report.held(&info);
            if held.bars > 0 {
                report.notes.push(revision.detail);
            }
            return Ok(());
        }
        Err(IngestError::Restless {
            symbol: job.key.instrument.symbol.clone(),
            resolution: job.market.resolution.to_string(),
            attempts: ATTEMPTS,
        })
    }

    /// Fetches every chunk and puts it aside; `None` when the prices changed between two of them.
    async fn fetch_whole(
        &self,
        job: &Job<'_>,
        stage: Stage,
        watch: &dyn Watch,
    ) -> Result<Option<Whole>, IngestError> {
        let plan = job.plan_anew()?;
        watch.planned(plan.len());
        let (entries, counts) = (Vec::new(), FetchReport::default());
        let mut whole = Whole { stage, is_empty: true, entries, counts };
        for chunk in plan {
            let fetched = self.fetch(job, &chunk, watch).await?;
            let sound = &fetched.sound;
            if !sound.bad.is_empty() && job.request.strict {
                return Err(strict(job, sound));
            }
            let bars = &sound.bars;
            let agreement = compare_staged(&*self.store, stage, bars, job.request.what).await?;
            if let Agreement::Restated { .. } = agreement {
                return Ok(None);
            }
            let rows: Vec<BarRow> = bars.iter().map(put_aside).collect();
            let _turn = self.turn.lock().await;
            self.store.stage(stage, &rows).await?;
            whole.is_empty &= rows.is_empty();
            whole.entries.extend(job.entries(&chunk, sound));
            whole.counts.count(sound);
        }
        Ok(Some(whole))
    }

    /// Puts the bars in the place of those that are held; the second figure is how many are partial.
    async fn swap(
        &self,
        job: &Job<'_>,
        mut writer: Box<dyn BarWriter + '_>,
        whole: &Whole,
        revision: &Revision,
    ) -> Result<(Merged, u64, SeriesInfo), IngestError> {
        let held = writer.held().map_or(0, |held| held.bars.unsigned_abs());
        let staged = || Rows::staged(&*self.store, whole.stage, i64::MIN);
        let (counted, partial) = count(Rows::held(&mut *writer, i64::MIN), staged()).await?;
        let lost = held - counted.same - counted.changed;
        if job.replacing.is_none() && lost * LOST_OF > held {
            return Err(IngestError::Shrunk {
                symbol: job.key.instrument.symbol.clone(),
                resolution: job.market.resolution.to_string(),
                held,
                lost,
            });
        }
        writer.clear().await?;
        if held > 0 {
            writer.revise(revision).await?;
        }
        let mut merge = Merge::new(writer, &job.key.adjustment);
        let mut rows = staged();
        loop {
            let block = rows.block().await?;
            if block.is_empty() {
                break;
            }
            let block: Vec<Checked> = block.iter().map(taken_back).collect();
            merge.push(&block).await?;
        }
        merge.finish(&mut Rejects::default()).await?;
        Ok((counted, partial, merge.commit_all(&whole.entries).await?))
    }
}

/// A bar as it is put aside; its indicators follow when all are there.
fn put_aside(checked: &Checked) -> BarRow {
    let Checked { bar, is_final, .. } = *checked;
    BarRow { bar, is_final, ma20: None, ma50: None, ath: None }
}

fn taken_back(row: &BarRow) -> Checked {
    Checked { bar: row.bar, is_final: row.is_final, line: 0 }
}

/// How the bars put aside compare with those that are held, and how many of them are partial.
async fn count(mut held: Rows<'_>, mut staged: Rows<'_>) -> Result<(Merged, u64), IngestError> {
    let (mut done, mut partial) = (Merged::default(), 0);
    let mut old = held.next().await?;
    while let Some(new) = staged.next().await? {
        partial += u64::from(!new.is_final);
        while old.is_some_and(|old| old.bar.ts < new.bar.ts) {
            old = held.next().await?;
        }
        match old.filter(|old| old.bar.ts == new.bar.ts) {
            Some(old) if same_bar(&old.bar, &new.bar) && old.is_final == new.is_final => {
                done.same += 1;
            }
            Some(_) => done.changed += 1,
            None => done.new += 1,
        }
    }
    Ok((done, partial))
}

fn revision(job: &Job<'_>, factor: Option<f64>, held: &SeriesInfo) -> Revision {
    let bars = held.bars;
    let source = &job.key.source;
    let (kind, detail) = match (&job.replacing, factor) {
        (Some(Replacing::Sample), _) => {
            ("replaced", format!("the bundled sample ({bars} bars) was replaced by {source}"))
        }
        (Some(Replacing::Asked(old)), _) if old == source => {
            ("replaced", format!("all {bars} bars were fetched anew and replaced"))
        }
        (Some(Replacing::Asked(old)), _) => {
            ("replaced", format!("{bars} bars of {old} were replaced by {source}"))
        }
        (None, Some(factor)) => {
            let after = match job.request.what {
                What::AdjustedLast => "a dividend or a split",
                _ => "a split",
            };
            let text = format!(
                "the broker restated the series by the factor {factor:.6}, as after {after}: all {bars} bars were fetched anew"
            );
            ("restated", text)
        }
        (None, None) => (
            "restated",
            format!("the broker restated the series: all {bars} bars were fetched anew"),
        ),
    };
    Revision { epoch: 0, at: job.now, kind: kind.to_owned(), factor, detail }
}

pub(super) fn strict(job: &Job<'_>, sound: &Sound) -> IngestError {
    IngestError::StrictFetch {
        symbol: job.key.instrument.symbol.clone(),
        resolution: job.market.resolution.to_string(),
        rejected: sound.bad.len() as u64,
        first: sound.bad.first().map(|bad| bad.reject.clone()),
    }
}

/// Why a symbol has no bars at all.
pub(super) fn nothing(job: &Job<'_>, report: &FetchReport) -> IngestError {
    IngestError::NothingThere {
        symbol: job.key.instrument.symbol.clone(),
        resolution: job.market.resolution.to_string(),
        rejected: report.rejected,
        outside: report.outside,
        first: report.rejects.first().cloned(),
    }
}
