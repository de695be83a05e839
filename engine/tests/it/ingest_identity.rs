//! A symbol may stand for several instruments: what is held under it is asked for again as what it is, and
//! never mixed with another one.

use algo_trader::simulator::{Action, ActionKind, Settings};
use jiff::civil::date;

use crate::{
    program::Program,
    support::{ingest::at, over_tcp::OverTcp, postgres::shared},
};

fn on_friday() -> OverTcp {
    let now = Some(at("2024-06-14T21:00:00Z"));
    OverTcp::start(Settings { now, speed: 0.0, ..Settings::default() })
}

fn well(gateway: &OverTcp, program: &Program, args: &[&str]) -> String {
    let said = gateway.run(program, args);
    assert_eq!(said.code, Some(0), "{args:?}: {}{}", said.stdout, said.stderr);
    said.stdout
}

#[test]
fn a_repair_asks_for_the_instrument_that_is_held() {
    let (gateway, program) = (on_friday(), Program::new());
    for url in ["sqlite://data/x.db".to_owned(), shared().database()] {
        gateway.inject("missing-bar=3,times=2");
        let index =
            ["ingest", "-s", "SPX", "--security", "index", "-d", "10 D", "--database", &url];
        well(&gateway, &program, &index);
        gateway.gateway().heal();
        let text = well(&gateway, &program, &["ingest", "--repair", "--database", &url]);
        let row: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        // One bar is new and none is another: they are still those of the index.
        assert_eq!((row[0], row[2], row[4]), ("SPX", "1", "0"), "{text}");
        let json = gateway.run(&program, &[&index[..], &["--json"]].concat()).json();
        assert_eq!(json["symbols"][0]["changed"], 0, "{json}");
    }
}

#[test]
fn the_tail_of_a_share_in_toronto_comes_from_toronto() {
    let (gateway, program) = (on_friday(), Program::new());
    well(&gateway, &program, &["ingest", "-s", "XXC", "--currency", "CAD", "-d", "20 D"]);
    gateway.gateway().set_now(at("2024-06-18T21:00:00Z"));
    well(&gateway, &program, &["ingest", "-s", "XXC"]);
    let said = gateway.run(&program, &["ingest", "-s", "XXC", "--currency", "USD"]);
    let line = said.failed(4, "DATA");
    assert!(line.contains("XXC is held as the stock of TSE in CAD, contract "), "{line}");
    assert!(
        line.contains("the stock of NASDAQ in USD") || line.contains("of NYSE in USD"),
        "{line}"
    );
    assert!(said.stderr.contains("--replace"), "{}", said.stderr);
    let share = gateway.run(&program, &["ingest", "-s", "XXC", "--security", "index"]);
    share.failed(4, "DATA");
    // With --replace the other one takes its place, unless something else of the symbol stays.
    let usd = ["ingest", "-s", "XXC", "--currency", "USD", "-d", "20 D", "--replace"];
    well(&gateway, &program, &["ingest", "-s", "XXC", "-r", "1h", "-d", "5 D"]);
    let said = gateway.run(&program, &usd);
    said.failed(4, "DATA");
    assert!(said.stderr.contains("--database"), "{}", said.stderr);
    let other = Program::new();
    well(&gateway, &other, &["ingest", "-s", "XXC", "--currency", "CAD", "-d", "20 D"]);
    well(&gateway, &other, &usd);
    well(&gateway, &other, &["ingest", "-s", "XXC"]);
}

#[test]
fn what_a_backtest_fetches_is_what_is_held() {
    let (gateway, program) = (OverTcp::start(Settings::default()), Program::new());
    let index = ["ingest", "-s", "SPX", "--security", "index", "-d", "60 D"];
    well(&gateway, &program, &index);
    let run = ["backtest", "-s", "SPX", "--strategy", "buy_and_hold", "--auto-fetch"];
    well(&gateway, &program, &[&run[..], &["--fetch-duration", "1 Y"]].concat());
    let json = gateway.run(&program, &[&index[..], &["--json"]].concat()).json();
    assert_eq!(
        (&json["symbols"][0]["changed"], &json["symbols"][0]["epoch"]),
        (&0.into(), &0.into())
    );
    program.run(&["backtest", "-s", "SPX", "--fetch-duration", "5 Y"]).failed(2, "USAGE");
}

#[test]
fn failures_of_all_symbols_are_said_one_by_one_with_the_code_of_the_first() {
    let (gateway, program) = (on_friday(), Program::new());
    gateway.inject("error=321,symbol=AAPL,for=history,times=always");
    gateway.inject("error=200,symbol=MSFT,for=contract,times=always");
    let args = ["ingest", "-s", "AAPL", "-s", "MSFT", "-d", "20 D"];
    let said = gateway.run(&program, &args);
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(said.stderr.contains("error[GATEWAY]: AAPL"), "{}", said.stderr);
    assert!(said.stderr.contains("error[DATA]: MSFT"), "{}", said.stderr);
    let json = gateway.run(&program, &[&args[..], &["--json"]].concat()).json();
    assert_eq!(json["symbols"][0]["requests"], 1, "{json}");
    assert_eq!(json["symbols"][1]["error"]["code"], "DATA", "{json}");
    let one = gateway.run(&program, &["ingest", "-s", "MSFT", "-d", "20 D"]);
    one.failed(4, "DATA");
}

#[test]
fn short_spans_of_long_bars_weekends_and_blanks_around_a_symbol_are_understood() {
    let (gateway, program) = (on_friday(), Program::new());
    for (resolution, span) in [("1w", "1 D"), ("1mo", "1 W"), ("1mo", "5 D")] {
        well(&gateway, &program, &["ingest", "-s", " W4 ", "-r", resolution, "-d", span]);
    }
    assert!(program.run(&["ingest", "--status"]).stdout.contains("\nW4 "), "blanks are left out");
    let weekend = ["ingest", "-s", "W4", "--from", "2024-06-08", "--to", "2024-06-09"];
    let line = gateway.run(&program, &weekend).failed(4, "DATA").to_owned();
    assert!(
        line.contains("from 2024-06-08 to 2024-06-09 the calendar NYSE has no session"),
        "{line}"
    );
    // A span of seconds that is fetched anew is no longer than it was.
    let seconds = ["ingest", "-s", "S5", "-r", "5s", "-d", "3600 S", "--json"];
    for args in [seconds.to_vec(), [&seconds[..], &["--replace"]].concat()] {
        let json = gateway.run(&program, &args).json();
        assert_eq!(json["symbols"][0]["bars_held"], 720, "{json}");
    }
}

#[test]
fn a_dividend_in_adjusted_prices_is_not_called_a_split() {
    let kind = ActionKind::Dividend(0.5);
    let action = Action { symbol: "AAPL".to_owned(), date: date(2024, 6, 17), kind };
    let now = Some(at("2024-06-14T21:00:00Z"));
    let settings = Settings { now, speed: 0.0, actions: vec![action], ..Settings::default() };
    let (gateway, program) = (OverTcp::start(settings), Program::new());
    let args = ["ingest", "-s", "AAPL", "--what", "adjusted-last"];
    well(&gateway, &program, &[&args[..], &["-d", "1 Y"]].concat());
    gateway.gateway().set_now(at("2024-06-18T21:00:00Z"));
    let text = well(&gateway, &program, &args);
    assert!(text.contains("as after a dividend or a split"), "{text}");
}
