//! What a strategy does to its process, and what the host makes of it.

use std::time::Duration;

use algo_trader::{
    error::{Code, Failure},
    worker::{Detail, Limits, Mode, Ran, RunJob, Wants, WorkerError, check, run},
};
use engine_core::backtest::Config;

use crate::support::plugins::{ALL, Folder, columns, config, library, misbehaving, mode};

fn run_with(fault: &str, limits: &Limits, mode: &Mode) -> Result<Ran, WorkerError> {
    let folder = Folder::new();
    folder.put("libmisbehaves.so", &misbehaving("misbehaves", &[]));
    let strategy = folder.resolve("misbehaves");
    let values = strategy.values(&[("fault".to_owned(), fault.to_owned())]).unwrap();
    let files = [columns(1000)];
    run(
        &strategy,
        &RunJob { files: &files, values: &values, config: &config(), finer: &[] },
        ALL,
        limits,
        mode,
    )
}

/// The message of a run that must fail with exit code 8.
#[track_caller]
fn fault(name: &str) -> String {
    let limits = Limits { silence: Duration::from_millis(700), ..Limits::default() };
    let error = run_with(name, &limits, &mode()).unwrap_err();
    let failure = Failure::from(error);
    assert_eq!(failure.code, Code::PluginFaulted, "{failure}");
    assert!(!failure.message.contains('\n'), "{failure}");
    let message = failure.message.strip_prefix("strategy 'misbehaves' (libmisbehaves.so) ");
    message.unwrap_or_else(|| panic!("{failure}")).to_owned()
}

const PLACE: &str = "in on_bar at bar 500 (1970-01-01 08:20 UTC)";

#[test]
fn a_signal_is_named_with_the_place() {
    assert_eq!(fault("segv"), format!("died by signal 11 (SIGSEGV) {PLACE}"));
    assert_eq!(fault("abort"), format!("died by signal 6 (SIGABRT) {PLACE}: giving up"));
    assert_eq!(fault("self_term"), format!("died by signal 15 (SIGTERM) {PLACE}"));
}

#[test]
fn a_stack_overflow_is_a_fault_like_any_other() {
    let message = fault("overflow");
    assert!(message.starts_with("died by signal ") && message.contains(PLACE), "{message}");
}

#[test]
fn ending_the_process_is_never_a_result() {
    let ended = |code| format!("ended its process with code {code} before it was done, {PLACE}");
    assert_eq!(fault("exit_0"), ended(0));
    assert_eq!(fault("exit_3"), ended(3));
}

#[test]
fn a_strategy_that_gets_nowhere_is_ended() {
    assert_eq!(fault("hang"), format!("made no progress for 0.7 s {PLACE}"));
}

#[test]
fn memory_beyond_the_limit_is_named_as_that() {
    let limits = Limits { memory: 512 << 20, ..Limits::default() };
    let error = run_with("memory", &limits, &mode()).unwrap_err();
    let expected = "strategy 'misbehaves' (libmisbehaves.so) asked for more memory than its limit of 512 MiB, ";
    assert_eq!(error.to_string(), format!("{expected}{PLACE}"));
}

#[test]
fn an_unknown_status_is_a_fault() {
    assert_eq!(fault("status"), format!("failed {PLACE}: returned the unknown status 77"));
}

#[test]
fn what_closes_the_way_back_gives_no_result() {
    let message = fault("close");
    assert!(message.starts_with("ended its process with ") || message.starts_with("died by "));
}

#[test]
fn noise_threads_children_and_exit_handlers_do_not_change_or_hold_up_the_result() {
    let expected = run_with("none", &Limits::default(), &mode()).unwrap();
    let result = &expected.result;
    assert_eq!((result.fills.len(), result.equity.len(), result.warm_up), (10, 1000, 3));
    for name in ["noise", "thread", "child", "hang_at_exit", "stdin", "environment"] {
        let result = run_with(name, &Limits::default(), &mode());
        assert_eq!(result.as_ref(), Ok(&expected), "{name}");
    }
}

#[test]
fn a_worker_and_this_process_give_the_same_bits() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    let strategy = folder.resolve("ma_cross");
    let values = strategy.values(&[("fast".into(), "3".into()), ("slow".into(), "9".into())]);
    let (values, files) = (values.unwrap(), [columns(5000)]);
    let (config, limits) = (config(), Limits::default());
    let job = RunJob { files: &files, values: &values, config: &config, finer: &[] };
    let apart = run(&strategy, &job, ALL, &limits, &mode()).unwrap();
    let here = run(&strategy, &job, ALL, &limits, &Mode::InProcess).unwrap();
    assert_eq!(apart, here);
    // An average of nine bars has no value at the first eight.
    assert_eq!(apart.result.warm_up, 8);
}

#[test]
fn what_nobody_wants_does_not_travel_and_changes_no_figure() {
    let folder = Folder::new();
    folder.put("libmisbehaves.so", &misbehaving("misbehaves", &[]));
    let strategy = folder.resolve("misbehaves");
    let (values, files) = (strategy.values(&[]).unwrap(), [columns(1000)]);
    let (config, limits) = (config(), Limits::default());
    let job = RunJob { files: &files, values: &values, config: &config, finer: &[] };
    let with = |wants: Wants| run(&strategy, &job, wants, &limits, &mode()).unwrap();
    let all = with(ALL);
    let counts = (all.tally.fills, all.tally.ended[0], all.tally.closed_trades);
    assert_eq!(counts.0, 10);
    let closed = all.result.trades.len() - all.tally.open.len();
    assert_eq!(counts, (all.result.fills.len(), all.result.orders.len(), closed));
    let metrics = &all.figures.metrics;
    assert_eq!((metrics.bars, metrics.trades), (all.result.equity.len(), closed));
    for detail in [Detail::Figures, Detail::Lists] {
        let some = with(Wants { detail, equity: false, ..ALL });
        assert_eq!((&some.figures, &some.tally), (&all.figures, &all.tally));
        assert_eq!((some.result.equity.len(), some.grounds.len()), (0, 0));
        let orders = if detail == Detail::Lists { &all.result.orders[..] } else { &[] };
        assert_eq!(some.result.orders, orders);
    }
    let kinds: Vec<_> = all.grounds.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["seen", "indicators", "bases", "steps", "entries"]);
}

#[test]
fn a_refusal_of_parameters_is_a_matter_of_usage() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    let strategy = folder.resolve("ma_cross");
    let values = strategy.values(&[("fast".into(), "50".into())]).unwrap();
    let files = [columns(10)];
    let job = RunJob { files: &files, values: &values, config: &config(), finer: &[] };
    let failure =
        Failure::from(run(&strategy, &job, ALL, &Limits::default(), &mode()).unwrap_err());
    assert_eq!(failure.code, Code::Usage);
    let expected = "strategy 'ma_cross' (libma_cross.so) refuses its parameters: fast (50) must be below slow (50)";
    assert_eq!(failure.message, expected);
}

#[test]
fn a_period_without_bars_is_a_matter_of_data() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    let strategy = folder.resolve("ma_cross");
    let (values, files) = (strategy.values(&[]).unwrap(), [columns(10)]);
    let config = Config { from_ts: Some(i64::MAX), ..config() };
    let job = RunJob { files: &files, values: &values, config: &config, finer: &[] };
    let error = run(&strategy, &job, ALL, &Limits::default(), &mode()).unwrap_err();
    assert_eq!(Failure::from(error).code, Code::Data);
}

#[test]
fn a_replaced_file_does_not_change_a_strategy_that_was_resolved() {
    let folder = Folder::new();
    folder.put("libmisbehaves.so", &misbehaving("misbehaves", &[]));
    let strategy = folder.resolve("misbehaves");
    let sha256 = strategy.sha256();
    std::fs::write(folder.path("libmisbehaves.so"), "overwritten in place").unwrap();
    let (values, files) = (strategy.values(&[]).unwrap(), [columns(1000)]);
    let job = RunJob { files: &files, values: &values, config: &config(), finer: &[] };
    let result = run(&strategy, &job, ALL, &Limits::default(), &mode()).unwrap();
    assert_eq!((result.tally.fills, strategy.sha256()), (10, sha256));
}

#[test]
fn a_check_finds_nothing_wrong_with_a_good_strategy_and_names_the_fault_of_a_bad_one() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    folder.put("libmisbehaves.so", &misbehaving("misbehaves", &[]));
    let (registry, file, limits) = (folder.scan(), columns(1000), Limits::default());
    let good = registry.resolve("ma_cross").unwrap();
    let values = good.values(&[]).unwrap();
    assert_eq!(check(&good, &file, &values, 10, &limits, &mode()), Ok(vec![]));
    let bad = registry.resolve("misbehaves").unwrap();
    let values = bad.values(&[("fault".into(), "segv".into())]).unwrap();
    let error = check(&bad, &file, &values, 10, &limits, &mode()).unwrap_err();
    assert!(error.to_string().contains("died by signal 11"), "{error}");
}

#[test]
fn a_worker_that_nobody_asked_for_ends_at_once() {
    let status = std::process::Command::new(crate::support::plugins::program())
        .arg("worker")
        .stdin(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
}
