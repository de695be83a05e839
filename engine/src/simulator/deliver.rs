//! Sends the bars of an answer: in portions, or in the way that a fault has it.

use std::time::Duration;

use engine_core::calendar::{DAY_NS, SECOND_NS, utc_date};
use strategy_api::Resolution;

use super::{
    fault::{Kind, many, too_long},
    market::Quote,
    outbox::{Gone, Out},
    session::Session,
    time,
    wire::{self, AnswerFrame, HistoricalBar, HistoricalDataEnd, outgoing},
};

/// Added to the number of a request to get one that nobody made.
const FOREIGN: i32 = 40_000;

/// How the bars of an answer are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Length of a bar.
    pub(super) resolution: Resolution,
    /// Whether times are seconds since the epoch.
    pub(super) epoch: bool,
}

impl Form {
    /// The start of a bar as text.
    fn date(self, ts: i64) -> String {
        match (self.resolution.is_intraday(), self.epoch) {
            (false, _) => time::compact(utc_date(ts)),
            (true, true) => (ts / SECOND_NS).to_string(),
            (true, false) => time::with_zone(ts),
        }
    }

    /// The start of the bar that many steps after an instant.
    pub(super) fn later(self, ts: i64, steps: usize) -> String {
        let step = self.resolution.seconds().map_or(DAY_NS, |s| i64::from(s) * SECOND_NS);
        let steps = i64::try_from(steps).unwrap_or(i64::MAX);
        self.date(ts.saturating_add(step.saturating_mul(steps)))
    }

    /// A bar as it travels.
    pub(super) fn bar(self, quote: &Quote) -> HistoricalBar {
        let average = (quote.high + quote.low + quote.close) / 3.0;
        let trades = quote.volume.map_or(-1, |volume| (volume / 120.0).ceil().min(1e9) as i32);
        let (volume, wap) = match quote.volume {
            Some(volume) => (volume.to_string(), format!("{average:.3}")),
            None => ("-1".to_owned(), "-1".to_owned()),
        };
        HistoricalBar {
            date: Some(self.date(quote.ts)),
            open: Some(quote.open),
            high: Some(quote.high),
            low: Some(quote.low),
            close: Some(quote.close),
            volume: Some(volume),
            wap: Some(wap),
            count: Some(trades),
        }
    }
}

/// Sends an answer portion by portion. `false` when there was no bar.
///
/// # Errors
/// When the connection is gone.
pub(super) async fn stream(
    session: &Session,
    req_id: i32,
    portions: impl Iterator<Item = Vec<Quote>>,
    form: Form,
) -> Result<bool, Gone> {
    let mut frame = AnswerFrame::new(req_id);
    let mut any = false;
    for portion in portions {
        for quote in portion {
            any = true;
            if let Some(full) = frame.push(&form.bar(&quote)) {
                session.out.put(Out::Bytes(full)).await?;
            }
        }
        // A long answer lets others have their turn.
        tokio::task::yield_now().await;
    }
    if any {
        session.out.put(Out::Bytes(frame.take())).await?;
    }
    Ok(any)
}

/// Sends an answer as faults have it, with its end where there is one.
///
/// # Errors
/// When the connection is gone.
pub(super) async fn faulty(
    session: &Session,
    req_id: i32,
    bars: &[HistoricalBar],
    end: HistoricalDataEnd,
    kinds: &[Kind],
) -> Result<(), Gone> {
    let is_too_long = |kind: &Kind| matches!(kind, Kind::TooLong(most) if bars.len() > *most);
    if kinds.iter().any(is_too_long) {
        return session.out.put(Out::Bytes(too_long(req_id))).await;
    }
    let answered = if kinds.contains(&Kind::WrongId) { req_id + FOREIGN } else { req_id };
    let breaks = kinds.iter().find_map(|kind| match kind {
        Kind::DropAfter(count) => Some((*count, Out::Finish)),
        Kind::ResetAfter(count) => Some((*count, Out::Reset)),
        _ => None,
    });
    let mut frame = AnswerFrame::new(answered);
    let all = many(kinds).unwrap_or(bars.len());
    let whole = breaks.as_ref().map(|(count, _)| *count);
    // Where the frame is cut: it still announces its whole length.
    let mut cut = frame.len();
    for (row, bar) in (1..).zip(bars.iter().cycle().take(all)) {
        if let Some(full) = frame.push(bar) {
            session.out.put(Out::Bytes(full)).await?;
        }
        if whole.is_some_and(|count| row <= count) {
            cut = frame.len();
        }
    }
    let mut bytes = frame.take();
    if let Some((_, way)) = breaks {
        bytes.truncate(cut);
        session.out.put(Out::Bytes(bytes)).await?;
        return session.out.put(way).await;
    }
    if kinds.contains(&Kind::Truncated) {
        bytes.truncate(bytes.len() / 2);
        session.out.put(Out::Bytes(bytes)).await?;
        session.out.fall_silent();
        return Ok(());
    }
    send(session, req_id, bytes, bars, kinds).await?;
    if kinds.contains(&Kind::NoEnd) {
        return Ok(());
    }
    let end = HistoricalDataEnd { req_id: Some(answered), ..end };
    session.send(outgoing::HISTORICAL_DATA_END, &end).await
}

/// Sends the last frame of bars, slowly or among the frames of another answer.
async fn send(
    session: &Session,
    req_id: i32,
    bytes: Vec<u8>,
    bars: &[HistoricalBar],
    kinds: &[Kind],
) -> Result<(), Gone> {
    let drip = kinds.iter().find_map(|kind| match kind {
        Kind::Drip(ms) => Some(Duration::from_millis(*ms)),
        _ => None,
    });
    let foreign = kinds.contains(&Kind::Interleaved);
    if foreign {
        let mut other = AnswerFrame::new(req_id + FOREIGN);
        bars.iter().rev().for_each(|bar| drop(other.push(bar)));
        session.out.put(Out::Bytes(other.take())).await?;
    }
    let out = match drip {
        Some(pause) => Out::Drip(bytes, pause),
        None => Out::Bytes(bytes),
    };
    session.out.put(out).await?;
    if foreign {
        let end = wire::HistoricalDataEnd { req_id: Some(req_id + FOREIGN), ..Default::default() };
        session.send(outgoing::HISTORICAL_DATA_END, &end).await?;
    }
    Ok(())
}
