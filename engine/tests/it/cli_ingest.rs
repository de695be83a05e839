//! `ingest` from files: what is said, what is kept, and what is refused.

use std::fs;

use crate::program::{Program, Said};

const BARS: &str = "date,open,high,low,close,volume\n\
    2024-01-02,10,12,9,11,100\n\
    2024-01-03,11,13,10,12,100\n\
    2024-01-05,12,14,11,13,100\n";

fn with_file(name: &str, text: &str) -> Program {
    let program = Program::new();
    fs::write(program.home().join(name), text).unwrap();
    program
}

#[test]
fn bars_are_kept_once_and_what_is_missing_is_named() {
    let program = with_file("spy.csv", BARS);
    let args = ["ingest", "-s", "SPY", "--from-csv", "spy.csv", "--json"];
    let first = program.run(&args).json();
    assert_eq!((&first["new"], &first["same"]), (&3.into(), &0.into()));
    assert_eq!(first["gaps"]["missing"], 1, "2024-01-04 was a session");
    let again = program.run(&args).json();
    assert_eq!(
        (&again["new"], &again["same"], &again["bars_held"]),
        (&0.into(), &3.into(), &3.into())
    );

    let text = program.run(&args[..5]).stdout;
    assert!(text.contains("2024-01-04 (1)"), "{text}");
    let status = program.run(&["db", "status", "--json"]).json();
    assert_eq!(status["series"][0]["symbol"], "SPY");
    assert_eq!(status["database"]["rows"]["bars"], 3);
}

#[test]
fn the_program_answers_as_ingest_and_logs_what_it_took_in() {
    let program = with_file("spy.csv", BARS);
    let link = program.home().join("ingest");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_algo-trader"), &link).unwrap();
    let mut command = std::process::Command::new(&link);
    command.args(["-s", "SPY", "--from-csv", "spy.csv"]).current_dir(program.home()).env_clear();
    let said: Said = command.output().unwrap().into();
    assert_eq!(said.code, Some(0), "{}", said.stderr);

    let logs: Vec<_> = fs::read_dir(program.home().join("logs")).unwrap().flatten().collect();
    assert_eq!(logs.len(), 1);
    let name = logs[0].file_name().into_string().unwrap();
    assert!(name.starts_with("ingest.") && name.ends_with(".jsonl"), "{name}");
    let line = fs::read_to_string(logs[0].path()).unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&event["symbol"], &event["new"]), (&"SPY".into(), &3.into()));
}

#[test]
fn logs_that_cannot_be_kept_are_a_warning_and_no_failure() {
    let program = with_file("spy.csv", BARS);
    fs::write(program.home().join("logs"), "in the way").unwrap();
    let said = program.run(&["ingest", "-s", "SPY", "--from-csv", "spy.csv"]);
    assert_eq!(said.code, Some(0));
    assert_eq!(
        said.stderr.matches("warning: no logs are kept in logs").count(),
        1,
        "{}",
        said.stderr
    );
}

#[test]
fn options_that_do_not_fit_are_refused_before_a_database_is_made() {
    let program = with_file("spy.csv", BARS);
    let file = ["--from-csv", "spy.csv"];
    let cases: [(&[&str], &str); 20] = [
        (&[], "missing: --symbol"),
        (&file, "missing: --symbol"),
        (&["-s", "A", "-s", "B", file[0], file[1]], "the bars of one symbol"),
        (&["-s", "SPY", "-d", "5 X"], "1 to 365 D (trading days)"),
        (&["-s", "SPY", "-d", "-5 D"], "'-5 D' is no duration"),
        (&["-s", "SPY", "-d", "0 D"], "'0 D' is no duration"),
        (&["-s", "SPY", "-r", "7q"], "valid: 1s 5s"),
        (&["-s", "SPY", "-d", "5 D", "--from", "2024-01-02"], "cannot be combined with"),
        (&["-s", "SPY", "--from", "2024-01-03", "--to", "2024-01-02"], "--from is after --to"),
        (&["-s", "SPY", "--what", "last"], "'last' is not valid"),
        (&["-s", "SPY", "--replace", file[0], file[1]], "cannot be combined with"),
        (&["--status", "--repair"], "cannot be combined with"),
        (&["-s", "SPY", "--columns", "ts=1"], "missing"),
        (&["-s", "SPY", "-r", "7q", file[0], file[1]], "valid: 1s 5s"),
        (&["-s", "", file[0], file[1]], "blank"),
        (&["-s", "a\nb", file[0], file[1]], "control characters"),
        (&["-s", "SPY", "--columns", "q=1", file[0], file[1]], "valid: ts"),
        (&["-s", "SPY", "--calendar", "LSE", file[0], file[1]], "valid: NYSE 24/7"),
        (&["-s", "SPY", "--delimiter", "ab", file[0], file[1]], "neither one character nor tab"),
        (&["-s", "SPY", "--date-format", "ymd", file[0], file[1]], "'ymd' is not valid"),
    ];
    for (args, message) in cases {
        let args: Vec<&str> = ["ingest"].into_iter().chain(args.iter().copied()).collect();
        let said = program.run(&args);
        let line = said.failed(2, "USAGE");
        assert!(line.contains(message), "{args:?}: {line}");
        assert!(said.stderr.contains("help: "), "{args:?}");
    }
    assert!(!program.home().join("data").exists());
}

#[test]
fn a_file_that_cannot_be_used_is_a_data_error_with_its_place() {
    let program = with_file("bad.csv", "date,open,high,low\n2024-01-02,1,2,3\n");
    let said = program.run(&["ingest", "-s", "SPY", "--from-csv", "bad.csv"]);
    assert!(said.failed(4, "DATA").contains("bad.csv: line 1"), "{}", said.stderr);
    let said = program.run(&["ingest", "-s", "SPY", "--from-csv", "none.csv"]);
    assert!(said.failed(4, "DATA").contains("none.csv"));
}

#[test]
fn events_are_kept_with_the_time_at_which_they_became_known() {
    let text = "kind,symbol,name,ts,known_at,value\n\
        signal,SPY,mood,2024-01-02,2024-01-03T08:00:00Z,0.5\n\
        split,AAPL,,2020-08-31,,4\n";
    let program = with_file("events.csv", text);
    let said = program.run(&["ingest", "--events-from-csv", "events.csv", "--json"]);
    let report = said.json();
    assert_eq!((&report["events"], &report["new"]), (&2.into(), &2.into()), "{}", said.stderr);
    let text = program.run(&["ingest", "--events-from-csv", "events.csv"]).stdout;
    assert!(text.contains("1 splits, 0 dividends, 1 signals"), "{text}");
}

#[test]
fn prices_of_a_file_have_the_currency_that_is_given_and_one_run_has_one() {
    let program = Program::new();
    let bars =
        "timestamp,open,high,low,close,volume\n2024-01-02,10,11,9,10,5\n2024-01-03,10,11,9,10,5\n";
    std::fs::write(program.home().join("bars.csv"), bars).unwrap();
    let ingest = |symbol: &str, currency: &str| {
        program.run(&["ingest", "-s", symbol, "--currency", currency, "--from-csv", "bars.csv"])
    };
    assert_eq!(ingest("ONE", "EUR").code, Some(0));
    assert_eq!(ingest("TWO", "USD").code, Some(0));
    let said = ingest("ONE", "USD");
    let line = said.failed(4, "DATA");
    assert!(line.contains("ONE is kept in EUR, not USD"), "{line}");
    let said = program.run(&["backtest", "-s", "ONE", "-s", "TWO", "--strategy", "buy_and_hold"]);
    let line = said.failed(4, "DATA");
    assert!(line.contains("ONE and TWO differ in currency (EUR, USD)"), "{line}");
}
