//! A database of its own, a broker in memory, and what fetches from one into the other.

use std::sync::Arc;

use algo_trader::{
    ingest::fetch::{FetchReport, FetchRequest, Fetcher, NoWatch, Wanted},
    store::{BarRow, OpenMode, Revision, Store, open},
};
use jiff::civil::{Date, date};
use strategy_api::Resolution;

use super::{broker::Broker, ingest::at};

/// 2024-06-14, a Friday, an hour after the close.
pub(crate) const FRIDAY: &str = "2024-06-14T21:00:00Z";

/// A database and a broker in memory.
pub(crate) struct Desk {
    _folder: tempfile::TempDir,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) fetcher: Fetcher,
}

impl Desk {
    pub(crate) async fn new(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let store: Arc<dyn Store> = open(&url, OpenMode::ReadWrite).await.unwrap().into();
        let broker = Arc::new(Broker::new(at(now), date(2000, 1, 3)));
        let fetcher = Fetcher::new(Arc::clone(&store), broker.clone());
        Self { _folder: folder, store, broker, fetcher }
    }

    pub(crate) async fn run(&self, request: &FetchRequest) -> FetchReport {
        self.fetcher.symbol(request, &NoWatch).await
    }

    pub(crate) async fn rows(&self, resolution: Resolution) -> Vec<BarRow> {
        match self.store.series("AAPL", resolution).await.unwrap() {
            Some(info) => self.store.load_rows(info.id, i64::MIN).await.unwrap(),
            None => Vec::new(),
        }
    }

    pub(crate) async fn revisions(&self, resolution: Resolution) -> Vec<Revision> {
        let info = self.store.series("AAPL", resolution).await.unwrap().unwrap();
        self.store.revisions(info.id).await.unwrap()
    }

    /// The final rows are those that a fresh database without any fault would have.
    pub(crate) async fn is_right(&self, resolution: Resolution, span: &str) {
        self.is_as_fresh(&wanted(resolution, span)).await;
    }

    /// As [`Desk::is_right`], from a date on.
    pub(crate) async fn is_right_from(&self, resolution: Resolution, from: Date) {
        let wanted = Wanted::Period { from, to: None };
        self.is_as_fresh(&FetchRequest::new("AAPL", resolution, wanted)).await;
    }

    pub(crate) async fn is_as_fresh(&self, request: &FetchRequest) {
        let resolution = request.resolution;
        let fresh = Desk::new(FRIDAY).await;
        let fetcher = Fetcher::new(Arc::clone(&fresh.store), self.broker.clone());
        self.broker.behave();
        let report = fetcher.symbol(request, &NoWatch).await;
        assert_eq!(report.error, None);
        let (ours, expected) = (self.rows(resolution).await, fresh.rows(resolution).await);
        assert_eq!(ours.len(), expected.len());
        assert!(ours == expected, "{:?}", ours.iter().zip(&expected).find(|(a, b)| a != b));
    }
}

/// Bars of AAPL for a span that ends now.
pub(crate) fn wanted(resolution: Resolution, span: &str) -> FetchRequest {
    FetchRequest::new("AAPL", resolution, Wanted::Span(span.parse().unwrap()))
}
