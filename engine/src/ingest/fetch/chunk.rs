//! One chunk: asked for, checked, compared with what is held, and written with its ledger row in one
//! transaction.

use super::{
    Fetcher, Watch,
    answer::{Clock, Sound, check},
    expected, identity, ledger,
    overlap::{Agreement, compare},
    plan::{Chunk, before},
    prepare::Job,
};
use crate::{
    ingest::{
        IngestError,
        merge::{Merge, Merged},
        rejects::Rejects,
        sequence::BLOCK,
    },
    store::{BarWriter, Coverage, Revision, SeriesInfo},
};
use engine_core::calendar::utc_date;

/// What became of a chunk.
pub(super) enum Stored {
    /// It is in the database.
    Written(Merged, SeriesInfo),
    /// There was nothing to write.
    Nothing,
    /// Nothing was written: the broker has restated the series.
    Restated(Option<f64>),
    /// Nothing was written: the change may begin before what was compared.
    Doubtful,
}

/// A chunk that was fetched.
pub(super) struct Fetched {
    pub(super) sound: Sound,
    /// Bars that the calendar expects in its core and that did not come.
    pub(super) missing: u64,
}

impl Fetcher {
    /// Asks for a chunk, and once more when the answer gives reason to doubt it.
    pub(super) async fn fetch(
        &self,
        job: &Job<'_>,
        chunk: &Chunk,
        watch: &dyn Watch,
    ) -> Result<Fetched, IngestError> {
        let mut fetched = self.ask(job, chunk, watch).await?;
        let is_whole_sessions = !job.market.resolution.is_intraday();
        let is_empty = fetched.sound.bars.is_empty();
        let lacks = (fetched.missing > 0 && (is_whole_sessions || is_empty))
            || (chunk.core.is_none() && is_empty);
        if fetched.sound.is_doubtful() || lacks {
            let again = self.ask(job, chunk, watch).await?;
            let rank = |one: &Fetched| (one.sound.bad.len(), one.missing, one.sound.outside);
            if rank(&again) <= rank(&fetched) {
                fetched = again;
            }
        }
        watch.answered();
        Ok(fetched)
    }

    async fn ask(
        &self,
        job: &Job<'_>,
        chunk: &Chunk,
        watch: &dyn Watch,
    ) -> Result<Fetched, IngestError> {
        let mut clock = Clock { before: job.now, after: job.now };
        let bars = self.bars(job, chunk, watch).await?;
        if chunk.end.is_none() {
            clock.after = self.patient(watch, self.gateway.now()).await??.max(job.now);
        }
        let sound = check(job.market, chunk, clock, &bars);
        let missing = missing(job, chunk, &sound);
        Ok(Fetched { sound, missing })
    }

    /// Writes a chunk, unless it shows that the series was restated.
    pub(super) async fn store(
        &self,
        job: &Job<'_>,
        chunk: &Chunk,
        fetched: &Fetched,
        waiting: &mut Vec<Coverage>,
        watch: &dyn Watch,
    ) -> Result<Stored, IngestError> {
        let stored = self.write(job, chunk, fetched, waiting, true).await?;
        if !matches!(stored, Stored::Doubtful) {
            return Ok(stored);
        }
        if self.is_older_changed(job, chunk, watch).await? {
            return Ok(Stored::Restated(None));
        }
        self.write(job, chunk, fetched, waiting, false).await
    }

    /// Whether the held bars before a chunk have other prices by now.
    async fn is_older_changed(
        &self,
        job: &Job<'_>,
        chunk: &Chunk,
        watch: &dyn Watch,
    ) -> Result<bool, IngestError> {
        let older = before(job.market, job.now, chunk);
        let fetched = self.ask(job, &older, watch).await?;
        let _turn = self.turn.lock().await;
        let mut writer = self.store.write_bars(&job.key).await?;
        let agreement = compare(&mut *writer, &fetched.sound.bars, job.request.what).await?;
        Ok(agreement != Agreement::Same)
    }

    /// As [`Fetcher::store`], with or without doubts.
    async fn write(
        &self,
        job: &Job<'_>,
        chunk: &Chunk,
        fetched: &Fetched,
        waiting: &mut Vec<Coverage>,
        doubts: bool,
    ) -> Result<Stored, IngestError> {
        let sound = &fetched.sound;
        let entries = job.entries(chunk, sound);
        if sound.is_stray() {
            return Ok(Stored::Nothing);
        }
        let _turn = self.turn.lock().await;
        if sound.bars.is_empty() && self.is_new(job).await? {
            // The row of a series is made with its first bar.
            waiting.extend(entries.into_iter().map(|(coverage, _)| coverage));
            return Ok(Stored::Nothing);
        }
        let mut writer = self.store.write_bars(&job.key).await?;
        same_source(job, &*writer)?;
        identity::keep(job, &mut *writer).await?;
        match compare(&mut *writer, &sound.bars, job.request.what).await? {
            Agreement::Restated { factor, .. } => return Ok(Stored::Restated(factor)),
            Agreement::Revised { is_from_oldest: true, .. } if doubts => {
                return Ok(Stored::Doubtful);
            }
            Agreement::Revised { bars, first, last, .. } => {
                writer.revise(&revised(bars, first, last, job.now)).await?;
            }
            Agreement::Same => {}
        }
        for coverage in waiting.drain(..) {
            writer.cover(&coverage, &[]).await?;
        }
        let mut merge = Merge::new(writer, &job.key.adjustment);
        for block in sound.bars.chunks(BLOCK) {
            merge.push(block).await?;
        }
        let merged = match merge.finish(&mut Rejects::default()).await {
            Err(IngestError::Restated { ratio, .. }) => return Ok(Stored::Restated(Some(ratio))),
            other => other?,
        };
        let info = merge.commit_all(&entries).await?;
        Ok(Stored::Written(merged, info))
    }

    async fn is_new(&self, job: &Job<'_>) -> Result<bool, IngestError> {
        let symbol = &job.key.instrument.symbol;
        Ok(self
            .store
            .series(symbol, job.market.resolution)
            .await?
            .is_none_or(|held| held.bars == 0))
    }
}

/// Another program may have filled the series since we looked.
pub(super) fn same_source(job: &Job<'_>, writer: &dyn BarWriter) -> Result<(), IngestError> {
    match writer.held().filter(|held| held.bars > 0 && held.source != job.key.source) {
        Some(held) => Err(IngestError::OtherSource {
            symbol: held.symbol.clone(),
            resolution: held.resolution.clone(),
            held: held.source.clone(),
            wanted: job.key.source.clone(),
        }),
        None => Ok(()),
    }
}

fn revised(bars: usize, first: i64, last: i64, now: i64) -> Revision {
    Revision {
        epoch: 0,
        at: now,
        kind: "revised".to_owned(),
        factor: None,
        detail: format!("{bars} bars from {} to {}", utc_date(first), utc_date(last)),
    }
}

/// Bars that the calendar expects in the core of a chunk and that are not in its answer.
fn missing(job: &Job<'_>, chunk: &Chunk, sound: &Sound) -> u64 {
    let Some((mut from, to)) = chunk.core else { return 0 };
    let Some(settled) = ledger::settled(job.market, chunk, job.now) else { return 0 };
    let ts: Vec<i64> = sound.bars.iter().map(|checked| checked.bar.ts).collect();
    from =
        from.max(job.head.map_or(i64::MIN, |head| job.market.bounds(job.market.date_of(head)).0));
    // Where the history begins is not known: with the first bar, unless older ones are held.
    let older = job.covered.iter().any(|(covered, _)| *covered < from);
    if job.head.is_none()
        && !older
        && let Some(first) = ts.first()
    {
        from = from.max(*first);
    }
    expected::missing(job.market, (from, to.min(settled)), &ts)
}
