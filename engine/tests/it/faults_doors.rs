//! Libraries whose door is damaged, that break the protocol of the ABI, or that misbehave while they
//! are loaded.

use std::path::PathBuf;

use algo_trader::{
    error::{Code, Failure},
    worker::{Limits, RunJob, run},
};

use crate::support::plugins::{ALL, Folder, c_library, columns, config, library, mode, names};

/// The plugin in C whose door is as its macros say.
fn door(macros: &[&str]) -> PathBuf {
    let options: Vec<String> = macros.iter().map(|text| format!("-D{text}")).collect();
    let mut all: Vec<&str> = options.iter().map(String::as_str).collect();
    all.push("-lm");
    c_library("c_door.c", &all)
}

#[test]
fn a_damaged_door_is_refused_with_what_is_wrong() {
    let folder = Folder::new();
    let cases = [
        ("MAGIC=1", "its strategy_plugin_v1 is damaged: its magic number is 0x1"),
        ("SIZE=8", "its strategy_plugin_v1 is damaged: its size is 8 bytes"),
        ("LAST=1", "it holds the strategy 'of_the_door' twice"),
        ("LAST=0xffffffff", "its strategy_plugin_v1 is damaged: more than 256 strategies"),
        ("NAME=\"Bad Name\"", "strategy 0: the name 'Bad Name' is not [a-z0-9_]{1,64}"),
        ("NAME=\"\"", "strategy 0: the name '' is not [a-z0-9_]{1,64}"),
        ("NAME=\"\\xff\"", "strategy 0: the name is not valid UTF-8"),
        ("PARAM_KIND=9", "strategy 0: parameter 0: 'number' has the unknown type 9"),
        (
            "PARAM_DEFAULT=11",
            "strategy 0: parameter 0: 'number' has the default 11, which is outside 0 to 10",
        ),
        (
            "PARAM_DEFAULT=NAN",
            "strategy 0: parameter 0: 'number' has the default NaN, which is outside 0 to 10",
        ),
    ];
    folder.put("good.so", &door(&[]));
    for (number, (text, _)) in cases.iter().enumerate() {
        folder.put(&format!("door{number}.so"), &door(&[text]));
    }
    let list = folder.scan().list();
    for (number, (text, expected)) in cases.iter().enumerate() {
        let reason = crate::support::plugins::reason(&list, &format!("door{number}.so"));
        assert!(reason.starts_with(expected), "{text}: {reason}");
    }
    assert_eq!(names(&list), ["of_the_door"]);
}

/// What a run of a plugin with this body of `run` says when it fails.
fn ran(body: &str) -> Result<(), Failure> {
    let folder = Folder::new();
    folder.put("door.so", &door(&[&format!("RUN={body}")]));
    let strategy = folder.resolve("of_the_door");
    let (values, files) = (strategy.values(&[]).unwrap(), [columns(100)]);
    let job = RunJob { files: &files, values: &values, config: &config(), finer: &[] };
    run(&strategy, &job, ALL, &Limits::default(), &mode()).map(drop).map_err(Failure::from)
}

#[test]
fn a_plugin_that_breaks_the_protocol_is_a_fault_that_says_how() {
    assert_eq!(ran("block->at = block->to - 1"), Ok(()));
    let asked = "came back with a step that it was not asked to run";
    let cases = [
        ("block->at = block->to", asked),
        ("block->at = UINT64_MAX", asked),
        (
            "block->at = block->to - 1; block->n_orders = block->cap_orders + 1",
            "wrote beyond a buffer",
        ),
        ("block->at = block->to - 1; block->log_len = block->log_cap + 1", "wrote beyond a buffer"),
        (
            "block->n_orders_dropped = 7",
            "placed 7 orders within one step; at most 10000 are allowed",
        ),
        ("block->error_len = UINT32_MAX; return 99", "returned the unknown status 99"),
        ("return strategy_error(block, \"no more\")", "no more"),
        ("memset(block, 0xff, block->size)", "wrote beyond a buffer"),
    ];
    for (body, expected) in cases {
        let failure = ran(body).unwrap_err();
        assert_eq!(failure.code, Code::PluginFaulted, "{body}: {failure}");
        let start =
            "strategy 'of_the_door' (door.so) failed in on_bar at bar 0 (1970-01-01 00:00 UTC): ";
        assert_eq!(failure.message, format!("{start}{expected}"), "{body}");
    }
}

#[test]
fn whatever_a_plugin_writes_into_the_block_the_host_lives() {
    let bodies = [
        "memset(block, 0, block->size)",
        "memset(block, 0x7f, block->size); block->n_orders = 0; block->log_len = 0; block->n_orders_dropped = 0",
        "block->progress = NULL; block->orders = NULL; block->log = NULL; block->error = NULL; block->n_orders = 1; block->at = block->to - 1",
        "memset(block->progress, 0xff, sizeof *block->progress); abort()",
        "memset(block->error, 0xff, block->error_cap); block->error_len = block->error_cap; return 1",
        "memset(block->log, 0xff, block->log_cap); block->log_len = block->log_cap; block->at = block->to - 1",
    ];
    for body in bodies {
        if let Err(failure) = ran(body) {
            assert_eq!(failure.code, Code::PluginFaulted, "{body}: {failure}");
            assert!(failure.message.chars().count() < 1500, "{body}: {failure}");
        }
    }
}

#[test]
fn what_a_library_does_while_it_is_loaded_hurts_nobody_else() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    let cases = [
        ("exit(0)", "it ended its process with code 0 before it was done, while it was loaded"),
        ("_exit(7)", "it ended its process with code 7 before it was done, while it was loaded"),
        ("raise(SIGSTOP)", "it made no progress for 2 s while it was loaded"),
        ("for (;;) puts(\"{}\")", "it made no progress for 2 s while it was loaded"),
        ("close(0); close(1); close(2)", "exports no strategies"),
        ("puts(\"[1, 2, 3]\")", "exports no strategies"),
    ];
    for (number, (what, _)) in cases.iter().enumerate() {
        let built = c_library("c_constructor.c", &[&format!("-DWHAT={what}")]);
        folder.put(&format!("loaded{number}.so"), &built);
    }
    let list = folder.scan().list();
    for (number, (what, expected)) in cases.iter().enumerate() {
        let reason = crate::support::plugins::reason(&list, &format!("loaded{number}.so"));
        assert!(reason.starts_with(expected), "{what}: {reason}");
    }
    assert_eq!(names(&list), ["ma_cross"]);
}
