//! Asks for the bars of a chunk: in one request or, when the answer is larger than the protocol carries,
//! in halves of it. The planner asks for far less than that; a broker with finer bars than the calendar
//! expects may still have more.

use super::{
    Fetcher, Watch,
    plan::{Chunk, request},
    prepare::Job,
    sessions::{Market, Sessions},
};
use crate::{
    gateway::{BarsRequest, GatewayError, SourceBar, Span, SpanUnit, Unanswered, What},
    ingest::IngestError,
};
use engine_core::calendar::SECOND_NS;
use jiff::civil::Date;
use std::collections::HashSet;
use strategy_api::Resolution;

/// Bars that halves within a session have in common.
const OVERLAP: u32 = 10;

/// What one request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    sessions: (Date, Date),
    end: Option<i64>,
    span: Span,
}

impl Fetcher {
    /// The bars of a chunk as they came.
    pub(super) async fn bars(
        &self,
        job: &Job<'_>,
        chunk: &Chunk,
        watch: &dyn Watch,
    ) -> Result<Vec<SourceBar>, IngestError> {
        let Chunk { sessions, end, span, .. } = *chunk;
        let mut open = vec![Part { sessions, end, span }];
        let mut bars = Vec::new();
        while let Some(part) = open.pop() {
            let asked = BarsRequest {
                contract: job.contract.clone(),
                resolution: job.market.resolution,
                end: part.end,
                span: part.span,
                what: job.request.what,
                hours: job.request.hours,
            };
            match self.patient(watch, self.gateway.bars(&asked)).await? {
                Ok(answer) => {
                    job.count(answer.attempts.max(1));
                    add(&mut bars, answer.bars);
                }
                Err(Unanswered { error: error @ GatewayError::TooLarge { .. }, attempts }) => {
                    job.count(attempts);
                    let halves = halves(job.market, job.request.what, part, job.now);
                    let Some(halves) = halves else { return Err(error.into()) };
                    tracing::info!("{error}; asking for halves of it");
                    open.extend(halves);
                }
                Err(Unanswered { error, attempts }) => {
                    job.count(attempts);
                    return Err(error.into());
                }
            }
        }
        Ok(bars)
    }
}

/// Adds the bars of a part, but for those of the overlap that are there already with the same values.
fn add(bars: &mut Vec<SourceBar>, part: Vec<SourceBar>) {
    if bars.is_empty() {
        *bars = part;
        return;
    }
    let values =
        |bar: &SourceBar| [bar.open, bar.high, bar.low, bar.close, bar.volume].map(f64::to_bits);
    let there: HashSet<_> = bars.iter().map(|bar| (bar.ts, values(bar))).collect();
    bars.extend(part.into_iter().filter(|bar| !there.contains(&(bar.ts, values(bar)))));
}

/// The older and the newer half of a request, which have a session or some bars in common where that
/// leaves them shorter; `None` when it cannot be halved.
fn halves(market: Market, what: What, part: Part, now: i64) -> Option<[Part; 2]> {
    // A request for these prices ends now, so the older half cannot be asked for alone. A week or a
    // month is one bar.
    if what == What::AdjustedLast || market.resolution > Resolution::Day1 {
        return None;
    }
    if part.span.unit == SpanUnit::S {
        return halves_of_seconds(market, part, now);
    }
    let sessions = Sessions::between(market, part.sessions.0, market.latest(now));
    let last = sessions.before(part.sessions.1);
    let middle = last.div_ceil(2);
    let older_last = if last > 1 { middle } else { 0 };
    let of = |first: usize, last: usize| {
        let (end, span) = request(&sessions, first, last, now);
        Part { sessions: (sessions.date(first), sessions.date(last)), end, span }
    };
    (last > 0).then(|| [of(0, older_last), of(middle, last)])
}

fn halves_of_seconds(market: Market, part: Part, now: i64) -> Option<[Part; 2]> {
    let half = part.span.count.div_ceil(2);
    let overlap = OVERLAP * market.resolution.seconds()?;
    if half + overlap >= part.span.count {
        return None;
    }
    let older_end = part.end.unwrap_or(now / SECOND_NS * SECOND_NS) - i64::from(half) * SECOND_NS;
    let older = Span::new(part.span.count - half, SpanUnit::S)?;
    let newer = Span::new(half + overlap, SpanUnit::S)?;
    Some([Part { end: Some(older_end), span: older, ..part }, Part { span: newer, ..part }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::Hours;
    use engine_core::calendar::Calendar;
    use jiff::civil::date;

    /// Friday 2024-06-14, an hour after the close of New York.
    const NOW: i64 = 1_718_398_800_000_000_000;

    fn spans(resolution: Resolution, part: Part) -> Option<[(String, Option<i64>); 2]> {
        let market = Market { calendar: Calendar::Nyse, resolution, hours: Hours::Regular };
        let both = halves(market, What::Trades, part, NOW)?;
        Some(both.map(|part| (part.span.to_string(), part.end)))
    }

    #[test]
    fn sessions_are_halved_with_one_in_common_until_one_is_left() {
        let span = Span::new(5, SpanUnit::D).unwrap();
        let week = Part { sessions: (date(2024, 6, 10), date(2024, 6, 14)), end: None, span };
        // Midnight in New York after Wednesday.
        let wednesday = Some(1_718_251_200_000_000_000);
        let halves = spans(Resolution::Min1, week).unwrap();
        assert_eq!(halves, [("3 D".to_owned(), wednesday), ("3 D".to_owned(), None)]);
        let two = Part { sessions: (date(2024, 6, 13), date(2024, 6, 14)), ..week };
        let halves = spans(Resolution::Min1, two).unwrap();
        assert_eq!(halves.map(|(span, _)| span), ["1 D", "1 D"]);
        let one = Part { sessions: (date(2024, 6, 14), date(2024, 6, 14)), ..week };
        assert_eq!(spans(Resolution::Min1, one), None);
        assert_eq!(spans(Resolution::Week1, week), None);
    }

    #[test]
    fn seconds_are_halved_with_ten_bars_in_common() {
        let span = Span::new(1_800, SpanUnit::S).unwrap();
        let end = Some(NOW - 3_600 * SECOND_NS);
        let part = Part { sessions: (date(2024, 6, 14), date(2024, 6, 14)), end, span };
        let older = end.map(|end| end - 900 * SECOND_NS);
        let halves = spans(Resolution::Sec1, part).unwrap();
        assert_eq!(halves, [("900 S".to_owned(), older), ("910 S".to_owned(), end)]);
        let short = Part { span: Span::new(30, SpanUnit::S).unwrap(), ..part };
        assert_eq!(spans(Resolution::Sec1, short), None);
    }
}
