//! One hash of orders and fills, that of the golden file, and one equity: whatever the database, the
//! process, the number of threads and of repetitions. Optimised builds are held to the bits of others by
//! `engine/core/tests/oracle`, which `scripts/test` runs both ways.

use std::fs;

use algo_trader::{
    feed::{Cache, ColumnFile, load},
    registry::Resolved,
    store::{OpenMode, SeriesInfo, open},
    worker::{Limits, Mode, RunJob, run},
};
use engine_core::{calendar::SECOND_NS, series::Series};
use jiff::Timestamp;
use strategy_api::{Bar, Resolution};

use crate::{
    golden::{Setting, hash, kept_hash, series},
    program::Program,
    support::{
        block_on,
        plugins::{ALL, Folder, fixture, library, mode},
        postgres,
    },
};

/// Strategy, market and options of golden runs: market orders on one symbol; a rotation on credit, with
/// costs; orders of every kind on both sides.
const CASES: [(&str, &str, &str); 3] = [
    ("ma_cross", "MINUTES", ""),
    (
        "momentum_rotation",
        "SPY+AAPL+MSFT",
        "account=margin margin_rate=0.07 top=2 commission=ibkr-tiered slippage=bps:2",
    ),
    ("every_order", "SPY+AAPL", "account=margin short=1 actions=yes commission=ibkr-tiered"),
];

fn resolution(symbol: &str) -> Resolution {
    if symbol == "MINUTES" { Resolution::Min1 } else { Resolution::Day1 }
}

/// The golden bars of a symbol as text.
fn text(symbol: &str) -> String {
    let bars = series(symbol);
    let columns = bars.columns();
    let mut text = "time,open,high,low,close,volume\n".to_owned();
    for Bar { ts, open, high, low, close, volume } in (0..columns.len()).map(|row| columns.bar(row))
    {
        let time = Timestamp::from_second(ts / SECOND_NS).unwrap().to_string();
        let time = if resolution(symbol) == Resolution::Day1 { &time[..10] } else { &time };
        text.push_str(&format!("{time},{open},{high},{low},{close},{volume}\n"));
    }
    text
}

/// Takes the text into a database.
fn ingest(program: &Program, database: &str, symbol: &str) {
    fs::write(program.home().join("bars.csv"), text(symbol)).unwrap();
    let length = resolution(symbol).name();
    let ingest = ["ingest", "-s", symbol, "-r", length, "--from-csv", "bars.csv"];
    let said = program.run(&[&["--database", database], &ingest[..]].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

/// The columns of a database.
fn kept(database: &str, symbol: &str) -> ColumnFile {
    block_on(async {
        let store = open(database, OpenMode::ReadWrite).await.unwrap();
        let file = load(&*store, &Cache::none(), symbol, resolution(symbol)).await.unwrap();
        store.close().await;
        file
    })
}

/// The columns of the text, without a database.
fn straight(symbol: &str) -> ColumnFile {
    let bar = |line: &str| {
        let (time, prices) = line.split_once(',').unwrap();
        let cells: Vec<f64> = prices.split(',').map(|cell| cell.parse().unwrap()).collect();
        let [open, high, low, close, volume] = cells[..] else { panic!("{line}") };
        let time = if time.contains('T') { time.to_owned() } else { format!("{time}T00:00:00Z") };
        let ts = time.parse::<Timestamp>().unwrap().as_second() * SECOND_NS;
        Bar { ts, open, high, low, close, volume }
    };
    let bars: Vec<Bar> = text(symbol).lines().skip(1).map(bar).collect();
    let info = SeriesInfo {
        id: 1,
        symbol: symbol.to_owned(),
        resolution: resolution(symbol).name().to_owned(),
        source: "text".to_owned(),
        adjustment: "raw".to_owned(),
        version: 1,
        epoch: 1,
        bars: bars.len() as i64,
        first_ts: bars.first().map(|bar| bar.ts),
        last_ts: bars.last().map(|bar| bar.ts),
    };
    let bars = Series::from_bars(&bars).unwrap();
    Cache::none().make(&info, resolution(symbol), &bars).unwrap()
}

/// A golden run that is repeated.
struct Case {
    strategy: Resolved,
    setting: Setting,
    /// Its bars from SQLite, from PostgreSQL, and straight from the text.
    sources: [Vec<ColumnFile>; 3],
}

impl Case {
    fn new(
        folder: &Folder,
        (strategy, market, options): (&str, &str, &str),
        file_of: impl Fn(usize, &str) -> ColumnFile,
    ) -> Self {
        let strategy = folder.resolve(strategy);
        let symbols: Vec<&str> = market.split('+').collect();
        let setting = Setting::read(strategy.facts(), symbols.len(), options);
        let of = |source| symbols.iter().map(|symbol| file_of(source, symbol)).collect();
        Self { strategy, setting, sources: [0, 1, 2].map(of) }
    }

    /// The hash of a run, and the bits of its equity.
    fn run(&self, source: usize, mode: &Mode) -> (String, Vec<u64>) {
        let Setting { values, config, .. } = &self.setting;
        let job = RunJob { files: &self.sources[source], finer: &[], values, config };
        let ran = run(&self.strategy, &job, ALL, &Limits::default(), mode).unwrap();
        let result = ran.result;
        (hash(&result), result.equity.iter().map(|value| value.to_bits()).collect())
    }
}

#[test]
fn a_run_has_one_hash_whatever_the_database_the_process_and_the_number_of_threads() {
    let program = Program::new();
    let sqlite = format!("sqlite://{}", program.home().join("bars.db").display());
    let databases = [sqlite, postgres::shared().database()];
    for url in &databases {
        for symbol in ["MINUTES", "SPY", "AAPL", "MSFT"] {
            ingest(&program, url, symbol);
        }
    }
    let file_of = |source: usize, symbol: &str| match databases.get(source) {
        Some(url) => kept(url, symbol),
        None => straight(symbol),
    };
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    folder.put("libmomentum_rotation.so", &library("momentum_rotation"));
    folder.put("libtickets.so", &fixture("tickets", "tickets"));
    for case in CASES {
        let heading = format!("{} on {} {}", case.0, case.1, case.2);
        let golden = kept_hash(heading.trim_end());
        let case = Case::new(&folder, case, file_of);
        let first = case.run(0, &Mode::InProcess);
        assert_eq!(first.0, golden, "{heading}");
        for source in 0..3 {
            for mode in [Mode::InProcess, mode()] {
                for _ in 0..3 {
                    assert!(case.run(source, &mode) == first, "{heading}: {source}, {mode:?}");
                }
            }
        }
        for threads in [1, 2, 8] {
            let modes = [mode(), Mode::InProcess];
            let runs: Vec<_> = std::thread::scope(|scope| {
                let (case, modes) = (&case, &modes);
                let start = |at: usize| scope.spawn(move || case.run(at % 3, &modes[at % 2]));
                let running: Vec<_> = (0..threads).map(start).collect();
                running.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert!(runs.iter().all(|run| *run == first), "{heading}: {threads} threads");
        }
    }
}
