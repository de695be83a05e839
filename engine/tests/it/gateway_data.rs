//! What the port gives over a real connection to a simulated gateway.

use std::sync::Arc;

use algo_trader::{
    gateway::{
        self, BarsRequest, Contract, Gateway, GatewayError, Hours, Limits, Pacing, Settings, What,
    },
    simulator::{self, Logged, Request, Running, Simulator},
};
use strategy_api::Resolution;

use crate::support::block_on;

/// Friday 20 November 2026, 21:30 UTC: half an hour after the close of New York.
const AFTER_CLOSE: i64 = 1_795_210_200_000_000_000;
/// Midnight UTC of Monday 16 November 2026, and of 12 December 1980, in days of the epoch.
const MONDAY: i64 = 20_773;
const DAY_NS: i64 = 86_400_000_000_000;

async fn simulated() -> Running {
    simulated_with(simulator::Pacing::Off).await
}

async fn simulated_with(pacing: simulator::Pacing) -> Running {
    let settings =
        simulator::Settings { now: Some(AFTER_CLOSE), pacing, ..simulator::Settings::default() };
    Simulator::start(settings).await.unwrap()
}

fn settings(simulated: &Running) -> Settings {
    Settings {
        addresses: vec![simulated.address().to_string()],
        pacing: Pacing::Off,
        limits: Limits { pacing_pause: std::time::Duration::from_millis(250), ..Limits::default() },
        ..Settings::default()
    }
}

fn request(contract: &Contract, resolution: Resolution, span: &str) -> BarsRequest {
    BarsRequest {
        contract: contract.clone(),
        resolution,
        end: None,
        span: span.parse().unwrap(),
        what: What::Trades,
        hours: Hours::Regular,
    }
}

fn histories(log: &[Logged]) -> usize {
    log.iter().filter(|logged| matches!(logged.asked, Request::History { .. })).count()
}

#[test]
fn a_contract_its_first_bar_and_its_bars_are_given() {
    block_on(async {
        let simulated = simulated().await;
        let gateway = gateway::open(settings(&simulated));
        let apple = gateway.contract(&Contract::us_stock("AAPL")).await.unwrap();
        assert_eq!((apple.id, apple.primary_exchange.as_str()), (265_598, "NASDAQ"));
        assert_eq!((apple.name.as_str(), apple.currency.as_str()), ("APPLE INC", "USD"));

        let head = gateway.head(&apple, What::Trades, Hours::Regular).await.unwrap().unwrap();
        assert_eq!(head.div_euclid(DAY_NS), 3_998, "12 December 1980");

        let days = gateway.bars(&request(&apple, Resolution::Day1, "5 D")).await.unwrap();
        let starts: Vec<i64> = days.bars.iter().map(|bar| bar.ts).collect();
        let week: Vec<i64> = (0..5).map(|day| (MONDAY + day) * DAY_NS).collect();
        assert_eq!((starts, days.attempts), (week, 1));

        let hours = gateway.bars(&request(&apple, Resolution::Hour1, "1 D")).await.unwrap();
        let friday = (MONDAY + 4) * DAY_NS;
        let half_hours = [29, 30, 32, 34, 36, 38, 40].map(|n| friday + n * DAY_NS / 48);
        let starts: Vec<i64> = hours.bars.iter().map(|bar| bar.ts).collect();
        assert_eq!(starts, half_hours, "14:30, 15:00, 16:00 to 20:00 UTC");

        let now = gateway.now().await.unwrap();
        assert!((0..5_000_000_000).contains(&(now - AFTER_CLOSE + 1_000_000_000)), "{now}");
        assert_eq!(simulated.connections(), 1);
        gateway.close().await;
    });
}

#[test]
fn an_end_cuts_the_window_and_is_sent_as_utc() {
    block_on(async {
        let simulated = simulated().await;
        let gateway = gateway::open(settings(&simulated));
        let apple = Contract::us_stock("AAPL");
        let end = Some((MONDAY + 2) * DAY_NS);
        let asked = BarsRequest { end, ..request(&apple, Resolution::Day1, "2 D") };
        let bars = gateway.bars(&asked).await.unwrap().bars;
        let starts: Vec<i64> = bars.iter().map(|bar| bar.ts).collect();
        assert_eq!(starts, [MONDAY * DAY_NS, (MONDAY + 1) * DAY_NS]);
        let sent = simulated.requests().into_iter().find_map(|logged| match logged.asked {
            Request::History { end, duration, bar_size, .. } => Some((end, duration, bar_size)),
            _ => None,
        });
        let (end, duration, bar_size) = sent.unwrap();
        assert!(end.contains("20261118") && end.contains("00:00:00"), "{end}");
        assert_eq!((duration.as_str(), bar_size.as_str()), ("2 D", "1 day"));
        gateway.close().await;
    });
}

#[test]
fn unknown_and_ambiguous_symbols_are_told_apart_and_others_go_on() {
    block_on(async {
        let simulated = simulated().await;
        let gateway = gateway::open(settings(&simulated));
        for symbol in ["ZZTOP", "../../etc/passwd", "\u{1f600}", "a\0b", &"X".repeat(300)] {
            let unknown = gateway.contract(&Contract::us_stock(symbol)).await.unwrap_err();
            assert!(matches!(unknown, GatewayError::UnknownSymbol { .. }), "{unknown}");
        }
        let anywhere = Contract { currency: String::new(), ..Contract::us_stock("XXA") };
        let several = gateway.contract(&anywhere).await.unwrap_err();
        let GatewayError::AmbiguousSymbol { found, .. } = &several else { panic!("{several}") };
        assert_eq!(found.len(), 2, "{found:?}");
        let one = gateway.contract(&Contract::us_stock("XXA")).await.unwrap();
        assert_eq!(one.currency, "USD");
        gateway.close().await;
    });
}

#[test]
fn a_wrong_request_is_refused_with_the_brokers_words() {
    block_on(async {
        let simulated = simulated().await;
        let gateway = gateway::open(settings(&simulated));
        let apple = Contract::us_stock("AAPL");
        let too_long =
            gateway.bars(&request(&apple, Resolution::Sec1, "5 Y")).await.unwrap_err().error;
        let refused = matches!(too_long, GatewayError::Refused { code: 162 | 321, .. });
        assert!(refused, "{too_long}");
        let adjusted = BarsRequest {
            what: What::AdjustedLast,
            end: Some(MONDAY * DAY_NS),
            ..request(&apple, Resolution::Day1, "5 D")
        };
        let with_end = gateway.bars(&adjusted).await.unwrap_err().error;
        assert!(matches!(with_end, GatewayError::Refused { code: 321, .. }), "{with_end}");
        gateway.close().await;
    });
}

/// Asks for the bars of many symbols at once; how many came, and the most attempts that one took.
async fn many(gateway: &Arc<dyn Gateway>, asked: Vec<BarsRequest>) -> (usize, u32) {
    let mut tasks = tokio::task::JoinSet::new();
    for request in asked {
        let gateway = Arc::clone(gateway);
        tasks.spawn(async move { gateway.bars(&request).await.unwrap() });
    }
    let (mut bars, mut attempts) = (0, 0);
    for answer in tasks.join_all().await {
        bars += answer.bars.len();
        attempts = attempts.max(answer.attempts);
    }
    (bars, attempts)
}

#[test]
fn answers_to_many_requests_at_once_are_never_mixed_up() {
    block_on(async {
        let simulated = simulated().await;
        let connections = Settings { connections: 3, ..settings(&simulated) };
        let gateway: Arc<dyn Gateway> = Arc::from(gateway::open(connections));
        let alone = gateway::open(settings(&simulated));
        let contracts: Vec<Contract> =
            (0..40).map(|n| Contract::us_stock(&format!("SYM{n}"))).collect();
        let mut tasks = tokio::task::JoinSet::new();
        for (at, contract) in contracts.iter().enumerate() {
            let asked = request(contract, Resolution::Day1, "30 D");
            let gateway = Arc::clone(&gateway);
            tasks.spawn(async move { (at, gateway.bars(&asked).await.unwrap().bars) });
        }
        for (at, bars) in tasks.join_all().await {
            let asked = request(&contracts[at], Resolution::Day1, "30 D");
            assert_eq!(bars, alone.bars(&asked).await.unwrap().bars, "{at}");
        }
        let log = simulated.requests();
        let used: std::collections::BTreeSet<i32> = log.iter().map(|one| one.client_id).collect();
        assert_eq!(used.len(), 4, "three connections and one, each with an id of its own");
        gateway.close().await;
        alone.close().await;
    });
}

#[test]
fn identical_requests_at_once_are_one() {
    block_on(async {
        let simulated = simulated().await;
        let gateway: Arc<dyn Gateway> = Arc::from(gateway::open(settings(&simulated)));
        let apple = Contract::us_stock("AAPL");
        let asked = vec![request(&apple, Resolution::Day1, "5 D"); 8];
        assert_eq!(many(&gateway, asked.clone()).await, (40, 1));
        assert_eq!(histories(&simulated.requests()), 1);
        many(&gateway, asked[..1].to_vec()).await;
        assert_eq!(histories(&simulated.requests()), 2, "a later one is asked anew");
        gateway.close().await;
    });
}

#[test]
fn a_complaint_about_our_pace_is_waited_out() {
    block_on(async {
        let simulated = simulated_with(simulator::Pacing::Published).await;
        // Longer than the two seconds that the broker looks back.
        let pause = std::time::Duration::from_millis(2_200);
        let limits = Limits { pacing_pause: pause, ..Limits::default() };
        let asked = Settings { limits, ..settings(&simulated) };
        let gateway: Arc<dyn Gateway> = Arc::from(gateway::open(asked));
        let apple = Contract::us_stock("AAPL");
        // Eight of one contract at once; the broker takes five in two seconds.
        let asked = (1..=8).map(|n| request(&apple, Resolution::Sec30, &format!("{} S", n * 600)));
        let (bars, attempts) = many(&gateway, asked.collect()).await;
        assert!(bars > 0 && attempts > 1, "{bars} bars, {attempts} attempts");
        gateway.close().await;
    });
}

#[test]
fn with_the_brokers_pacing_there_is_no_complaint() {
    block_on(async {
        let simulated = simulated_with(simulator::Pacing::Published).await;
        let kept = Settings { pacing: Pacing::Broker, ..settings(&simulated) };
        let gateway: Arc<dyn Gateway> = Arc::from(gateway::open(kept));
        let apple = Contract::us_stock("AAPL");
        let asked = (1..=8).map(|n| request(&apple, Resolution::Sec30, &format!("{} S", n * 600)));
        assert_eq!(many(&gateway, asked.collect()).await.1, 1);
        gateway.close().await;
    });
}

#[test]
fn a_request_that_is_dropped_is_taken_back_and_its_turn_is_free() {
    block_on(async {
        let simulated = simulated().await;
        let narrow = Settings { in_flight: 1, ..settings(&simulated) };
        let gateway = gateway::open(narrow);
        let apple = Contract::us_stock("AAPL");
        for n in 1..20 {
            let asked = request(&apple, Resolution::Min1, &format!("{n} D"));
            let soon = std::time::Duration::from_micros(n * 150);
            let _ = tokio::time::timeout(soon, gateway.bars(&asked)).await;
        }
        let asked = request(&apple, Resolution::Day1, "5 D");
        assert_eq!(gateway.bars(&asked).await.unwrap().bars.len(), 5);
        gateway.close().await;
    });
}
