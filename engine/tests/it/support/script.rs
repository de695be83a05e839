//! Scripts of faults: one run with a simulated gateway that misbehaves as the script says, then one
//! with a gateway that does not, each on a database of its own making.
//!
//! Every script must end as it says, and beyond that: what the first run leaves in the database are
//! bars of the undisturbed series, and the second run ends with exactly that series.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use algo_trader::{
    error::Code,
    gateway::Gateway,
    ingest::fetch::{FetchReport, FetchRequest, Fetcher, NoWatch, Wanted},
    simulator::{Fault, Pacing, Settings, Simulator},
    store::{BarRow, OpenMode, Store, open},
};
use strategy_api::Resolution;

use super::{block_on, desk::FRIDAY, ingest::at, over_tcp::OverTcp, trial::connection};
use crate::program::Program;

/// Scripts that are played at once: they wait most of the time.
const AT_ONCE: usize = 8;

/// How long the next byte of an answer is waited for: the gateway works on the same thread.
const PROGRESS: Duration = Duration::from_secs(2);

/// How long an outage is waited out.
const MAX_WAIT: Duration = Duration::from_secs(4);

/// What is fetched, and what the gateway's clock shows.
#[derive(Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) symbol: &'static str,
    pub(crate) resolution: Resolution,
    pub(crate) span: &'static str,
    pub(crate) now: &'static str,
    /// When the same was fetched before, without a fault.
    pub(crate) before: Option<&'static str>,
}

/// How the run with faults ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// Everything is there.
    Whole,
    /// Everything is there, and this many bars of it are new.
    New(u64),
    /// Everything is there, and the report counts repeated bars, strays and unordered answers.
    Counts([u64; 3]),
    /// Some bars were rejected, for this reason.
    Partly(&'static str),
    /// It fails, and the message has these words.
    Fails(Code, &'static str),
    /// The whole series is restated by a factor.
    Restated(f64),
}

/// A fault of a fetch: its name, what is fetched, the faults of the gateway, and how that ends.
pub(crate) type Fetch = (&'static str, Wish, &'static [&'static str], End);

/// A fault as the user of the program meets it: its name, the command, the faults of the gateway, the
/// exit code, and words of what is said.
pub(crate) type Typed =
    (&'static str, &'static [&'static str], &'static [&'static str], i32, &'static [&'static str]);

/// Plays every script, several at once, and names those that did not end as they should.
pub(crate) fn play_all<S: Sync>(scripts: &[S], name: fn(&S) -> &str, play: fn(&S)) {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(scripts.len()) {
            scope.spawn(|| {
                while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if catch_unwind(AssertUnwindSafe(|| play(script))).is_err() {
                        failed.lock().unwrap().push(name(script));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), scripts.len());
}

/// A gateway whose clock stands.
fn settings(now: &str, faults: &[&str]) -> Settings {
    let faults: Vec<Fault> = faults.iter().map(|text| text.parse().unwrap()).collect();
    let (now, pacing) = (Some(at(now)), Pacing::Off);
    Settings { now, speed: 0.0, pacing, faults, ..Settings::default() }
}

async fn store_at(file: &Path) -> Arc<dyn Store> {
    let url = format!("sqlite://{}", file.display());
    open(&url, OpenMode::ReadWrite).await.unwrap().into()
}

async fn rows(store: &dyn Store, symbol: &str, resolution: Resolution) -> Vec<BarRow> {
    match store.series(symbol, resolution).await.unwrap() {
        Some(info) => store.load_rows(info.id, i64::MIN).await.unwrap(),
        None => Vec::new(),
    }
}

/// One run with a new gateway and a new connection.
async fn fetch(store: &Arc<dyn Store>, wish: &Wish, now: &str, faults: &[&str]) -> FetchReport {
    let simulated = Simulator::start(settings(now, faults)).await.unwrap();
    let gateway: Arc<dyn Gateway> =
        connection(simulated.address().to_string(), MAX_WAIT, PROGRESS).into();
    let fetcher = Fetcher::new(Arc::clone(store), Arc::clone(&gateway));
    let wanted = Wanted::Span(wish.span.parse().unwrap());
    let request = FetchRequest::new(wish.symbol, wish.resolution, wanted);
    let report = fetcher.symbol(&request, &NoWatch).await;
    gateway.close().await;
    simulated.stop().await;
    report
}

/// Plays the script of a fetch.
pub(crate) fn fetched((name, wish, faults, end): &Fetch) {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = store_at(&folder.path().join("faulty.db")).await;
        let fresh = store_at(&folder.path().join("fresh.db")).await;
        if let Some(before) = wish.before {
            assert_eq!(fetch(&store, wish, before, &[]).await.error, None, "{name}");
            assert_eq!(fetch(&fresh, wish, before, &[]).await.error, None, "{name}");
        }
        let held = rows(&*store, wish.symbol, wish.resolution).await;
        assert_eq!(fetch(&fresh, wish, wish.now, &[]).await.error, None, "{name}");
        let truth = rows(&*fresh, wish.symbol, wish.resolution).await;
        let report = fetch(&store, wish, wish.now, faults).await;
        ends(name, *end, &report);
        let got = rows(&*store, wish.symbol, wish.resolution).await;
        left(name, *end, &got, &[&truth[..], &held[..]].concat());
        let finals = |rows: &[BarRow]| rows.iter().filter(|row| row.is_final).count();
        if matches!(end, End::Whole | End::New(_) | End::Counts(_) | End::Restated(_)) {
            assert_eq!(finals(&got), finals(&truth), "{name}");
        }
        let again = fetch(&store, wish, wish.now, &[]).await;
        assert_eq!((again.code(), again.missing), (None, 0), "{name}: {again:?}");
        let got = rows(&*store, wish.symbol, wish.resolution).await;
        assert_eq!(got.len(), truth.len(), "{name}");
        assert!(got == truth, "{name}: {:?}", got.iter().zip(&truth).find(|(a, b)| a != b));
    });
}

/// The run ended as the script says.
fn ends(name: &str, end: End, report: &FetchReport) {
    let code = report.code();
    match end {
        End::Whole => assert_eq!(code, None, "{name}: {report:?}"),
        End::New(bars) => assert_eq!((code, report.new), (None, bars), "{name}: {report:?}"),
        End::Counts(counts) => {
            let counted = [report.duplicates, report.outside, report.unordered];
            assert_eq!((code, counted), (None, counts), "{name}: {report:?}");
        }
        End::Partly(reason) => {
            assert_eq!(code, Some(Code::Partial), "{name}: {report:?}");
            let listed = report.rejects.iter().any(|reject| reject.reason.contains(reason));
            assert!(listed || reason.is_empty(), "{name}: {report:?}");
        }
        End::Fails(expected, words) => {
            assert_eq!(code, Some(expected), "{name}: {report:?}");
            let error = report.error.as_ref().unwrap();
            assert!(error.message.contains(words), "{name}: {error:?}");
        }
        End::Restated(_) => assert_eq!((code, report.epoch), (None, 1), "{name}: {report:?}"),
    }
}

/// Every final bar is one of the undisturbed series, or that times the one factor.
fn left(name: &str, end: End, got: &[BarRow], truth: &[BarRow]) {
    for row in got.iter().filter(|row| row.is_final) {
        let of_truth = truth.iter().filter(|other| other.is_final && other.bar.ts == row.bar.ts);
        let is_right = of_truth.into_iter().any(|other| match end {
            End::Restated(factor) => (row.bar.close - other.bar.close * factor).abs() < 0.006,
            _ => row.bar == other.bar,
        });
        assert!(is_right, "{name}: {row:?}");
    }
}

/// Plays the script of a command of the program.
pub(crate) fn typed((name, args, faults, code, words): &Typed) {
    let program = Program::new();
    std::fs::write(program.home().join("list.txt"), "AAPL\nMSFT\nTSLA\n").unwrap();
    let faulty = OverTcp::start(settings(FRIDAY, faults));
    let said = faulty.run(&program, args);
    assert_eq!(said.code, Some(*code), "{name}: {}{}", said.stdout, said.stderr);
    let text = format!("{} {}", said.stdout, said.stderr);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in *words {
        assert!(text.contains(words), "{name}: {words}: {text}");
    }
    assert!(!text.contains("panicked"), "{name}: {text}");
    if args[0] == "doctor" {
        return;
    }
    let is_error = text.contains("error[") && text.contains("help:");
    assert!(matches!(code, 0 | 10) || is_error, "{name}: {text}");
    let (calm, fresh) = (OverTcp::start(settings(FRIDAY, &[])), Program::new());
    std::fs::copy(program.home().join("list.txt"), fresh.home().join("list.txt")).unwrap();
    for program in [&program, &fresh] {
        let again = calm.run(program, args);
        assert_eq!(again.code, Some(0), "{name}: {}{}", again.stdout, again.stderr);
    }
    block_on(async {
        let file = |program: &Program| program.home().join("data/algo-trader.db");
        let (ours, theirs) = (store_at(&file(&program)).await, store_at(&file(&fresh)).await);
        let mut count = 0;
        for symbol in ["AAPL", "MSFT", "TSLA"] {
            for resolution in [Resolution::Day1, Resolution::Hour1, Resolution::Min1] {
                let expected = rows(&*theirs, symbol, resolution).await;
                assert!(rows(&*ours, symbol, resolution).await == expected, "{name}: {symbol}");
                count += expected.len();
            }
        }
        assert!(count > 0, "{name}");
    });
}
