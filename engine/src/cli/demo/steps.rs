//! The commands of the demo: this program itself, started as a user would start it.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::{Value, json};

use super::{failed, say};
use crate::{
    cli::{app::App, bars::shell_word, child::Started},
    error::{Code, Failure},
};

/// The words of each command; `ADDRESS` stands for that of the gateway.
const STEPS: [&[&str]; 4] = [
    &["ingest", "-s", "DEMO", "-d", "5 Y", "--gateway", "ADDRESS"],
    &["backtest", "-s", "DEMO", "--strategy", "ma_cross", "--plot", "--report"],
    &[
        "sweep",
        "-s",
        "DEMO",
        "--strategy",
        "ma_cross",
        "-p",
        "fast=5..50:5",
        "-p",
        "slow=60..240:20",
        "--top",
        "5",
        "--heatmap",
        "fast,slow",
    ],
    &["runs", "list"],
];

/// Runs them one after the other; what they came to, for `--json`.
///
/// # Errors
/// When one of them fails.
pub(super) async fn run(app: &App, home: &Path, address: &str) -> Result<Vec<Value>, Failure> {
    let mut done = Vec::new();
    for words in STEPS {
        let words: Vec<&str> =
            words.iter().map(|word| if *word == "ADDRESS" { address } else { word }).collect();
        let shown: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
        let shown = format!("algo-trader {}", shown.join(" "));
        say(app, &format!("\n{}", folded(&shown)))?;
        let began = Instant::now();
        let (code, output) = ended(start(app, home, &words)?).await?;
        if code != Some(0) {
            return Err(failed(&shown, code));
        }
        let seconds = began.elapsed().as_secs_f64();
        done.push(json!({ "command": shown, "seconds": seconds, "output": output }));
    }
    Ok(done)
}

/// A command behind its prompt, within 80 columns, as a shell still takes it.
fn folded(command: &str) -> String {
    let mut lines = vec!["$".to_owned()];
    for word in command.split(' ') {
        let line = lines.last_mut().expect("there is a first line");
        if line.len() + 1 + word.len() + 2 > 80 {
            line.push_str(" \\");
            lines.push(format!("    {word}"));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines.join("\n")
}

fn start(app: &App, home: &Path, words: &[&str]) -> Result<Started, Failure> {
    let broken = |error: std::io::Error| {
        Failure::new(Code::Bug, format!("this program cannot start itself: {error}"))
    };
    let mut command = Command::new(std::env::current_exe().map_err(broken)?);
    command.args(words).env("ALGO_TRADER_HOME", home).stdin(Stdio::null());
    // A demo touches neither the user's database nor the user's broker.
    for variable in ["DATABASE_URL", "ALGO_TRADER_GATEWAY", "ALGO_PLUGINS"] {
        command.env_remove(variable);
    }
    if app.out.json() || app.out.quiet() {
        command.arg("--quiet");
    }
    if app.out.json() {
        command.stdout(Stdio::piped());
    }
    Started::of(&mut command).map_err(broken)
}

/// Waits without standing still: the gateway answers meanwhile, and a signal ends both.
async fn ended(mut started: Started) -> Result<(Option<i32>, String), Failure> {
    let reader = started.stdout().map(|mut stdout| {
        std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text).unwrap_or_default()
        })
    });
    let status = started.ended().await.map_err(|error| {
        Failure::new(Code::Bug, format!("a command of the demo is lost: {error}"))
    })?;
    let text = reader.map(|thread| thread.join().unwrap_or_default()).unwrap_or_default();
    Ok((status.code(), text))
}
