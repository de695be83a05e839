//! What becomes of the output when its reader is odd, and of the program when it is told to stop.

use std::{
    fs::OpenOptions,
    io::Write,
    process::{Command, Stdio},
};

use crate::program::{Program, Said};

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let program = Program::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let said: Said = program.command(&["--help"]).stdout(writer).output().unwrap().into();
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_full_standard_output_ends_with_code_9() {
    let program = Program::new();
    for args in [&["--help"][..], &["doctor"], &["doctor", "--json"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let said: Said = program.command(args).stdout(full).output().unwrap().into();
        said.failed(9, "OUTPUT");
    }
}

#[test]
fn a_full_standard_error_does_not_change_the_exit_code() {
    let program = Program::new();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let said: Said = program.command(&["nothing"]).stderr(full).output().unwrap().into();
    assert_eq!(said.code, Some(2));
}

#[test]
fn closed_standard_output_ends_quietly() {
    let program = Program::new();
    let path = env!("CARGO_BIN_EXE_algo-trader");
    let said: Said = std::process::Command::new("sh")
        .args(["-c", &format!("'{path}' doctor >&-")])
        .current_dir(program.home())
        .output()
        .unwrap()
        .into();
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_plain_locale_one_column_and_no_terminal_give_plain_text() {
    let program = Program::new();
    for args in [&["--help"][..], &["doctor"], &["doctor", "--help"]] {
        let mut command = program.command(args);
        command.env("LANG", "C").env("LC_ALL", "C").env("COLUMNS", "1").env("TERM", "dumb");
        let said: Said = command.output().unwrap().into();
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stdout.is_ascii(), "{}", said.stdout);
        assert!(!said.stdout.contains('\x1b'), "{}", said.stdout);
    }
}

#[test]
fn colours_come_when_asked_for_and_no_color_only_rules_the_automatic() {
    let program = Program::new();
    let always = program.run(&["--color", "always", "--nothing"]);
    assert!(always.stderr.starts_with("\x1b[1;31merror[USAGE]"), "{}", always.stderr);
    let never = program.run(&["--color=never", "--nothing"]);
    assert!(never.stderr.starts_with("error[USAGE]"), "{}", never.stderr);
}

#[test]
fn signals_end_a_command_with_their_own_codes_and_nothing_half_done() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let program = Program::new();
        let pipe = program.home().join("bars.csv");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut command = program.command(&["ingest", "-s", "SPY", "--from-csv", "bars.csv"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Opening waits for the program to open its end; then the input never comes to its end.
        let mut writer = OpenOptions::new().write(true).open(&pipe).unwrap();
        writer.write_all(b"date,open,high,low,close\n2024-01-02,1,2,1,2\n").unwrap();
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let said: Said = child.wait_with_output().unwrap().into();
        assert_eq!(said.code, Some(code), "{}{}", said.stdout, said.stderr);
        assert_eq!(said.stdout, "");
        drop(writer);
        let status = program.run(&["db", "status", "--json"]).json();
        assert_eq!(status["database"]["rows"]["bars"], 0);
    }
}

#[test]
fn long_and_strange_values_are_shown_short_and_harmless() {
    let program = Program::new();
    let long = "x".repeat(10_000);
    for value in [long.as_str(), "\x1b[31mred", "a\nb"] {
        let said = program.run(&[value]);
        let line = said.failed(2, "USAGE");
        assert!(line.len() < 200, "{line}");
        assert!(!said.stderr.contains('\x1b'), "{line}");
        assert!(said.stderr.len() < 600, "{}", said.stderr);
    }
}

#[test]
fn words_about_the_work_come_when_asked_for_and_only_on_standard_error() {
    let program = Program::new();
    std::fs::write(program.home().join("a.csv"), "date,open,high,low,close\n2024-01-02,1,2,1,2\n")
        .unwrap();
    let args = ["ingest", "-s", "SPY", "--from-csv", "a.csv"];
    let quiet = program.run(&args);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    let mut verbose = args.to_vec();
    verbose.push("-v");
    let verbose = program.run(&verbose);
    assert!(verbose.stderr.contains("INFO bars ingested"), "{}", verbose.stderr);
    assert!(!verbose.stdout.contains("INFO"), "{}", verbose.stdout);
    let mut command = program.command(&args);
    let ruled: Said = command.env("RUST_LOG", "algo_trader=info").output().unwrap().into();
    assert!(ruled.stderr.contains("INFO bars ingested"), "{}", ruled.stderr);
}
