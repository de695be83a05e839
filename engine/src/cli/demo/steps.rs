//! The commands of the demo: this program itself, started as a user would start it.

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{failed, say};
use crate::{
    cli::{app::App, bars::shell_word},
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

/// How often a running command is looked at.
const PAUSE: Duration = Duration::from_millis(10);

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

/// A command that is killed when nobody waits for it any more.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
    command.spawn().map(Started).map_err(broken)
}

/// Waits without standing still: the gateway answers meanwhile, and a signal ends both.
async fn ended(mut started: Started) -> Result<(Option<i32>, String), Failure> {
    let reader = started.0.stdout.take().map(|mut stdout| {
        std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text).unwrap_or_default()
        })
    });
    let status = loop {
        let ended = started.0.try_wait().map_err(|error| {
            Failure::new(Code::Bug, format!("a command of the demo is lost: {error}"))
        })?;
        match ended {
            Some(status) => break status,
            None => tokio::time::sleep(PAUSE).await,
        }
    };
    let text = reader.map(|thread| thread.join().unwrap_or_default()).unwrap_or_default();
    Ok((status.code(), text))
}
