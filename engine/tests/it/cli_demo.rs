//! `demo`: the whole way in one command.

use std::{fs, process::Command};

use crate::program::{Program, Said, with_ma_cross};

const FILES: [&str; 5] = [
    "data/reports/DEMO_1d.html",
    "data/plots/DEMO_1d.png",
    "data/plots/sweep_DEMO_1d.png",
    "data/algo-trader.db",
    "plugins/libma_cross.so",
];

#[test]
fn the_demo_shows_each_command_with_what_it_says_and_where_the_files_are() {
    let program = with_ma_cross();
    let mut command = program.command(&["demo", "--dir", "try it"]);
    // The demo touches no database but its own.
    command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
    let said: Said = command.output().unwrap().into();
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let mut rest = said.stdout.as_str();
    for part in [
        "$ export ALGO_TRADER_HOME='",
        "$ algo-trader simulate-gateway --port ",
        "listening on 127.0.0.1:",
        "$ algo-trader ingest -s DEMO -d '5 Y' --gateway 127.0.0.1:",
        "DEMO    1d   1,2",
        "$ algo-trader backtest -s DEMO --strategy ma_cross --plot --report",
        "ma_cross on DEMO 1d",
        "$ algo-trader sweep -s DEMO --strategy ma_cross",
        "trials: 100: 100 done",
        "$ algo-trader runs list",
        "That took ",
    ] {
        let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("{part}: {}", said.stdout));
        rest = after;
    }
    for file in FILES {
        assert!(program.home().join("try it").join(file).is_file(), "{file}");
        assert!(rest.contains(file), "{file}: {rest}");
    }
    assert!(!program.home().join("data/algo-trader.db").exists(), "the home's data stay alone");
    let widest =
        said.stdout.lines().filter(|line| !line.contains(program.home().to_str().unwrap()));
    let widest = widest.map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}: {}", said.stdout);
}

#[test]
fn the_demo_as_json_is_one_object() {
    let program = with_ma_cross();
    let said = program.run(&["demo", "--dir", "x", "--json"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let told = said.json();
    assert_eq!(told["steps"].as_array().unwrap().len(), 4);
    assert_eq!(told["files"].as_array().unwrap().len(), FILES.len());
    assert!(told["steps"][1]["output"].as_str().unwrap().contains("ma_cross on DEMO 1d"));
}

#[test]
fn without_its_strategy_the_demo_says_how_to_get_it() {
    let program = Program::new();
    // Where a build of this project left plugins counts as well, so the program stands elsewhere.
    let alone = program.home().join("algo-trader");
    fs::copy(env!("CARGO_BIN_EXE_algo-trader"), &alone).unwrap();
    let mut alone = Command::new(alone);
    alone.args(["demo", "--dir", "x"]).current_dir(program.home()).env_clear();
    let said: Said = alone.output().unwrap().into();
    let line = said.failed(2, "USAGE");
    assert!(line.contains("the demo needs the strategy ma_cross"), "{line}");
    assert!(said.stderr.contains("cargo build --release"), "{}", said.stderr);
    assert!(!program.home().join("x").exists());
}

#[test]
fn a_folder_that_holds_something_is_left_as_it_is() {
    let program = with_ma_cross();
    fs::create_dir_all(program.home().join("mine")).unwrap();
    fs::write(program.home().join("mine/notes"), "mine").unwrap();
    let said = program.run(&["demo", "--dir", "mine"]);
    let line = said.failed(9, "OUTPUT");
    assert!(line.contains("is not empty: mine"), "{line}");
    assert_eq!(fs::read_dir(program.home().join("mine")).unwrap().count(), 1);
}
