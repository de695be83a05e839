//! The simulated gateway over real TCP: a client of a few lines that knows only frames, and ibapi.

use std::{io::Write, time::Duration};

use algo_trader::simulator::{Pacing, Request, Running, Settings, Simulator};
use ibapi::{
    Error,
    prelude::{
        Client, Contract, HistoricalBarSize, HistoricalWhatToShow, ToDuration, TradingHours,
    },
};

use crate::support::simulated::{Gateway, NOW, Raw, Value, settings};

#[test]
fn a_session_begins_as_the_broker_begins_it() {
    let gateway = Gateway::new(settings());
    let (_client, said) = Raw::open(gateway.running().address(), 3);
    let numbers: Vec<u32> = said.iter().map(|it| it.number).collect();
    assert_eq!(numbers, [15, 9, 4, 4, 4]);
    assert_eq!(said[0].text(1), "DU0000007");
    assert_eq!(said[1].number(1), Some(1));
    let codes: Vec<_> = said[2..].iter().filter_map(|it| it.number(3)).collect();
    assert_eq!(codes, [2104, 2106, 2158]);
}

#[test]
fn old_clients_and_strangers_are_sent_away() {
    let gateway = Gateway::new(settings());
    for versions in ["v100..178", "v226..230", "nonsense"] {
        let mut client = Raw::connect(gateway.running().address());
        assert_eq!(client.greet(versions), "", "{versions}");
        assert!(client.has_ended());
    }
    let mut client = Raw::connect(gateway.running().address());
    client.0.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(client.has_ended());
    let mut client = Raw::connect(gateway.running().address());
    assert!(client.greet("v100..220").starts_with("220\u{0}20261120 16:30:00 US/Eastern\0"));
}

#[test]
fn a_client_id_is_taken_until_its_connection_ends() {
    let gateway = Gateway::new(settings());
    let address = gateway.running().address();
    let (first, _) = Raw::open(address, 9);
    let mut second = Raw::connect(address);
    second.greet("v213..226");
    second.send(271, &[(1, Value::Number(9))]);
    let refused = second.read().unwrap();
    assert_eq!((refused.number, refused.number(3)), (4, Some(326)));
    assert!(second.has_ended());
    drop(first);
    // The end of a connection is noticed a moment later.
    let free = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let mut again = Raw::connect(address);
        again.greet("v213..226");
        again.send(271, &[(1, Value::Number(9))]);
        again.read().is_ok_and(|it| it.number == 15)
    });
    assert!(free);
}

#[test]
fn messages_that_nobody_knows_are_ignored() {
    let gateway = Gateway::new(settings());
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.send(399, &[(1, Value::Number(1))]);
    client.send(71, &[]);
    client.send(220, &[(2, Value::Text("no message"))]);
    client.send(249, &[]);
    let answer = client.read().unwrap();
    assert_eq!((answer.number, answer.number(1)), (49, Some(NOW as u64 / 1_000_000_000)));
    let asked: Vec<Request> =
        gateway.running().requests().into_iter().map(|logged| logged.asked).collect();
    let unknown = |number| Request::Unknown { number };
    assert_eq!(asked, [unknown(399), unknown(71), unknown(220), Request::Time]);
}

#[test]
fn bars_come_with_their_end_and_the_request_is_noted() {
    let gateway = Gateway::new(settings());
    let (mut client, _) = Raw::open(gateway.running().address(), 4);
    client.ask_bars(17, "AAPL", "1 day", "5 D", "");
    let answer = client.read().unwrap();
    assert_eq!((answer.number, answer.number(1)), (17, Some(17)));
    let bars = answer.bars();
    let dates: Vec<String> = bars.iter().map(|bar| bar.text(1)).collect();
    assert_eq!(dates, ["20261116", "20261117", "20261118", "20261119", "20261120"]);
    let end = client.read().unwrap();
    assert_eq!((end.number, end.text(2)), (108, "20261115 16:30:00 US/Eastern".to_owned()));
    assert_eq!(end.text(3), "20261120 16:30:00 US/Eastern");
    let logged = gateway.running().requests().remove(0);
    assert_eq!((logged.client_id, logged.request_id), (4, Some(17)));
    let Request::History { symbol, duration, bar_size, .. } = logged.asked else { panic!() };
    assert_eq!([symbol, duration, bar_size], ["AAPL", "5 D", "1 day"]);
}

#[test]
fn requests_that_make_no_sense_are_refused_as_the_broker_refuses_them() {
    let gateway = Gateway::new(settings());
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    for (symbol, bar_size, duration, end, code, text) in [
        ("ZZTOP", "1 day", "5 D", "", 200, "No security definition"),
        ("a b", "1 day", "5 D", "", 200, "No security definition"),
        ("AAPL", "1 days", "5 D", "", 321, "bar size setting is invalid"),
        ("AAPL", "1 day", "5 X", "", 321, "duration is invalid"),
        ("AAPL", "1 day", "-5 D", "", 321, "duration is invalid"),
        ("AAPL", "1 day", "366 D", "", 321, "longer than 365 days must be made in years"),
        ("AAPL", "1 day", "13 M", "", 321, "longer than 12 months must be made in years"),
        ("AAPL", "1 day", "86401 S", "", 321, "greater than 86400 seconds"),
        ("AAPL", "1 secs", "1 D", "", 162, "Time length exceed max."),
        ("AAPL", "1 min", "1 Y", "", 162, "Time length exceed max."),
        ("AAPL", "1 day", "5 D", "yesterday", 10_314, "End Date/Time"),
        ("AAPL", "1 day", "5 D", "20261301 10:00:00 UTC", 10_314, "End Date/Time"),
        ("AAPL", "1 day", "5 D", "20261101 10:00:00 Mars/Olympus", 10_314, "End Date/Time"),
        ("TSLA", "1 day", "5 D", "20050103-22:00:00", 162, "HMDS query returned no data"),
    ] {
        client.ask_bars(5, symbol, bar_size, duration, end);
        let refused = client.read().unwrap();
        assert_eq!(refused.number(3), Some(code), "{symbol} {bar_size} {duration} {end}");
        assert!(refused.text(4).contains(text), "{}", refused.text(4));
    }
    client.ask_bars(6, "AAPL", "1 day", "5 D", "20261118 17:00:00");
    assert_eq!(client.read().unwrap().number(3), Some(2174));
    assert_eq!(client.read().unwrap().bars().len(), 5);
}

#[test]
fn a_request_that_is_open_can_be_taken_back() {
    let gateway = Gateway::with(&["delay=60"]);
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    client.send(225, &[(1, Value::Number(5))]);
    let answer = client.read().unwrap();
    assert_eq!(answer.number(3), Some(162));
    assert!(answer.text(4).contains("API historical data query cancelled: 5"));
    client.send(225, &[(1, Value::Number(5))]);
    assert_eq!(client.read().unwrap().number(3), Some(366));
}

#[test]
fn fifty_requests_may_be_open_and_fifty_messages_come_in_a_second() {
    let faults = vec!["delay=60,times=always".parse().unwrap()];
    let paced = Settings { pacing: Pacing::Published, faults, ..settings() };
    let gateway = Gateway::new(paced);
    let (mut client, _) = Raw::open(gateway.running().address(), 1);
    for id in 0..51 {
        client.ask_bars(id, "AAPL", "1 day", &format!("{} D", id + 1), "");
    }
    let said = [client.read().unwrap(), client.read().unwrap()];
    let mut codes = said.map(|it| it.number(3));
    codes.sort_unstable();
    assert_eq!(codes, [Some(100), Some(322)]);
}

async fn connect(running: &Running) -> Client {
    let address = running.address().to_string();
    tokio::time::timeout(Duration::from_secs(10), Client::connect(&address, 5))
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn ibapi_reads_bars_of_every_length() {
    let running = Simulator::start(settings()).await.unwrap();
    let client = connect(&running).await;
    assert_eq!(client.server_version(), 225);
    assert_eq!(client.handshake_managed_accounts(), ["DU0000007"]);
    let contract = Contract::stock("AAPL").build();
    use HistoricalBarSize as Size;
    for (size, duration, count) in [
        (Size::Day, 5.days(), 5),
        (Size::Hour, 7.days(), 49),
        (Size::Min, 1.days(), 390),
        (Size::Min30, 2.days(), 26),
        (Size::Sec5, 600.seconds(), 120),
        (Size::Week, 1.years(), 53),
        (Size::Month, 1.years(), 13),
    ] {
        let answer = client.historical_data(&contract, size).duration(duration).fetch().await;
        assert_eq!(answer.unwrap().bars.len(), count, "{size:?}");
    }
    let adjusted = client
        .historical_data(&contract, Size::Day)
        .what_to_show(HistoricalWhatToShow::AdjustedLast)
        .trading_hours(TradingHours::Extended)
        .duration(5.days())
        .fetch()
        .await
        .unwrap();
    assert_eq!(adjusted.bars.len(), 5);
    running.stop().await;
}

#[tokio::test]
async fn ibapi_learns_of_contracts_clocks_and_schedules() {
    let running = Simulator::start(settings()).await.unwrap();
    let client = connect(&running).await;
    let contract = Contract::stock("SPY").build();
    let details = client.contract_details(&contract).await.unwrap();
    assert_eq!((details.len(), details[0].contract.contract_id), (1, 756_733));
    assert_eq!(details[0].contract.primary_exchange.to_string(), "ARCA");
    let head = client
        .head_timestamp(&contract, HistoricalWhatToShow::Trades, TradingHours::Regular)
        .await
        .unwrap();
    // 29 January 1993, 09:30 in New York.
    assert_eq!(head.unix_timestamp(), 728_317_800);
    let now = client.server_time().await.unwrap();
    assert_eq!(now.unix_timestamp(), NOW / 1_000_000_000);
    let schedule = client.historical_schedules(&contract, 30.days()).fetch().await.unwrap();
    assert_eq!(schedule.sessions.len(), 30);
    let unknown = client.contract_details(&Contract::stock("ZZTOP").build()).await;
    assert!(matches!(unknown, Err(Error::Notice(notice)) if notice.code == 200));
    let symbols = client.matching_symbols("AAP").await.unwrap();
    assert_eq!(symbols[0].contract.symbol.to_string(), "AAPL");
    running.stop().await;
}

#[tokio::test]
async fn an_ambiguous_symbol_has_two_contracts_until_its_currency_is_named() {
    let running = Simulator::start(settings()).await.unwrap();
    let client = connect(&running).await;
    let mut contract = Contract::stock("XXA").build();
    contract.currency = "".into();
    assert_eq!(client.contract_details(&contract).await.unwrap().len(), 2);
    let bars =
        client.historical_data(&contract, HistoricalBarSize::Day).duration(5.days()).fetch().await;
    assert!(matches!(bars, Err(Error::Notice(notice)) if notice.message.contains("ambiguous")));
    contract.currency = "USD".into();
    assert_eq!(client.contract_details(&contract).await.unwrap().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn the_clock_goes_on_and_the_bar_in_progress_with_it() {
    let running = Simulator::start(settings()).await.unwrap();
    let client = connect(&running).await;
    let contract = Contract::stock("AAPL").build();
    let close = async || {
        let asked = client.historical_data(&contract, HistoricalBarSize::Day).duration(1.days());
        asked.fetch().await.unwrap().bars[0]
    };
    let hour = 3_600_000_000_000;
    running.set_now(NOW - 4 * hour);
    let early = close().await;
    running.set_now(NOW - 2 * hour);
    let later = close().await;
    assert_eq!((early.date, early.open), (later.date, later.open));
    assert!(early.volume < later.volume && early.high <= later.high && early.low >= later.low);
    running.stop().await;
}
