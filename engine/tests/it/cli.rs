//! The command line: refusals, help, the names the program answers to, and its configuration file.

use crate::program::{Program, Said};

#[test]
fn what_is_not_understood_is_a_usage_error_with_something_to_paste() {
    let program = Program::new();
    let cases: [(&[&str], &str, &str); 6] = [
        (&[], "no command is given", "help: algo-trader --help"),
        (&["doctr"], "there is no command 'doctr'", "did you mean 'doctor'?"),
        (&["doctor", "--jsn"], "there is no option '--jsn' here", "did you mean '--json'?"),
        (&["doctor", "--color", "blue"], "'blue' is not valid", "valid: auto, always, never"),
        (&["doctor", "-q", "-v"], "cannot be combined with", "help: algo-trader doctor"),
        (&["doctor", "--home"], "--home <DIR> needs a value", "help: algo-trader"),
    ];
    for (args, message, help) in cases {
        let said = program.run(args);
        let line = said.failed(2, "USAGE");
        assert!(line.contains(message), "{args:?}: {line}");
        assert!(said.stderr.contains(help), "{args:?}: {}", said.stderr);
    }
}

#[test]
fn with_json_a_refusal_is_an_object_on_standard_output() {
    let said = Program::new().run(&["--json", "doctr"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(2), ""));
    let error = &said.json()["error"];
    assert_eq!(error["code"], "USAGE");
    assert_eq!(error["message"], "there is no command 'doctr'");
    assert!(error["help"].as_str().unwrap().contains("doctor"));
}

#[test]
fn arguments_that_are_not_text_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let program = Program::new();
    let mut command = program.command(&["doctor"]);
    command.arg(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    Said::from(command.output().unwrap()).failed(2, "USAGE");
}

#[test]
fn every_command_explains_itself_with_examples() {
    explains_itself(&Program::new(), &[]);
}

/// Asserts of a command and all below it that its help has examples and fits 80 columns.
fn explains_itself(program: &Program, command: &[String]) {
    let mut words: Vec<&str> = command.iter().map(String::as_str).collect();
    words.push("--help");
    let said = program.run(&words);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{command:?}");
    let examples = said.stdout.split_once("Examples:\n").map(|(_, examples)| examples);
    let example = format!("algo-trader {}", command.join(" "));
    assert!(examples.is_some_and(|text| text.contains(&example)), "{command:?}: {}", said.stdout);
    let widest = said.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{command:?}: {widest:?}");
    let inner = said
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        // What is indented deeper goes on from the line before.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next());
    for word in inner {
        explains_itself(program, &[command, &[word.to_owned()]].concat());
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let said = Program::new().run(&["--version"]);
    assert_eq!(said.stdout, format!("algo-trader {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_configuration_file_is_named_with_line_and_column() {
    let program = Program::new();
    let file = program.home().join("strategies.toml");
    std::fs::write(&file, "[strategies.a]\nstrateg = \"b\"\n").unwrap();
    let said = program.run(&["doctor"]);
    assert_eq!(said.code, Some(3), "{}{}", said.stdout, said.stderr);
    assert!(
        said.stdout.contains("strategies.toml:2:1: unknown field `strateg`"),
        "{}",
        said.stdout
    );
}
