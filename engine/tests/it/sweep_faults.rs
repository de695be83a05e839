//! `sweep` under bad input and faults: what is refused, what is marked, what is kept when it ends early,
//! and that the same command then ends with the result of an undisturbed run.

use std::{
    fs,
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    program::{Program, Said, well, with_ma_cross},
    support::plugins::{faulty, library},
};

fn with_faulty() -> Program {
    let program = Program::new();
    program.put_plugin("libfaulty.so", &faulty("faulty"));
    program
}

/// A sweep that takes some seconds: trials are in the database long before its end.
const LONG: [&str; 10] = [
    "sweep",
    "-s",
    "SPY",
    "--strategy",
    "ma_cross",
    "-p",
    "fast=5..60",
    "-p",
    "slow=61..240",
    "--json",
];

/// Makes a sweep of them four times as long.
const MANY: [&str; 2] = ["-p", "threshold=0..0.3:0.1"];

fn long<'a>(more: &[&'a str]) -> Vec<&'a str> {
    LONG.iter().chain(more).copied().collect()
}

/// Starts a sweep with one worker and halts it (SIGSTOP) once some of its trials are in the database: it
/// is halted while the database is looked at too, so that it cannot end before the test goes on.
fn halted_under_way(program: &Program, args: &[&str]) -> Child {
    let mut command = program.command(args);
    command.args(["--jobs", "1"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    for _ in 0..3000 {
        std::thread::sleep(Duration::from_millis(10));
        send(&child, Signal::STOP);
        let said = program.run(&["db", "status", "--json"]);
        let blocks = &said.json()["database"]["rows"]["trial_blocks"];
        if said.code == Some(0) && blocks.as_u64() > Some(0) {
            assert!(child.try_wait().unwrap().is_none(), "the sweep was over: {args:?}");
            return child;
        }
        send(&child, Signal::CONT);
    }
    child.kill().and_then(|()| child.wait()).unwrap();
    panic!("no trial was kept");
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

fn without_notes(json: &Value) -> Value {
    let mut json = json.clone();
    json["luck"]["trials_ever"] = Value::Null;
    json["luck"]["sentence"] = Value::Null;
    json
}

#[test]
fn an_interrupted_sweep_ends_with_130_and_goes_on_to_the_same_table() {
    for more in [
        &MANY[..],
        &["--search", "model", "--trials", "400"],
        &[MANY[0], MANY[1], "--walk-forward", "--folds", "2", "--from", "2009-01-01"],
    ] {
        // Homes of their own: the judgement counts every trial ever made on the bars.
        let (undisturbed, stopped) = (with_ma_cross(), with_ma_cross());
        let args = long(more);
        let whole = well(undisturbed.run(&args)).json();
        let child = halted_under_way(&stopped, &args);
        send(&child, Signal::INT);
        send(&child, Signal::CONT);
        let said: Said = child.wait_with_output().unwrap().into();
        assert_eq!(said.code, Some(130), "{more:?}: {}{}", said.stdout, said.stderr);
        assert!(
            said.stderr.contains("trials were done; the same command goes on"),
            "{}",
            said.stderr
        );
        let resumed = well(stopped.run(&long(&[more, &["--resume"]].concat()))).json();
        assert_eq!(without_notes(&resumed), without_notes(&whole));
    }
}

#[test]
fn a_sweep_that_was_killed_goes_on_to_the_result_of_an_undisturbed_one() {
    for more in [
        &MANY[..],
        &["--search", "model", "--trials", "300"],
        &["--k-fold", "3", "--embargo", "5", "--from", "2009-01-01"],
    ] {
        let (undisturbed, killed) = (with_ma_cross(), with_ma_cross());
        let args = long(more);
        let whole = well(undisturbed.run(&args)).json();
        let mut child = halted_under_way(&killed, &args);
        child.kill().unwrap();
        child.wait().unwrap();
        let resumed = well(killed.run(&args)).json();
        assert_eq!(without_notes(&resumed), without_notes(&whole));
    }
}

/// In a file system of its own: loads the bars, leaves room for less than the sweep's trials, sweeps until
/// it is full, makes room, sweeps again. The arguments: the program, the folder, then the sweep's.
const FULL: &str = r#"
program=$1; folder=$2; shift 2
mount -t tmpfs -o size=64m tmpfs "$folder" || exit 99
database="sqlite://$folder/x.db"
"$program" sweep -s SPY --strategy ma_cross -p fast=5 --no-save --database "$database" >&2 || exit 98
used=$(du -sk "$folder" | cut -f1)
mount -o remount,size=$((used + 250))k "$folder" || exit 97
"$program" "$@" --database "$database" > first.json; echo $? > first.code
mount -o remount,size=64m "$folder" || exit 96
"$program" "$@" --database "$database" > second.json; echo $? > second.code
"#;

#[test]
fn a_full_disk_is_an_error_and_the_sweep_goes_on_once_there_is_room() {
    let (undisturbed, full) = (with_ma_cross(), with_ma_cross());
    let args = long(&[]);
    let whole = well(undisturbed.run(&args)).json();
    let small = full.home().join("small");
    fs::create_dir(&small).unwrap();
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--mount", "/bin/sh", "-c", FULL, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_algo-trader")).arg(&small).args(&args);
    command.current_dir(full.home()).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let said: Said = command.stdin(Stdio::null()).output().unwrap().into();
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let read = |name: &str| fs::read_to_string(full.home().join(name)).unwrap();
    assert_eq!(read("first.code").trim(), "6", "{}{}", read("first.json"), said.stderr);
    let first: Value = serde_json::from_str(&read("first.json")).unwrap();
    assert_eq!(first["error"]["code"], "DATABASE");
    assert_eq!(read("second.code").trim(), "0", "{}", said.stderr);
    let second: Value = serde_json::from_str(&read("second.json")).unwrap();
    assert_eq!(without_notes(&second), without_notes(&whole));
}

#[test]
fn more_than_a_billion_trials_are_run_only_when_asked_for_again() {
    let program = Program::new();
    program.put_plugin("libmacd_trend.so", &library("macd_trend"));
    let sweep = |more: &[&str]| {
        let base = ["sweep", "-s", "NOBODY", "--strategy", "macd_trend", "-p", "fast=1..1000"];
        program.run(&[&base[..], &["-p", "slow=2..5000", "-p", "signal=1..1000"], more].concat())
    };
    let said = sweep(&[]);
    let line = said.failed(2, "USAGE");
    assert!(line.contains("that would be 4,999,000,000 trials"), "{line}");
    assert!(said.stderr.contains("--yes"), "{}", said.stderr);
    // Half of them are too many to look at one by one.
    sweep(&["--where", "fast < slow and signal > 1"]).failed(2, "USAGE");
    sweep(&["--search", "model", "--trials", "2000000000"]).failed(2, "USAGE");
    // The next failure is that there are no bars: nothing asks any more.
    sweep(&["--yes"]).failed(4, "DATA");
    sweep(&["--random", "50"]).failed(4, "DATA");
    sweep(&["--search", "model"]).failed(4, "DATA");
}

#[test]
fn an_objective_that_is_undefined_for_every_trial_ranks_none_and_says_so() {
    let args = [
        "sweep",
        "-s",
        "SPY",
        "--strategy",
        "faulty",
        "-p",
        "what=nothing",
        "-p",
        "at=1..5",
        "--rank",
        "profit_factor",
    ];
    let program = with_faulty();
    let text = well(program.run(&args)).stdout;
    assert!(text.contains("5 without a figure to rank by"), "{text}");
    let json = well(program.run(&[&args[..], &["--json"]].concat())).json();
    assert_eq!(
        (&json["undefined"], &json["top"]),
        (&Value::from(5), &Value::from(Vec::<u8>::new()))
    );
    assert!(!json.to_string().contains("NaN"));
    let folds = [&args[..], &["--k-fold", "3", "--json"]].concat();
    let judged = well(program.run(&folds)).json();
    assert_eq!(judged["folds"][0]["trial"], Value::Null, "nothing is chosen, nothing is traded");
    assert_eq!(judged["total"]["total_return"], 0.0);
}

#[test]
fn sets_that_break_the_strategy_are_marked_in_folds_and_in_a_model_search_too() {
    let program = with_faulty();
    let base = [
        "sweep",
        "-s",
        "SPY",
        "--strategy",
        "faulty",
        "-p",
        "what=nothing,panic_text,exit_0",
        "-p",
        "at=100,200",
        "--rank",
        "total_return",
        "--json",
    ];
    let model = program.run(&[&base[..], &["--search", "model", "--trials", "50"]].concat());
    assert_eq!(model.code, Some(10), "{}{}", model.stdout, model.stderr);
    let json = model.json();
    assert_eq!((&json["done"], &json["failed"]), (&Value::from(2), &Value::from(4)));
    let folds = program.run(&[&base[..], &["--walk-forward", "--folds", "2"]].concat());
    assert_eq!(folds.code, Some(10), "{}{}", folds.stdout, folds.stderr);
    let json = folds.json();
    // The second window begins long after bar 200.
    assert_eq!((&json["done"], &json["failed"]), (&Value::from(8), &Value::from(4)));
    assert_eq!(json["folds"][1]["parameters"]["what"], "nothing");
}

#[test]
fn a_model_search_is_the_same_with_any_number_of_workers_and_comes_near_the_grid_s_best() {
    let program = with_ma_cross();
    let base = [
        "sweep",
        "-s",
        "SPY",
        "--strategy",
        "ma_cross",
        "-p",
        "fast=2..60",
        "-p",
        "slow=20..200:5",
        "--where",
        "fast < slow",
        "--no-save",
        "--json",
    ];
    let with = |more: &[&str]| well(program.run(&[&base[..], more].concat())).json();
    let model = ["--search", "model", "--trials", "150"];
    let one = with(&[&model[..], &["--jobs", "1"]].concat());
    let three = with(&[&model[..], &["--jobs", "3"]].concat());
    assert_eq!(one, three);
    assert_eq!(one["trials"], 150);
    let grid = with(&[]);
    // A rank among the 1,800 of the grid that 150 at random reach once in ten times.
    let better = grid_rank(&grid, &one);
    assert!(better <= 10, "{better} of the grid are better");
    let other = with(&[&model[..], &["--seed", "7"]].concat());
    assert_ne!(one["top"], other["top"]);
}

/// How many of the grid's ten best are better than the best of a search.
fn grid_rank(grid: &Value, search: &Value) -> usize {
    let sharpe = |best: &Value| best["metrics"]["sharpe"].as_f64().unwrap();
    let found = sharpe(&search["top"][0]);
    grid["top"].as_array().unwrap().iter().filter(|best| sharpe(best) > found).count()
}

#[test]
fn options_of_searches_that_contradict_each_other_are_refused() {
    let program = with_ma_cross();
    let refused = |more: &[&str]| {
        let base = ["sweep", "-s", "NOBODY", "--strategy", "ma_cross", "-p", "fast=5..9"];
        program.run(&[&base[..], more].concat()).failed(2, "USAGE").to_owned()
    };
    assert!(refused(&["--trials", "9"]).contains("a grid tries every combination"));
    refused(&["--search", "guess"]);
    refused(&["--search", "model", "--random", "5"]);
    refused(&["--search", "model", "--trials", "0"]);
    refused(&["--search", "model", "--where", "fast > 100"]);
    refused(&["--search", "random", "--where", "fast > 100"]);
}
