//! Fetching from a broker in memory: what is asked for, what is kept, and what each fault leads to.

use std::sync::Arc;

use algo_trader::{
    gateway::{GatewayError, SourceBar},
    ingest::fetch::{FetchReport, FetchRequest, FetchState, Fetcher, NoWatch, Wanted, status},
    store::{BarRow, OpenMode, Revision, Store, open},
};
use jiff::civil::date;
use strategy_api::Resolution;

use crate::support::{
    block_on,
    broker::{Broker, Fault},
    ingest::at,
};

/// 2024-06-14, a Friday, an hour after the close.
const FRIDAY: &str = "2024-06-14T21:00:00Z";

struct Desk {
    _folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    broker: Arc<Broker>,
    fetcher: Fetcher,
}

impl Desk {
    async fn new(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let store: Arc<dyn Store> = open(&url, OpenMode::ReadWrite).await.unwrap().into();
        let broker = Arc::new(Broker::new(at(now), date(2000, 1, 3)));
        let fetcher = Fetcher::new(Arc::clone(&store), broker.clone());
        Self { _folder: folder, store, broker, fetcher }
    }

    async fn run(&self, request: &FetchRequest) -> FetchReport {
        self.fetcher.symbol(request, &NoWatch).await
    }

    async fn rows(&self, resolution: Resolution) -> Vec<BarRow> {
        match self.store.series("AAPL", resolution).await.unwrap() {
            Some(info) => self.store.load_rows(info.id, i64::MIN).await.unwrap(),
            None => Vec::new(),
        }
    }

    async fn revisions(&self, resolution: Resolution) -> Vec<Revision> {
        let info = self.store.series("AAPL", resolution).await.unwrap().unwrap();
        self.store.revisions(info.id).await.unwrap()
    }

    /// The final rows are those that a fresh database without any fault would have.
    async fn is_right(&self, resolution: Resolution, span: &str) {
        let fresh = Desk::new(FRIDAY).await;
        let fetcher = Fetcher::new(Arc::clone(&fresh.store), self.broker.clone());
        self.broker.behave();
        let report = fetcher.symbol(&wanted(resolution, span), &NoWatch).await;
        assert_eq!(report.error, None);
        let (ours, expected) = (self.rows(resolution).await, fresh.rows(resolution).await);
        assert_eq!(ours.len(), expected.len());
        assert!(ours == expected, "{:?}", ours.iter().zip(&expected).find(|(a, b)| a != b));
    }
}

fn wanted(resolution: Resolution, span: &str) -> FetchRequest {
    FetchRequest::new("AAPL", resolution, Wanted::Span(span.parse().unwrap()))
}

#[test]
fn five_days_are_one_request_and_the_second_run_asks_only_for_the_tail() {
    block_on(async {
        let desk = Desk::new(FRIDAY).await;
        let daily = wanted(Resolution::Day1, "5 D");
        let report = desk.run(&daily).await;
        assert_eq!(
            (report.state, report.new, report.missing),
            (FetchState::Done, 5, 0),
            "{report:?}"
        );
        assert_eq!(desk.broker.asked(), ["5 D until now"]);
        let report = desk.run(&daily).await;
        assert_eq!((report.new, report.same, report.changed), (0, 5, 0));
        assert_eq!(desk.broker.asked().len(), 1);
        desk.is_right(Resolution::Day1, "5 D").await;
    });
}

#[test]
fn years_of_hours_are_cut_into_chunks_and_extended_backwards() {
    block_on(async {
        let desk = Desk::new("2024-06-14T15:20:00Z").await;
        let report = desk.run(&wanted(Resolution::Hour1, "7 D")).await;
        assert_eq!((report.new, report.partial, report.missing), (6 * 7 + 3, 1, 0), "{report:?}");
        desk.broker.asked();
        let report = desk.run(&wanted(Resolution::Hour1, "2 Y")).await;
        assert_eq!(
            (report.state, report.missing, report.changed),
            (FetchState::Done, 0, 0),
            "{report:?}"
        );
        assert!(desk.broker.asked().len() > 3);
        desk.is_right(Resolution::Hour1, "2 Y").await;
        desk.broker.asked();
        desk.broker.set_now(at(FRIDAY));
        let report = desk.run(&wanted(Resolution::Hour1, "2 Y")).await;
        assert_eq!((report.new, report.changed), (4, 1), "the partial bar is replaced: {report:?}");
        assert_eq!(desk.broker.asked(), ["2 D until now"]);
        desk.is_right(Resolution::Hour1, "2 Y").await;
    });
}
