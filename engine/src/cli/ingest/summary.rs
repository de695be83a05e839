//! What a fetch of several symbols came to, as a table, and the exit code that it calls for.

use engine_core::calendar::utc_date;
use serde::Serialize;

use super::super::{Done, Outcome, app::App, table::table};
use crate::{
    error::{Code, Failure},
    ingest::fetch::{FetchReport, FetchState},
    report::{number::count, text::fitted},
};

/// Rejected bars of a symbol that are shown.
const REJECTS_SHOWN: usize = 5;
/// Columns that a symbol takes in the table.
const SYMBOL_WIDTH: usize = 14;

/// What `--json` prints.
#[derive(Serialize)]
struct Summary<'a> {
    symbols: &'a [FetchReport],
}

/// Prints the result and says how it ended.
///
/// # Errors
/// When every symbol failed for one and the same reason.
pub(super) fn conclude(app: &App, reports: &[FetchReport]) -> Outcome {
    let failures: Vec<&Failure> =
        reports.iter().filter_map(|report| Some(&report.error.as_ref()?.failure)).collect();
    let all_failed = failures.first().filter(|_| failures.len() == reports.len());
    if let Some(first) = all_failed.filter(|first| is_one_reason(&failures, first)) {
        return Err((*first).clone());
    }
    if app.out.json() {
        app.out.value(&Summary { symbols: reports })?;
    } else {
        app.out.text(&text(reports))?;
    }
    failures.iter().for_each(|failure| app.out.failure(failure));
    if let Some(first) = all_failed {
        return Ok(Done::With(first.code));
    }
    let is_partial = reports.iter().any(|report| report.code().is_some());
    Ok(if is_partial { Done::With(Code::Partial) } else { Done::Well })
}

fn is_one_reason(failures: &[&Failure], first: &Failure) -> bool {
    failures.iter().all(|failure| failure.message == first.message)
}

fn text(reports: &[FetchReport]) -> String {
    let words = |words: [&str; 9]| words.map(str::to_owned).to_vec();
    let mut rows = vec![words([
        "symbol", "bar", "new", "same", "changed", "rejected", "missing", "held", "state",
    ])];
    rows.extend(reports.iter().map(|report| {
        vec![
            fitted(&report.symbol, SYMBOL_WIDTH),
            report.resolution.clone(),
            count(report.new),
            count(report.same),
            count(report.changed),
            count(report.rejected),
            count(report.missing),
            count(u64::try_from(report.bars_held).unwrap_or_default()),
            state(report).to_owned(),
        ]
    }));
    let mut text = table(&rows);
    reports.iter().for_each(|report| details(report, &mut text));
    text
}

fn state(report: &FetchReport) -> &'static str {
    match report.state {
        FetchState::Done => "ok",
        FetchState::Partly => "partly",
        FetchState::Failed => "failed",
        FetchState::Stopped => "stopped",
    }
}

/// What a row of the table cannot hold.
fn details(report: &FetchReport, text: &mut String) {
    let FetchReport { symbol, resolution, source, .. } = report;
    if let Some((first, last)) = report.first_ts.zip(report.last_ts) {
        let (first, last) = (utc_date(first), utc_date(last));
        text.push_str(&format!("{symbol} {resolution}: {first} to {last}, {source}"));
        let counted = [
            (report.partial, "not final"),
            (report.duplicates, "repeated"),
            (report.outside, "from outside of what was asked for"),
            (report.unordered, "answers out of order"),
        ];
        for (n, what) in counted.into_iter().filter(|(n, _)| *n > 0) {
            text.push_str(&format!(", {} {what}", count(n)));
        }
        text.push('\n');
    }
    for note in &report.notes {
        text.push_str(&format!("{symbol} {resolution}: warning: {note}\n"));
    }
    for reject in report.rejects.iter().take(REJECTS_SHOWN) {
        text.push_str(&format!(
            "{symbol} {resolution}: rejected: {}: {}\n",
            reject.reason, reject.raw
        ));
    }
    let unlisted = report.rejected.saturating_sub(REJECTS_SHOWN as u64);
    if unlisted > 0 {
        text.push_str(&format!(
            "{symbol} {resolution}: and {} more rejected bars\n",
            count(unlisted)
        ));
    }
    if report.missing > 0 {
        text.push_str(&format!(
            "{symbol} {resolution}: {} expected bars are not held; algo-trader ingest --repair asks for them\n",
            count(report.missing)
        ));
    }
}
