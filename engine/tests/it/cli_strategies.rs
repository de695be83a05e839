//! `strategies` as a user meets it.

use std::fs;

use crate::program::Program;

#[test]
fn bad_files_are_listed_with_their_reasons_and_do_not_stop_the_list() {
    let program = Program::new();
    let plugins = program.home().join("plugins");
    fs::create_dir(&plugins).unwrap();
    fs::write(plugins.join("text.so"), "hello").unwrap();
    fs::write(plugins.join("empty.so"), "").unwrap();
    fs::create_dir(plugins.join("folder.so")).unwrap();
    let said = program.run(&["strategies", "list"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let (_, refused) = said.stdout.split_once("not to be run:").expect("a list of refused files");
    for name in ["text.so", "empty.so", "folder.so"] {
        let line = refused.lines().find(|line| line.contains(name)).expect(name);
        assert!(line.trim().len() > name.len() + 12, "a reason: {line}");
    }
    let list = program.run(&["strategies", "list", "--json"]).json();
    let refused =
        list.as_array().unwrap().iter().filter(|entry| entry["state"] == "refused").count();
    assert_eq!(refused, 3);
}

#[test]
fn what_cannot_name_a_strategy_is_a_usage_error_everywhere() {
    let program = Program::new();
    let long = "x".repeat(10_000);
    for name in ["../../x", "/etc/passwd", "A", "a b", long.as_str(), ""] {
        for args in [["strategies", "show"], ["strategies", "check"], ["strategies", "pin"]] {
            let said = program.run(&[args[0], args[1], name]);
            let line = said.failed(2, "USAGE");
            assert!(line.contains("64 of a-z 0-9 _ -") && line.len() < 300, "{line}");
        }
    }
    program.run(&["strategies", "show", "nobody"]).failed(2, "USAGE");
}

#[test]
fn a_new_strategy_is_a_package_with_its_next_steps() {
    let program = Program::new();
    let said = program.run(&["strategies", "new", "my_idea", "--into", "mine"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for step in ["cargo test", "cargo build --release", "backtest -s SPY --strategy my_idea"] {
        assert!(said.stdout.contains(step), "{}", said.stdout);
    }
    let code = fs::read_to_string(program.home().join("mine/my_idea/src/lib.rs")).unwrap();
    assert!(code.contains("#![forbid(unsafe_code)]") && code.contains("\"my_idea\""), "{code}");
    program.run(&["strategies", "new", "my_idea", "--into", "mine"]);
    let again = fs::read_to_string(program.home().join("mine/my_idea/src/lib.rs")).unwrap();
    assert_eq!(again, code, "what is there is never overwritten");
    program.run(&["strategies", "new", "Bad-Name"]).failed(2, "USAGE");
}
