//! A connection to a simulated gateway that is told what to do wrong.

use std::time::Duration;

use algo_trader::{
    gateway::{
        self, Answer, BarsRequest, Contract, Gateway, GatewayError, Hours, Limits, Pacing,
        Settings, What,
    },
    simulator::{self, Fault, Running, Simulator},
};
use strategy_api::Resolution;

/// Friday 20 November 2026, 21:30 UTC: half an hour after the close of New York.
const AFTER_CLOSE: i64 = 1_795_210_200_000_000_000;

/// A connection to a simulated gateway with these faults, patient for fractions of a second.
pub(crate) struct Trial {
    pub(crate) simulated: Running,
    pub(crate) gateway: Box<dyn Gateway>,
}

impl Trial {
    pub(crate) async fn new(faults: &[&str]) -> Self {
        Self::waiting(faults, Duration::from_secs(8)).await
    }

    pub(crate) async fn waiting(faults: &[&str], max_wait: Duration) -> Self {
        let faults: Vec<Fault> = faults.iter().map(|text| text.parse().unwrap()).collect();
        let simulated = Simulator::start(simulator::Settings {
            now: Some(AFTER_CLOSE),
            pacing: simulator::Pacing::Off,
            faults,
            ..simulator::Settings::default()
        });
        let simulated = simulated.await.unwrap();
        let gateway =
            connection(simulated.address().to_string(), max_wait, Duration::from_millis(600));
        Self { simulated, gateway }
    }

    pub(crate) async fn bars(&self) -> Result<Answer, GatewayError> {
        self.gateway.bars(&request("AAPL")).await.map_err(|given_up| given_up.error)
    }

    pub(crate) async fn end(self) {
        self.gateway.close().await;
        self.simulated.stop().await;
    }
}

/// A connection that waits so long for the next byte, and shortly for everything else.
pub(crate) fn connection(
    address: String,
    max_wait: Duration,
    progress: Duration,
) -> Box<dyn Gateway> {
    gateway::open(Settings {
        addresses: vec![address],
        client_ids: 7..=12,
        max_wait,
        pacing: Pacing::Off,
        limits: Limits {
            connect: Duration::from_secs(5),
            dial: Duration::from_secs(1),
            handshake: progress,
            progress,
            heartbeat: Duration::from_millis(500),
            heartbeat_answer: Duration::from_millis(500),
            backoff_first: Duration::from_millis(20),
            backoff_most: Duration::from_millis(150),
            pacing_pause: Duration::from_millis(60),
        },
        ..Settings::default()
    })
}

/// Twenty daily bars up to now.
pub(crate) fn request(symbol: &str) -> BarsRequest {
    BarsRequest {
        contract: Contract::us_stock(symbol),
        resolution: Resolution::Day1,
        end: None,
        span: "20 D".parse().unwrap(),
        what: What::Trades,
        hours: Hours::Regular,
    }
}
