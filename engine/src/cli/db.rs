//! `db`: makes the database, and says what it holds.

use clap::{Args, Subcommand};
use engine_core::calendar::utc_date;
use serde_json::json;

use super::{Done, Outcome, app::App, table::table};
use crate::{
    report::text::{fitted, width},
    store::{DbStatus, OpenMode, SeriesInfo},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader db init
  algo-trader db status
  DATABASE_URL=postgres://me@localhost/algo algo-trader db init";

/// Make the database, or say what it holds
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Action {
    /// Create the database or bring it up to date; a second time changes nothing
    Init,
    /// Show where it is, its version, its migrations and what it holds
    Status,
}

pub(super) async fn run(app: &App, args: &DbArgs) -> Outcome {
    let mode = match args.action {
        Action::Init => OpenMode::ReadWrite,
        Action::Status => OpenMode::Inspect,
    };
    let store = app.store(mode).await?;
    let status = store.status().await;
    let series = match (&status, args.action) {
        (Ok(status), Action::Status) if status.pending.is_empty() => store.series_list().await,
        _ => Ok(Vec::new()),
    };
    store.close().await;
    let (status, series) = (status?, series?);
    if app.out.json() {
        app.out.value(&json!({ "database": as_json(&status), "series": series }))?;
        return Ok(Done::Well);
    }
    let text = match args.action {
        Action::Init => {
            format!("{} is ready; its migrations: {}", status.location, status.applied.join(", "))
        }
        Action::Status => describe(&status, &series),
    };
    app.out.text(&text)?;
    Ok(Done::Well)
}

fn as_json(status: &DbStatus) -> serde_json::Value {
    let rows: serde_json::Map<_, _> =
        status.rows.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
    json!({
        "backend": status.backend,
        "server_version": status.server_version,
        "location": status.location,
        "size_bytes": status.size_bytes,
        "applied": status.applied,
        "pending": status.pending,
        "rows": rows,
    })
}

fn describe(status: &DbStatus, series: &[SeriesInfo]) -> String {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let list = |names: &[String]| {
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let mut rows = vec![
        row("database", status.location.clone()),
        row("backend", format!("{} {}", status.backend, status.server_version)),
        row("size", bytes(status.size_bytes)),
        row("applied", list(&status.applied)),
        row("pending", list(&status.pending)),
    ];
    rows.extend(status.rows.iter().map(|(name, count)| row(name, count.to_string())));
    let mut text = table(&rows);
    if !series.is_empty() {
        let titles = ["symbol", "length", "bars", "first", "last", "source", "prices"];
        let mut lines = vec![titles.map(str::to_owned).to_vec()];
        lines.extend(series.iter().map(line));
        fit(&mut lines);
        text = format!("{text}\n{}", table(&lines));
    }
    text
}

/// Cuts the symbols, which come first, to what the other columns leave of a terminal's line.
fn fit(lines: &mut [Vec<String>]) {
    let columns = lines.first().map_or(0, Vec::len);
    let widest = |column: usize| lines.iter().map(|line| width(&line[column])).max().unwrap_or(0);
    let others: usize = (1..columns).map(|column| widest(column) + 2).sum();
    let room = 80_usize.saturating_sub(others).max(8);
    lines.iter_mut().for_each(|line| line[0] = fitted(&line[0], room));
}

fn line(series: &SeriesInfo) -> Vec<String> {
    let day = |ts: Option<i64>| ts.map_or("-".to_owned(), |ts| utc_date(ts).to_string());
    vec![
        series.symbol.clone(),
        series.resolution.clone(),
        series.bars.to_string(),
        day(series.first_ts),
        day(series.last_ts),
        series.source.clone(),
        series.adjustment.clone(),
    ]
}

/// A number of bytes for people.
pub(super) fn bytes(count: i64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, size)| count >= *size) {
        Some((unit, size)) => format!("{:.1} {unit}", count as f64 / *size as f64),
        None => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_are_shown_in_the_unit_that_fits() {
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(1023), "1023 bytes");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5 << 40), "5120.0 GiB");
    }
}
