//! `backtest` as a user meets it: what is printed, what is kept, what is written, what is refused.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    program::{Program, Said, with_ma_cross},
    support::plugins::misbehaving,
};

const MA_CROSS: [&str; 5] = ["backtest", "-s", "SPY", "--strategy", "ma_cross"];

fn and<'a>(more: &[&'a str]) -> Vec<&'a str> {
    MA_CROSS.iter().copied().chain(more.iter().copied()).collect()
}

#[test]
fn the_bundled_sample_is_loaded_once_and_its_figures_fit_a_terminal() {
    let program = with_ma_cross();
    let first = program.run(&MA_CROSS);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_eq!(first.stderr.lines().count(), 1, "{}", first.stderr);
    assert!(first.stderr.contains("bundled sample"), "{}", first.stderr);
    for word in
        ["Return", "Sharpe", "Max drawdown", "Win rate", "Alpha", "buy_and_hold", "raw prices"]
    {
        assert!(first.stdout.contains(word), "{word}: {}", first.stdout);
    }
    assert!(first.stdout.lines().all(|line| line.chars().count() <= 80), "{}", first.stdout);
    let second = program.run(&MA_CROSS);
    assert_eq!((second.stderr.as_str(), &second.stdout), ("", &first.stdout));
}

#[test]
fn a_run_is_kept_and_shown_again_to_the_last_byte() {
    let program = with_ma_cross();
    let printed = program.run(&and(&["--json"]));
    let run = printed.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(program.run(&["runs", "show", &run[..8], "--json"]).stdout, printed.stdout);
    assert_eq!(program.run(&["runs", "show", &run]).stdout, program.run(&MA_CROSS).stdout);
    let list = program.run(&["runs", "list", "--json"]).json();
    assert_eq!(list.as_array().unwrap().len(), 1, "the same run replaces itself");
    assert_eq!(list[0]["id"], run.as_str());

    program.run(&and(&["--no-save", "--cash", "5000"]));
    assert_eq!(program.run(&["runs", "list", "--json"]).json().as_array().unwrap().len(), 1);
}

#[test]
fn the_same_run_gives_the_same_bytes_in_a_worker_in_process_and_without_a_cache() {
    let program = with_ma_cross();
    let args = and(&["--json", "--commission", "ibkr-fixed", "--slippage-bps", "2"]);
    let in_worker = program.run(&args).stdout;
    let mut here = args.clone();
    here.push("--in-process");
    let said = program.run(&here);
    assert!(said.stderr.contains("--in-process"), "it says so: {}", said.stderr);
    assert_eq!(said.stdout, in_worker);
    fs::remove_dir_all(program.home().join("data/cache")).unwrap();
    assert_eq!(program.run(&args).stdout, in_worker);
}

#[test]
fn the_program_answers_as_backtest() {
    let program = with_ma_cross();
    let link = program.home().join("backtest");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_algo-trader"), &link).unwrap();
    let mut command = Command::new(&link);
    command.args(&MA_CROSS[1..]).current_dir(program.home()).env_clear();
    let said: Said = command.output().unwrap().into();
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stdout.starts_with("ma_cross on SPY 1d\n"), "{}", said.stdout);
}

#[test]
fn trades_equity_and_pictures_are_written_where_asked() {
    let program = with_ma_cross();
    let said = program.run(&and(&["--trades", "out/t.csv", "--equity", "e.csv", "--plot"]));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let read = |name: &str| fs::read(program.home().join(name)).unwrap();
    let report = program.run(&and(&["--json", "--plot", "p.svg"])).json();
    let trades = String::from_utf8(read("out/t.csv")).unwrap();
    assert_eq!(trades.lines().count() - 1, report["trades"].as_array().unwrap().len());
    let equity = String::from_utf8(read("e.csv")).unwrap();
    assert_eq!(equity.lines().count() - 1, 3175);
    let last = equity.lines().last().unwrap().split(',').nth(1).unwrap().parse::<f64>();
    assert_eq!(report["metrics"]["final_equity"].as_f64(), last.ok());
    assert!(read("data/plots/SPY_1d.png").starts_with(b"\x89PNG"));
    assert!(read("p.svg").starts_with(b"<svg") || read("p.svg").starts_with(b"<?xml"));
}

#[test]
fn when_a_file_cannot_be_written_the_figures_are_still_there_and_no_half_file_is() {
    let program = with_ma_cross();
    fs::create_dir(program.home().join("folder.png")).unwrap();
    fs::write(program.home().join("file"), "").unwrap();
    for option in [["--plot", "folder.png"], ["--plot", "file/p.png"], ["--trades", "folder.png"]] {
        let said = program.run(&and(&option));
        assert_eq!(said.code, Some(9), "{option:?}: {}", said.stderr);
        assert!(said.stdout.contains("Sharpe"), "{option:?}");
        assert!(said.stderr.contains("error[OUTPUT]: "), "{}", said.stderr);
        let mut args = and(&option);
        args.push("--json");
        let said = program.run(&args);
        assert_eq!(said.code, Some(9));
        assert!(said.json()["metrics"].is_object(), "one document on standard output");
        assert!(said.stderr.contains("error[OUTPUT]: "), "{}", said.stderr);
    }
    assert_eq!(fs::read_dir(program.home().join("folder.png")).unwrap().count(), 0);
}

#[test]
fn wrong_options_say_what_is_valid_and_make_nothing() {
    let program = with_ma_cross();
    let cases: [(&[&str], &str); 13] = [
        (&["-p", "fats=3"], "did you mean 'fast'?"),
        (&["-p", "fast=x"], "a whole number from"),
        (&["-p", "fast=100000"], "a whole number from"),
        (&["-p", "fast=10", "-p", "fast=20"], "given twice"),
        (&["-p", "fast"], "name=value"),
        (&["--from", "31.1.2005"], "2012-01-31"),
        (&["--from", "2012-01-02", "--to", "2011-01-01"], "--from is after --to"),
        (&["--cash", "-1"], "above 0"),
        (&["--fill", "open"], "next_open, same_close, next_close"),
        (&["--commission", "cheap"], "per-share:0.005"),
        (&["--rf", "2"], "--rf 0.02"),
        (&["-s", "SPY"], "given twice"),
        (&["--plot", "p.jpg"], ".png nor in .svg"),
    ];
    for (more, message) in cases {
        let said = program.run(&and(more));
        said.failed(2, "USAGE");
        assert!(said.stderr.contains(message), "{more:?}: {}", said.stderr);
    }
    assert!(!program.home().join("data/algo-trader.db").exists());
    program.run(&and(&["-p", "fast=50", "-p", "slow=20"])).failed(2, "USAGE");
}

#[test]
fn a_symbol_that_nobody_has_is_a_data_error_with_the_ways_to_get_it() {
    let program = with_ma_cross();
    for symbol in ["XYZ", "BRK B", "../../etc/passwd", "\u{1f600}", "'; drop table bars; --"] {
        let said = program.run(&["backtest", "-s", symbol, "--strategy", "ma_cross"]);
        said.failed(4, "DATA");
        assert!(said.stderr.contains("from a file with --from-csv"), "{}", said.stderr);
    }
    program.run(&and(&["-r", "1h"])).failed(4, "DATA");
    program.run(&and(&["--from", "2020-01-01"])).failed(4, "DATA");
}

#[test]
fn a_reader_that_takes_one_line_is_enough() {
    let program = with_ma_cross();
    let mut child = program
        .command(&and(&["--json"]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = BufReader::with_capacity(16, child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    assert_eq!(line, "{\n");
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{stderr}");
    assert!(!stderr.contains("error"), "{stderr}");
}

#[test]
fn what_was_done_is_logged() {
    let program = with_ma_cross();
    program.run(&MA_CROSS);
    let logs = fs::read_dir(program.home().join("logs")).unwrap().flatten();
    let file =
        logs.map(|entry| entry.path()).find(|path| path.to_str().unwrap().contains("/backtest."));
    let text = fs::read_to_string(file.expect("a log of backtests")).unwrap();
    let event: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!((&event["strategy"], &event["symbols"]), (&"ma_cross".into(), &"SPY".into()));
}

#[test]
fn a_strategy_that_hangs_can_be_interrupted() {
    let program = Program::new();
    program.put_plugin("libmisbehaves.so", &misbehaving("misbehaves", &[]));
    let args = ["backtest", "-s", "SPY", "--strategy", "misbehaves", "-p", "fault=hang"];
    let child =
        program.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let said: Said = child.wait_with_output().unwrap().into();
    assert_eq!((said.code, said.stdout.as_str()), (Some(130), ""), "{}", said.stderr);
}

#[test]
fn the_figures_of_another_package_are_shown_and_not_kept() {
    let program = with_ma_cross();
    let plain = program.run(&and(&["--json"]));
    for (name, figure) in
        [("quantstats", "Sharpe"), ("empyrical", "sharpe_ratio"), ("vectorbt", "Sharpe Ratio")]
    {
        let said = program.run(&and(&["--metrics-as", name, "--json"]));
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let mut result = said.json();
        let facts = result["metrics_as"].take();
        assert!(facts["package"].as_str().unwrap().starts_with(name), "{facts}");
        assert!(facts["figures"][figure].is_number(), "{facts}");
        assert_eq!(result["metrics"], plain.json()["metrics"]);
    }
    let run = plain.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(program.run(&["runs", "show", &run, "--json"]).stdout, plain.stdout);

    let said = program.run(&and(&["--metrics-as", "backtesting"]));
    assert!(said.stdout.contains("As backtesting 0.6.5 has it: "), "{}", said.stdout);
    assert!(said.stdout.lines().all(|line| line.chars().count() <= 80), "{}", said.stdout);
    program.run(&and(&["--metrics-as", "pyfolio"])).failed(2, "USAGE");
}
