//! Hundreds of days with a faulty broker in simulated time: whatever went wrong on the way, the database
//! ends as one that never met a fault, to the last bit.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use algo_trader::{
    gateway::{GatewayError, SourceBar},
    ingest::fetch::{FetchRequest, Fetcher, NoWatch, Wanted, Watch, status},
    store::{BarRow, OpenMode, Store, open},
};
use engine_core::calendar::SECOND_NS;
use jiff::{
    ToSpan,
    civil::{Date, date},
};
use strategy_api::{Bar, Resolution};

use crate::support::{
    block_on,
    broker::{Broker, Fault, mix},
    ingest::day,
};

const FIRST: Date = date(2022, 9, 1);

/// Random numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0) % sides
    }
}

/// Stops a fetch after so many answers.
struct Patience(AtomicUsize);

impl Watch for Patience {
    fn answered(&self) {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

fn fault(dice: &mut Dice) -> Fault {
    let (what, address) = ("bars of AAPL".to_owned(), "127.0.0.1:4002".to_owned());
    match dice.roll(10) {
        0..4 => Fault::None,
        4..8 => Fault::Random(mix(dice.roll(1 << 40))),
        8 => Fault::Error(GatewayError::NoProgress { what, waited_s: 15, attempts: 3 }),
        _ => {
            Fault::Error(GatewayError::Lost { address, waited_s: 120, reason: "reset".to_owned() })
        }
    }
}

fn since(resolution: Resolution, from: Date) -> FetchRequest {
    FetchRequest::new("AAPL", resolution, Wanted::Period { from, to: None })
}

/// What a run asks for on some day.
fn wish(dice: &mut Dice, resolution: Resolution) -> FetchRequest {
    let wanted = match dice.roll(6) {
        0 => Wanted::Span("5 D".parse().unwrap()),
        1 => Wanted::Span("2 M".parse().unwrap()),
        2 => Wanted::Missing,
        3 => {
            let from = FIRST.saturating_add((dice.roll(200) as i64).days());
            let to = Some(from.saturating_add((dice.roll(90) as i64).days()));
            Wanted::Period { from, to }
        }
        _ => Wanted::New,
    };
    FetchRequest::new("AAPL", resolution, wanted)
}

async fn rows(store: &dyn Store, resolution: Resolution) -> Vec<BarRow> {
    let info = store.series("AAPL", resolution).await.unwrap().unwrap();
    store.load_rows(info.id, i64::MIN).await.unwrap()
}

async fn new_store(folder: &tempfile::TempDir, name: &str) -> Arc<dyn Store> {
    let url = format!("sqlite://{}", folder.path().join(name).display());
    open(&url, OpenMode::ReadWrite).await.unwrap().into()
}

/// Lives through `days` with faults, then one day without, and compares.
async fn live(resolution: Resolution, days: i64, seed: u64) {
    let mut dice = Dice(seed);
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(&folder, "faulty.db").await;
    let start = day("2023-01-03");
    let broker = Arc::new(Broker::new(start, date(2000, 1, 3)));
    let mut now = start;
    for _ in 0..days {
        now += (3_600 + dice.roll(2 * 86_400) as i64) * SECOND_NS;
        broker.set_now(now);
        if dice.roll(60) == 0 {
            let factor = [0.5, 0.25, 2.0, 4.0][dice.roll(4) as usize];
            broker.split(now - now.rem_euclid(86_400 * SECOND_NS), factor);
        }
        broker.faults((0..dice.roll(6)).map(|_| fault(&mut dice)).collect::<Vec<_>>());
        let fetcher = Fetcher::new(Arc::clone(&store), broker.clone());
        let patience = if dice.roll(8) == 0 { dice.roll(4) as usize } else { usize::MAX };
        let report = fetcher.symbol(&wish(&mut dice, resolution), &Patience(patience.into())).await;
        assert_eq!(report.partial.min(1), report.partial, "{report:?}");
        broker.behave();
    }
    now += 10 * 86_400 * SECOND_NS;
    broker.set_now(now - now.rem_euclid(86_400 * SECOND_NS));
    settle(&store, &broker, resolution).await;
    let fresh = new_store(&folder, "fresh.db").await;
    let fetcher = Fetcher::new(Arc::clone(&fresh), broker.clone());
    let ours = rows(&*store, resolution).await;
    let from = engine_core::calendar::utc_date(ours[0].bar.ts).min(FIRST);
    assert_eq!(fetcher.symbol(&since(resolution, from), &NoWatch).await.error, None);
    let expected = rows(&*fresh, resolution).await;
    assert_eq!(ours.len(), expected.len(), "seed {seed}");
    // And both are what the broker knows.
    let truth = broker.truth("AAPL", resolution);
    let truth = &truth[truth.partition_point(|bar| bar.ts < ours[0].bar.ts)..];
    let same = |(row, bar): (&BarRow, &SourceBar)| {
        let Bar { ts, open, high, low, close, volume } = row.bar;
        *bar == SourceBar { ts, open, high, low, close, volume }
    };
    assert_eq!(ours.len(), truth.len(), "seed {seed}");
    assert!(ours.iter().zip(truth).all(same), "seed {seed}");
    let differs = ours.iter().zip(&expected).find(|(a, b)| a != b);
    assert!(differs.is_none(), "seed {seed}: {differs:?}");
}

/// Without faults: everything from the first day on, then what is missing.
async fn settle(store: &Arc<dyn Store>, broker: &Arc<Broker>, resolution: Resolution) {
    let fetcher = Fetcher::new(Arc::clone(store), broker.clone());
    for wanted in [Wanted::New, Wanted::Period { from: FIRST, to: None }, Wanted::Missing] {
        let request = FetchRequest { wanted, ..since(resolution, FIRST) };
        let report = fetcher.symbol(&request, &NoWatch).await;
        assert_eq!(report.error, None);
    }
    let info = store.series("AAPL", resolution).await.unwrap().unwrap();
    let now = algo_trader::gateway::Gateway::now(&**broker).await.unwrap();
    let shown = status(&**store, info, now).await.unwrap();
    assert_eq!((shown.missing, shown.confirmed_missing, shown.is_current), (0, 0, true));
}

#[test]
fn two_years_of_days_end_as_if_there_had_been_no_fault() {
    for seed in 1..=3 {
        block_on(live(Resolution::Day1, 400, seed));
    }
}

#[test]
fn a_year_of_hours_ends_as_if_there_had_been_no_fault() {
    for seed in 11..=12 {
        block_on(live(Resolution::Hour1, 200, seed));
    }
}
