//! Every fault of a strategy in every callback, injected for real by the plugin of
//! `fixtures/faulty`: what the host says of it, and what of the result survives.

use std::time::Duration;

use algo_trader::{
    error::{Code, Failure},
    feed::ColumnFile,
    registry::Resolved,
    store::BarRow,
    worker::{Limits, RunJob, run},
};
use engine_core::{
    backtest::{Config, Rules, RunResult},
    broker::{Commission, FillModel, Slippage},
    order::{OrderState, Reason},
};

use crate::support::{
    plugins::{ALL, Folder, c_library, columns_of, faulty, library, mode, names},
    store::row,
};

const CALLBACKS: [&str; 5] = ["on_start", "on_bar", "on_slice", "on_fill", "on_finish"];

/// 1,000 bars that rise and fall, so that strategies have something to do.
fn waves(phase: f64) -> Vec<BarRow> {
    (0..1000)
        .map(|minute| row(minute, 50.0 + 10.0 * (minute as f64 / 17.0 + phase).sin()))
        .collect()
}

fn config() -> Config {
    Config {
        cash: 10_000.0,
        fill: FillModel::NextOpen,
        commission: Commission::None,
        slippage: Slippage::None,
        fractional: false,
        lots: vec![1.0; 2],
        from_ts: None,
        to_ts: None,
        seed: 0,
        rules: Rules::default(),
    }
}

/// Strategies of the plugin with every fault, and bars to run them on.
struct Bench {
    folder: Folder,
    bars: [ColumnFile; 1],
}

impl Bench {
    fn new() -> Self {
        let folder = Folder::new();
        folder.put("libfaulty.so", &faulty("faulty"));
        Self { folder, bars: [columns_of("SPY", &waves(0.0))] }
    }

    fn run(&self, strategy: &Resolved, params: &[(&str, &str)]) -> Result<RunResult, Failure> {
        let limits = Limits { silence: Duration::from_millis(600), memory: 1 << 30 };
        let given: Vec<_> =
            params.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (values, config) = (strategy.values(&given).unwrap(), config());
        let job = RunJob { files: &self.bars, values: &values, config: &config, finer: &[] };
        run(strategy, &job, ALL, &limits, &mode()).map(|ran| ran.result).map_err(Failure::from)
    }

    /// What is said of a fault in a place, without the name of the strategy.
    #[track_caller]
    fn fault(&self, strategy: &Resolved, what: &str, place: &str) -> String {
        let outcome = self.run(strategy, &[("what", what), ("place", place)]);
        let Err(failure) = outcome else { panic!("{what} in {place} has a result") };
        assert_eq!(failure.code, Code::PluginFaulted, "{what} in {place}: {failure}");
        let said = failure.message.chars().all(|c| !c.is_control()) && failure.message.len() < 1500;
        assert!(said, "{what} in {place}: {failure}");
        let rest = failure.message.strip_prefix("strategy 'faulty' (libfaulty.so) ");
        rest.unwrap_or_else(|| panic!("{what} in {place}: {failure}")).to_owned()
    }
}

/// Where a fault is said to be: 08:20 is the 500th minute of a day, 16:39 the 999th.
fn place(callback: &str) -> String {
    match callback {
        "on_start" => "in on_start".to_owned(),
        "on_finish" => "in on_finish at bar 999 (1970-01-01 16:39 UTC)".to_owned(),
        other => format!("in {other} at bar 500 (1970-01-01 08:20 UTC)"),
    }
}

#[test]
fn a_panic_in_any_callback_is_told_with_its_text_and_its_line() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("faulty");
    for callback in CALLBACKS {
        let texts = [
            ("panic_text", ": a plain text"),
            ("panic_owned", ": an owned text: 42"),
            ("panic_value", ": (the panic's payload is not a text)"),
            ("panic_drop", ": (the panic's payload is not a text)"),
            ("index", ": index out of bounds: the len is 3 but the index is 7"),
        ];
        for (what, text) in texts {
            let said = bench.fault(&strategy, what, callback);
            let start = format!("failed {}: panicked at ", place(callback));
            let is_told = said.starts_with(&start) && said.contains("strike.rs:");
            assert!(is_told && said.ends_with(text), "{what} in {callback}: {said}");
        }
        let hooked = bench.fault(&strategy, "panic_hooked", callback);
        assert_eq!(hooked, format!("failed {}: panicked", place(callback)));
        let long = bench.fault(&strategy, "panic_long", callback);
        assert!(long.contains("a line of a very long text"), "{long}");
    }
}

#[test]
fn a_death_in_any_callback_is_told_with_its_signal() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("faulty");
    for callback in CALLBACKS {
        let signals = [
            ("abort", "6 (SIGABRT)"),
            ("panic_twice", "6 (SIGABRT)"),
            ("overflow", "6 (SIGABRT)"),
            ("illegal", "4 (SIGILL)"),
            ("segfault", "11 (SIGSEGV)"),
            ("kill", "9 (SIGKILL)"),
            ("terminate", "15 (SIGTERM)"),
        ];
        for (what, signal) in signals {
            let said = bench.fault(&strategy, what, callback);
            let expected = format!("died by signal {signal} {}", place(callback));
            assert!(said.starts_with(&expected), "{what} in {callback}: {said}");
        }
    }
}

#[test]
fn ending_the_process_in_any_callback_is_never_a_result() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("faulty");
    for callback in CALLBACKS {
        for (what, code) in [("exit_0", 0), ("exit_raw", 0), ("exit_3", 3)] {
            let said = bench.fault(&strategy, what, callback);
            let end = format!("ended its process with code {code} before it was done");
            assert_eq!(said, format!("{end}, {}", place(callback)), "{what}");
        }
        for what in ["close_files", "forge"] {
            let said = bench.fault(&strategy, what, callback);
            let ended =
                ["ended its process with code ", "died by signal ", "left a damaged result"];
            assert!(ended.iter().any(|start| said.starts_with(start)), "{what}: {said}");
        }
    }
}

#[test]
fn a_strategy_that_gets_nowhere_in_any_callback_is_ended() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("faulty");
    for callback in CALLBACKS {
        for what in ["sleep", "spin"] {
            let said = bench.fault(&strategy, what, callback);
            assert_eq!(said, format!("made no progress for 0.6 s {}", place(callback)), "{what}");
        }
    }
}

#[test]
fn memory_is_limited_in_any_callback() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("faulty");
    let expected = "asked for more memory than its limit of 1024 MiB, ";
    for callback in CALLBACKS {
        let said = bench.fault(&strategy, "allocate", callback);
        assert_eq!(said, format!("{expected}{}", place(callback)));
    }
    // 64 MiB a bar from bar 500 on fill 1 GiB in less than 16 bars.
    let said = bench.fault(&strategy, "leak", "on_bar");
    let bar: usize =
        said.split("at bar ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(said.starts_with(expected) && (501..516).contains(&bar), "{said}");
}

#[test]
fn a_fault_while_the_strategy_is_released_is_a_fault_too() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("faulty");
    for what in ["abort", "exit_0", "sleep", "segfault"] {
        bench.fault(&strategy, what, "drop");
    }
    // A panic there is caught by the plugin's own shim, and the result stands.
    let quiet = bench.run(&strategy, &[]).unwrap();
    assert_eq!(bench.run(&strategy, &[("what", "panic_text"), ("place", "drop")]), Ok(quiet));
}

#[test]
fn a_strategy_that_will_not_start_is_a_matter_of_usage() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("faulty");
    let failure = bench.run(&strategy, &[("what", "refuse"), ("place", "on_start")]).unwrap_err();
    assert_eq!(failure.code, Code::Usage);
    let expected = "strategy 'faulty' (libfaulty.so) refuses its parameters: it does not want to \u{fffd}[31mreally";
    assert_eq!(failure.message, expected);
}

#[test]
fn noise_threads_and_children_change_neither_orders_nor_the_end() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("chatty");
    let quiet = bench.run(&strategy, &[]).unwrap();
    assert!(quiet.fills.len() > 30);
    let what = [
        "print",
        "hook",
        "thread",
        "thread_panic",
        "thread_print",
        "process",
        "directory",
        "log",
        "environment",
    ];
    for what in what {
        let mut noisy = bench.run(&strategy, &[("what", what)]).unwrap();
        match what {
            "log" => assert_eq!((noisy.log.len(), noisy.log_dropped), (960, 0)),
            // The worker's own setting of the allocator, and nothing of the user's.
            "environment" => {
                assert_eq!(noisy.log[0].text, "environment: [\"GLIBC_TUNABLES\"]");
            }
            "directory" => assert_eq!(noisy.log[0].text, "open files: true"),
            _ => {}
        }
        noisy.log.clear();
        assert_eq!(noisy, quiet, "{what}");
    }
}

#[test]
fn impossible_orders_are_refused_with_their_reasons_and_the_run_goes_on() {
    use OrderState::{Cancelled, Rejected};
    let bench = Bench::new();
    let strategy = bench.folder.resolve("orders");
    let not_finite = [(Rejected, Reason::NotFinite); 4];
    let cases = [
        ("nan", not_finite),
        ("infinite", not_finite),
        ("minus_infinite", not_finite),
        (
            "zero",
            [
                (Rejected, Reason::ZeroSize),
                (Rejected, Reason::ZeroSize),
                (Cancelled, Reason::AlreadyThere),
                (Cancelled, Reason::AlreadyThere),
            ],
        ),
        ("short", [(Rejected, Reason::Short); 4]),
    ];
    for (what, expected) in cases {
        let result = bench.run(&strategy, &[("what", what)]).unwrap();
        let ended = result.orders[..4].iter().map(|order| (order.state, order.reason.unwrap()));
        assert_eq!(ended.collect::<Vec<_>>(), expected, "{what}");
        assert_eq!((result.orders.len(), result.fills.len()), (5, 1), "{what}");
        assert_eq!(result.position, [1.0], "the order after them fills");
    }
    for what in ["huge", "tiny"] {
        let result = bench.run(&strategy, &[("what", what)]).unwrap();
        let sound = result.equity.iter().chain([&result.cash]).all(|money| money.is_finite());
        assert!(sound && result.cash >= 0.0, "{what}");
        assert!(result.orders.iter().all(|order| order.filled != 0.0 || order.reason.is_some()));
    }
    let result = bench.run(&strategy, &[("what", "unknown_instrument")]).unwrap();
    let reasons: Vec<_> = result.orders.iter().map(|order| order.reason).collect();
    assert_eq!(reasons, [Some(Reason::UnknownInstrument), Some(Reason::UnknownInstrument), None]);
    let result = bench.run(&strategy, &[("what", "at_the_end")]).unwrap();
    assert_eq!(result.orders[1].reason, Some(Reason::AfterTheEnd));
}

#[test]
fn many_orders_are_worked_and_a_flood_stops_the_run() {
    let bench = Bench::new();
    let strategy = bench.folder.resolve("orders");
    let result = bench.run(&strategy, &[("what", "many")]).unwrap();
    assert_eq!((result.orders.len(), result.fills.len()), (9001, 1));
    let failure = bench.run(&strategy, &[("what", "flood")]).unwrap_err();
    assert_eq!(failure.code, Code::PluginFaulted);
    let expected = "strategy 'orders' (libfaulty.so) failed in on_slice at bar 100 (1970-01-01 01:40 UTC): \
                    placed 1000000 orders within one step; at most 10000 are allowed";
    assert_eq!(failure.message, expected);
}

#[test]
fn a_library_is_listed_although_some_of_its_strategies_break_at_once() {
    let folder = Folder::new();
    folder.put("libfaulty_start.so", &faulty("faulty_start"));
    folder.put("libma_cross.so", &library("ma_cross"));
    let list = folder.scan().list();
    let all =
        ["aborts_at_once", "exits_at_once", "hangs_at_once", "panics_at_once", "sound", "ma_cross"];
    assert_eq!(names(&list), all);
}

#[test]
fn a_plugin_in_c_gives_the_orders_of_its_twin_in_rust() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    folder.put("libc_ma_cross.so", &c_library("c_ma_cross.c", &["-lm"]));
    let (rust, c) = (folder.resolve("ma_cross"), folder.resolve("c_ma_cross"));
    let mut gaps = waves(1.0);
    gaps.retain(|row| row.bar.ts / 60_000_000_000 % 7 != 3);
    let both = [columns_of("SPY", &waves(0.0)), columns_of("QQQ", &gaps)];
    for (fast, slow) in [("2", "3"), ("5", "20"), ("20", "50")] {
        for files in [&both[..1], &both] {
            let given =
                [("fast".to_owned(), fast.to_owned()), ("slow".to_owned(), slow.to_owned())];
            let run_one = |strategy: &Resolved| {
                let (values, config) = (strategy.values(&given).unwrap(), config());
                let job = RunJob { files, values: &values, config: &config, finer: &[] };
                run(strategy, &job, ALL, &Limits::default(), &mode()).unwrap()
            };
            let (of_rust, of_c) = (run_one(&rust), run_one(&c));
            assert!(of_rust.result.fills.len() >= 8, "{fast}/{slow}: {:?}", of_rust.tally);
            assert_eq!(of_rust, of_c, "{fast}/{slow}");
        }
    }
    let given = [("fast".to_owned(), "60".to_owned())];
    let (values, config) = (c.values(&given).unwrap(), config());
    let job = RunJob { files: &both, values: &values, config: &config, finer: &[] };
    let failure = Failure::from(run(&c, &job, ALL, &Limits::default(), &mode()).unwrap_err());
    assert!(failure.message.ends_with("refuses its parameters: fast must be below slow"));
}
