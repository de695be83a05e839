//! `strategies watch`: a strategy is edited while the program looks on.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use crate::{
    program::{Program, Said},
    source::project,
    support::plugins::program as binary,
};

/// The longest that a build may take on a busy machine; nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running program whose words are gathered as they come.
struct Watching {
    child: Child,
    said: Arc<Mutex<String>>,
    read: usize,
}

impl Watching {
    fn start(command: &Command) -> Self {
        // Both streams in one pipe, so that their words come in order.
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" 2>&1"]).arg(command.get_program());
        shell.args(command.get_args()).current_dir(command.get_current_dir().unwrap()).env_clear();
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        gather(child.stdout.take().unwrap(), &said);
        Self { child, said, read: 0 }
    }

    /// Waits until these words have come since the last time, and gives all that came before them.
    #[track_caller]
    fn until(&mut self, words: &str) -> String {
        let began = Instant::now();
        loop {
            let said = self.said.lock().unwrap().clone();
            if let Some(at) = said[self.read..].find(words) {
                let end = self.read + at + words.len();
                let since = said[self.read..end].to_owned();
                self.read = end;
                return since;
            }
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {said}");
            assert!(began.elapsed() < PATIENCE, "no '{words}' in: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn interrupt(&mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // A test that fails leaves nothing running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn gather(stream: impl Read + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    });
}

/// The program with a cargo beside it that takes nothing from the network.
fn with_cargo(program: &Program, args: &[&str]) -> Command {
    let mut command = program.command(args);
    let tools = Path::new(env!("CARGO")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", tools.display());
    let target: PathBuf = binary().parent().unwrap().parent().unwrap().join("new-strategy");
    command.env("PATH", path).env("CARGO_TARGET_DIR", target).env("CARGO_NET_OFFLINE", "true");
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_TERM_COLOR", "never");
    for kept in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

#[test]
fn a_strategy_that_is_saved_is_built_run_again_and_compared() {
    let program = Program::new();
    let new = program.run(&["strategies", "new", "my_idea", "--into", "plugins"]);
    assert_eq!(new.code, Some(0), "{}", new.stderr);
    let package = program.home().join("plugins/my_idea");
    fs::copy(project().join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let file = package.join("src/lib.rs");
    let code = fs::read_to_string(&file).unwrap();

    let mut watching = Watching::start(&with_cargo(&program, &["strategies", "watch", "my_idea"]));
    let first = watching.until("Ctrl-C ends");
    assert!(first.contains("my_idea on SPY 1d\nwindow=50\n"), "{first}");

    // Entered later: other fills, other trades.
    fs::write(&file, code.replace("bar.close > average", "bar.close > average * 1.02")).unwrap();
    let changed = watching.until("Ctrl-C ends");
    for part in ["Inputs that differ", "plugin_sha256", "Sharpe", "First other trade: number 2"] {
        assert!(changed.contains(part), "{part}: {changed}");
    }

    fs::write(&file, code.replace("fn on_bar", "fn on_bra")).unwrap();
    let broken = watching.until("Ctrl-C ends");
    assert!(broken.contains("error[E0407]") && broken.contains("does not build"), "{broken}");

    // A default that is changed is followed.
    fs::write(&file, code.replace("window: usize = 50", "window: usize = 100")).unwrap();
    let other = watching.until("Ctrl-C ends");
    assert!(other.contains("parameters.window"), "{other}");

    // What breaks while it runs is shown, and the next save is waited for.
    fs::write(&file, code.replace("let average =", "assert!(bar.close < 120.0); let average ="))
        .unwrap();
    let panicked = watching.until("Ctrl-C ends");
    assert!(panicked.contains("error[PLUGIN_FAULTED]"), "{panicked}");
    assert_eq!(watching.interrupt(), Some(130));

    let runs = program.run(&["runs", "list", "--json"]).json();
    assert_eq!(runs.as_array().unwrap().len(), 3, "{runs}");
}

#[test]
fn what_cannot_be_watched_is_named_with_the_way_to_make_it() {
    let program = Program::new();
    let said = program.run(&["strategies", "watch", "nobody"]);
    let line = said.failed(2, "USAGE");
    assert!(line.contains("plugins/nobody/Cargo.toml"), "{line}");
    assert!(said.stderr.contains("strategies new nobody --watch"), "{}", said.stderr);
    let new = program.run(&["strategies", "new", "my_idea", "--into", "plugins"]);
    assert_eq!(new.code, Some(0), "{}", new.stderr);
    let without: Said =
        program.command(&["strategies", "watch", "my_idea"]).output().unwrap().into();
    assert!(without.failed(3, "CONFIG").contains("cargo cannot be started"), "{}", without.stderr);
}
