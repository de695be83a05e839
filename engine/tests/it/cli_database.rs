//! `db`, `doctor` and `runs` against a real database file, and what they say when it is not usable.

use std::fs;

use crate::program::{Program, Said};

#[test]
fn a_database_is_made_once_and_described() {
    let program = Program::new();
    program.run(&["db", "status"]).failed(6, "DATABASE");
    assert!(!program.home().join("data").exists(), "status makes nothing");

    for _ in 0..2 {
        let said = program.run(&["db", "init"]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(
            said.stdout.starts_with("sqlite://data/algo-trader.db is ready"),
            "{}",
            said.stdout
        );
    }
    let status = program.run(&["db", "status", "--json"]).json();
    assert_eq!(status["database"]["backend"], "sqlite");
    assert_eq!(status["database"]["rows"]["bars"], 0);
    assert_eq!(status["database"]["pending"], serde_json::json!([]));
    let text = program.run(&["db", "status"]).stdout;
    assert!(text.contains("pending") && text.contains("none"), "{text}");
}

#[test]
fn the_database_is_chosen_by_option_or_surroundings() {
    let program = Program::new();
    let said: Said = program
        .command(&["db", "init"])
        .env("DATABASE_URL", "sqlite://from-env.db")
        .output()
        .unwrap()
        .into();
    assert!(said.stdout.contains("from-env.db"), "{}{}", said.stdout, said.stderr);
    let said: Said = program
        .command(&["db", "init", "--database", "sqlite://from-option.db"])
        .env("DATABASE_URL", "sqlite://from-env.db")
        .output()
        .unwrap()
        .into();
    assert!(said.stdout.contains("from-option.db"), "{}", said.stdout);
    let said: Said =
        program.command(&["db", "init"]).env("DATABASE_URL", "").output().unwrap().into();
    assert!(said.stdout.contains("data/algo-trader.db"), "an empty variable is none");
}

#[test]
fn no_secret_of_an_address_is_ever_shown() {
    let program = Program::new();
    let urls = [
        "postgres://me:s3cret@127.0.0.1:1/x",
        "postgres://me@127.0.0.1:1/x?password=s3cret",
        "postgres://me:s3cret@[bad/x",
        "mysql://me:s3cret@127.0.0.1/x",
        "postgres://me:s3cret@127.0.0.1:1/x?pasword=s3cret",
    ];
    for url in urls {
        for args in
            [&["db", "status"][..], &["db", "init", "-vvv"], &["doctor", "database", "--json"]]
        {
            let said: Said =
                program.command(args).env("DATABASE_URL", url).output().unwrap().into();
            assert_eq!(said.code, Some(6), "{url} {args:?}: {}{}", said.stdout, said.stderr);
            let everything = format!("{}{}", said.stdout, said.stderr);
            assert!(!everything.contains("s3cret"), "{everything}");
        }
    }
    for entry in fs::read_dir(program.home().join("logs")).into_iter().flatten() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn the_doctor_finds_all_well_in_a_fresh_home_and_names_what_is_not() {
    let program = Program::new();
    let said = program.run(&["doctor"]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.ends_with("all is well\n"), "{}", said.stdout);

    fs::write(program.home().join("data/plots"), "a file where a folder should be").unwrap();
    let said = program.run(&["doctor", "--json"]);
    assert_eq!(said.code, Some(9));
    let checks = said.json();
    assert_eq!(checks["well"], false);
    let plots =
        checks["checks"].as_array().unwrap().iter().find(|c| c["name"] == "plot folder").unwrap();
    assert_eq!(plots["verdict"], "failed");
    assert!(plots["help"].is_string());
}

#[test]
fn the_database_test_answers_under_its_own_name() {
    let program = Program::new();
    let link = program.home().join("test_db_connection");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_algo-trader"), &link).unwrap();
    let output = std::process::Command::new(&link).current_dir(program.home()).env_clear().output();
    let said: Said = output.unwrap().into();
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    for name in ["database", "version", "space", "migrations", "write", "latency"] {
        assert!(said.stdout.contains(&format!("ok  {name}")), "{name}: {}", said.stdout);
    }
}

#[test]
fn what_is_no_database_is_refused_and_left_as_it_is() {
    let program = Program::new();
    let file = program.home().join("notes.txt");
    fs::write(&file, "these are my notes, and they are no database at all").unwrap();
    let before = fs::read(&file).unwrap();
    for args in [&["db", "init"][..], &["db", "status"], &["runs", "list"]] {
        let mut args = args.to_vec();
        args.extend(["--database", "sqlite://notes.txt"]);
        program.run(&args).failed(6, "DATABASE");
    }
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn a_database_that_cannot_be_written_is_a_warning() {
    let program = Program::new();
    assert_eq!(program.run(&["db", "init"]).code, Some(0));
    let said =
        program.run(&["doctor", "database", "--database", "sqlite://data/algo-trader.db?mode=ro"]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("warning  write"), "{}", said.stdout);
}

#[test]
fn runs_of_a_database_that_was_never_made_are_none() {
    let program = Program::new();
    let said = program.run(&["runs", "list", "--json"]);
    assert_eq!((said.code, said.stdout.trim()), (Some(0), "[]"));
    program.run(&["runs", "show", "abc"]).failed(4, "DATA");
    program.run(&["runs", "show", "../x"]).failed(2, "USAGE");
    assert!(!program.home().join("data").exists());
}
