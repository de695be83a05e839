//! Replaces a whole series: everything is fetched first, then one transaction takes the old bars away
//! and puts the new ones there, so that nobody ever sees half of each.

use super::{
    Fetcher, Watch,
    answer::Sound,
    chunk::Fetched,
    overlap::{Agreement, compare_fetched},
    plan::Chunk,
    prepare::{Job, Replacing},
    report::FetchReport,
};
use crate::{
    ingest::{
        IngestError,
        derive::same_bar,
        merge::{Merge, Merged},
        rejects::Rejects,
        sequence::BLOCK,
        validate::Checked,
    },
    store::{BarRow, BarWriter, Revision, SeriesInfo},
};
use std::collections::BTreeMap;

/// How often everything is fetched when it changes in the meantime.
const ATTEMPTS: u32 = 3;
/// Held rows read at a time.
const PAGE: usize = 4_096;
/// Of so many held bars one may be gone after a restatement.
const LOST_OF: u64 = 100;

/// Everything that was fetched anew.
struct Whole {
    bars: BTreeMap<i64, Checked>,
    chunks: Vec<(Chunk, Fetched)>,
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
            let version = held.as_ref().map(|held| held.version);
            let Some(whole) = self.fetch_whole(job, report, watch).await? else { continue };
            if whole.bars.is_empty() {
                return Err(nothing(job, report));
            }
            let _turn = self.turn.lock().await;
            let writer = self.store.write_bars(&job.key).await?;
            if writer.held().map(|held| held.version) != version {
                continue;
            }
            let bars: Vec<Checked> = whole.bars.values().copied().collect();
            let revision = revision(job, factor, held.as_ref());
            let (merged, info) = self.swap(job, writer, &bars, &whole, &revision).await?;
            for (_, fetched) in &whole.chunks {
                report.count(&fetched.sound);
                report.missing += fetched.missing;
            }
            report.partial = bars.iter().filter(|checked| !checked.is_final).count() as u64;
            (report.new, report.same, report.changed) = (0, 0, 0);
            report.add(&merged);
            report.held(&info);
            if held.is_some_and(|held| held.bars > 0) {
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

    /// Fetches every chunk; `None` when the prices changed between two of them.
    async fn fetch_whole(
        &self,
        job: &Job<'_>,
        report: &mut FetchReport,
        watch: &dyn Watch,
    ) -> Result<Option<Whole>, IngestError> {
        let plan = job.plan_anew()?;
        watch.planned(plan.len());
        let mut whole = Whole { bars: BTreeMap::new(), chunks: Vec::new() };
        for chunk in plan {
            let fetched = self.fetch(job, &chunk, watch).await?;
            report.requests += fetched.requests;
            if !fetched.sound.bad.is_empty() && job.request.strict {
                return Err(strict(job, &fetched.sound));
            }
            let pairs = fetched
                .sound
                .bars
                .iter()
                .filter_map(|new| whole.bars.get(&new.bar.ts).map(|old| (old, new)));
            if let Agreement::Restated { .. } = compare_fetched(pairs, job.request.what) {
                return Ok(None);
            }
            whole.bars.extend(fetched.sound.bars.iter().map(|checked| (checked.bar.ts, *checked)));
            whole.chunks.push((chunk, fetched));
        }
        Ok(Some(whole))
    }

    /// Puts the bars in the place of those that are held.
    async fn swap(
        &self,
        job: &Job<'_>,
        mut writer: Box<dyn BarWriter + '_>,
        bars: &[Checked],
        whole: &Whole,
        revision: &Revision,
    ) -> Result<(Merged, SeriesInfo), IngestError> {
        let held = writer.held().map_or(0, |held| held.bars.unsigned_abs());
        let counted = count(&mut *writer, bars).await?;
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
        for block in bars.chunks(BLOCK) {
            merge.push(block).await?;
        }
        merge.finish(&mut Rejects::default()).await?;
        let mut entries = Vec::new();
        for (chunk, fetched) in &whole.chunks {
            entries.extend(job.entries(chunk, &fetched.sound));
        }
        Ok((counted, merge.commit_all(&entries).await?))
    }
}

/// How the bars compare with those that are held.
async fn count(writer: &mut dyn BarWriter, bars: &[Checked]) -> Result<Merged, IngestError> {
    let mut done = Merged::default();
    let mut next = writer.held().and_then(|held| held.first_ts);
    let mut bars = bars.iter().peekable();
    while let Some(from) = next {
        let page: Vec<BarRow> = writer.rows_from(from, PAGE).await?;
        for row in &page {
            while bars.next_if(|checked| checked.bar.ts < row.bar.ts).is_some() {
                done.new += 1;
            }
            if let Some(checked) = bars.next_if(|checked| checked.bar.ts == row.bar.ts) {
                let same = same_bar(&checked.bar, &row.bar) && checked.is_final == row.is_final;
                done.same += u64::from(same);
                done.changed += u64::from(!same);
            }
        }
        next = page.last().filter(|_| page.len() == PAGE).map(|row| row.bar.ts + 1);
    }
    done.new += bars.count() as u64;
    Ok(done)
}

fn revision(job: &Job<'_>, factor: Option<f64>, held: Option<&SeriesInfo>) -> Revision {
    let bars = held.map_or(0, |held| held.bars);
    let source = &job.key.source;
    let (kind, detail) = match (&job.replacing, factor) {
        (Some(Replacing::Sample), _) => {
            ("replaced", format!("the bundled sample ({bars} bars) was replaced by {source}"))
        }
        (Some(Replacing::Asked(old)), _) => {
            ("replaced", format!("{bars} bars of {old} were replaced by {source}"))
        }
        (None, Some(factor)) => (
            "restated",
            format!(
                "the broker restated the series by the factor {factor:.6}, as after a split: all {bars} bars were fetched anew"
            ),
        ),
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
