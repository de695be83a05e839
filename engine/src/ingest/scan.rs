//! The reading side of an ingestion: from a text to blocks of valid bars in rising order.
//!
//! Runs on a thread of its own and hands blocks over a bounded channel, so that reading and checking go
//! on while the database writes. Input in rising order is streamed. When the first bar out of order
//! shows up, everything handed over is called back and the text is read again to be sorted in memory,
//! up to a limit; a pipe, which cannot be read twice, is sorted from the start.

use super::{
    IngestError,
    csv::{Outcome, RowFault, RowOptions, RowReader, Source, Text, open},
    gaps::{GapCount, Gaps},
    rejects::Rejects,
    sequence::{BLOCK, OutOfOrder, Sequence},
    time::TimeFault,
    validate::{BarReason, Checked, Validator},
};
use engine_core::calendar::Calendar;
use strategy_api::Resolution;
use tokio::sync::mpsc::Sender;

/// Most rows that are sorted in memory, unless asked otherwise: 64 bytes each.
pub const SORT_LIMIT: usize = 5_000_000;

/// What is read and how.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) source: Source,
    pub(super) delimiter: Option<u8>,
    pub(super) rows: RowOptions,
    pub(super) calendar: Calendar,
    pub(super) resolution: Resolution,
    pub(super) now: i64,
    pub(super) sort_limit: usize,
}

/// What the reading side hands over.
pub(super) enum Message {
    /// Bars, rising within a block and from block to block; and how far the text has been read.
    Block(Vec<Checked>, Position),
    /// All blocks so far are void.
    Restart,
}

/// How far a text has been read, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) done: u64,
    pub(super) total: Option<u64>,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) rows: u64,
    pub(super) bars: u64,
    pub(super) partial: u64,
    pub(super) duplicates: u64,
    pub(super) first_ts: Option<i64>,
    pub(super) last_ts: Option<i64>,
    pub(super) rejects: Rejects,
    pub(super) gaps: Gaps,
}

/// Reads everything and hands it to `sender`.
///
/// # Errors
/// When the text cannot be read; [`IngestError::Cancelled`] when nobody listens any more.
pub(super) fn scan(plan: &Plan, sender: &Sender<Message>) -> Result<Scanned, IngestError> {
    let text = open(&plan.source, plan.delimiter)?;
    if !text.reopens {
        return Pass::new(plan, text, sender)?.sorted(None);
    }
    match Pass::new(plan, text, sender)?.in_order()? {
        Ok(scanned) => Ok(scanned),
        Err(line) => {
            send(sender, Message::Restart)?;
            let text = open(&plan.source, plan.delimiter)?;
            Pass::new(plan, text, sender)?.sorted(Some(line))
        }
    }
}

fn send(sender: &Sender<Message>, message: Message) -> Result<(), IngestError> {
    sender.blocking_send(message).map_err(|_| IngestError::Cancelled)
}

/// One reading of the text.
struct Pass<'a> {
    file: String,
    total: Option<u64>,
    reader: RowReader,
    validator: Validator,
    sequence: Sequence,
    rejects: Rejects,
    rows: u64,
    sort_limit: usize,
    sender: &'a Sender<Message>,
}

impl<'a> Pass<'a> {
    fn new(plan: &Plan, text: Text, sender: &'a Sender<Message>) -> Result<Self, IngestError> {
        Ok(Self {
            file: text.file.clone(),
            total: text.total,
            reader: RowReader::new(text, plan.rows.clone())?,
            validator: Validator::new(plan.calendar, plan.resolution, plan.now),
            sequence: Sequence::new(GapCount::new(plan.calendar, plan.resolution)),
            rejects: Rejects::default(),
            rows: 0,
            sort_limit: plan.sort_limit,
            sender,
        })
    }

    /// Streams rows that come in rising order. The inner error is the line of the first that does not.
    fn in_order(mut self) -> Result<Result<Scanned, u64>, IngestError> {
        while let Some(checked) = self.next_bar()? {
            if let Err(OutOfOrder) = self.sequence.push(checked, &mut self.rejects) {
                return Ok(Err(checked.line));
            }
            self.hand_over()?;
        }
        self.finish().map(Ok)
    }

    /// Collects all rows, sorts them and hands them over. `line` is the first one out of order.
    fn sorted(mut self, mut line: Option<u64>) -> Result<Scanned, IngestError> {
        let mut all: Vec<Checked> = Vec::new();
        while let Some(checked) = self.next_bar()? {
            if line.is_none() && all.last().is_some_and(|last| last.bar.ts > checked.bar.ts) {
                line = Some(checked.line);
            }
            if all.len() == self.sort_limit {
                let (file, line) = (self.file, line.unwrap_or(checked.line));
                return Err(IngestError::TooManyUnsorted { file, line, limit: self.sort_limit });
            }
            all.push(checked);
        }
        all.sort_unstable_by_key(|checked| (checked.bar.ts, checked.line));
        for checked in all {
            self.sequence
                .push(checked, &mut self.rejects)
                .expect("the rows have just been sorted by time");
            self.hand_over()?;
        }
        self.rejects.kept.sort_by_key(|reject| reject.line);
        self.finish()
    }

    /// The next valid bar.
    fn next_bar(&mut self) -> Result<Option<Checked>, IngestError> {
        loop {
            let outcome = self.reader.next()?;
            if matches!(outcome, Outcome::End) {
                return Ok(None);
            }
            self.rows += 1;
            if self.rows.is_multiple_of(16 * BLOCK as u64) {
                // Also when no row is good: whoever listens sees the progress and may stop us.
                self.send(Vec::new())?;
            }
            let line = self.reader.line();
            match outcome {
                Outcome::Bar(bar) => match self.validator.check(bar, line) {
                    Ok(checked) => return Ok(Some(checked)),
                    Err(reason) => {
                        let is_off = matches!(reason, BarReason::NoSession { .. });
                        self.rejects.off_session += u64::from(is_off);
                        self.rejects.suggest(remedy(&reason));
                        self.rejects.add(line, || reason.to_string(), || self.reader.raw());
                    }
                },
                Outcome::Reject(fault) => {
                    if matches!(fault, RowFault::Time { fault: TimeFault::NotMidnight, .. }) {
                        self.rejects.suggest(Some("-r 1m, say, for rows with a time of day"));
                    }
                    self.rejects.add(line, || fault.to_string(), || self.reader.raw());
                }
                Outcome::End => return Ok(None),
            }
        }
    }

    fn hand_over(&mut self) -> Result<(), IngestError> {
        match self.sequence.full_block() {
            Some(block) => self.send(block),
            None => Ok(()),
        }
    }

    fn send(&self, block: Vec<Checked>) -> Result<(), IngestError> {
        let position = Position { done: self.reader.bytes(), total: self.total };
        send(self.sender, Message::Block(block, position))
    }

    fn finish(mut self) -> Result<Scanned, IngestError> {
        let (block, gaps) = self.sequence.finish();
        self.send(block)?;
        if self.rows == 0 {
            return Err(IngestError::HeaderOnly { file: self.file });
        }
        Ok(Scanned {
            rows: self.rows,
            bars: self.sequence.bars,
            partial: self.sequence.partial,
            duplicates: self.sequence.duplicates,
            first_ts: self.sequence.first_ts,
            last_ts: self.sequence.last_ts,
            rejects: self.rejects,
            gaps: gaps.gaps,
        })
    }
}

/// What would help against a reason, when an option may be missing.
fn remedy(reason: &BarReason) -> Option<&'static str> {
    match reason {
        BarReason::NoSession { calendar: Calendar::Nyse, .. } => {
            Some("--calendar 24/7 for what trades every day")
        }
        BarReason::OffGrid { calendar: Calendar::Nyse, .. } => {
            Some("check -r, --time-zone and whether the times are the starts of the bars")
        }
        _ => None,
    }
}
