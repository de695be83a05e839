//! A real browser without a window, spoken to over its own pipe: messages of JSON, each ended by a zero.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a page may take to say that it is drawn.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    session: String,
    number: u64,
    events: Vec<Value>,
    _profile: TempDir,
}

impl Browser {
    /// Starts Chromium with an empty page of a size.
    pub(crate) fn start(width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().unwrap();
        // The browser reads from descriptor 3 and writes to 4.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null"]);
        command.arg(program()).args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--remote-debugging-pipe",
        ]);
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        command.env("HOME", profile.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let (session, events) = (String::new(), Vec::new());
        let mut browser = Self { child, to, from, session, number: 0, events, _profile: profile };
        browser.attach();
        for room in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{room}.enable"), json!({}));
        }
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false
        });
        browser.ask("Emulation.setDeviceMetricsOverride", metrics);
        browser
    }

    fn attach(&mut self) {
        let targets = self.ask("Target.getTargets", json!({}));
        let targets = targets["targetInfos"].as_array().unwrap();
        let page = targets.iter().find(|target| target["type"] == "page").unwrap();
        let asked = json!({ "targetId": page["targetId"], "flatten": true });
        let attached = self.ask("Target.attachToTarget", asked);
        self.session = attached["sessionId"].as_str().unwrap().to_owned();
    }

    /// Sends a command and waits for its result; what happens meanwhile is kept.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method });
        message["params"] = params;
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let to = self.to.as_mut().unwrap();
        to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).unwrap();
            assert_eq!(bytes.pop(), Some(0), "the browser went away at {method}");
            let mut said: Value = serde_json::from_slice(&bytes).unwrap();
            if said["id"] == self.number {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].take();
            }
            self.events.push(said);
        }
    }

    /// Opens a file and waits until an expression is true.
    pub(crate) fn open(&mut self, file: &Path, until: &str) {
        self.ask("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        let began = Instant::now();
        while self.value(until) != json!(true) {
            assert!(began.elapsed() < PATIENCE, "{until} stays false: {:?}", self.complaints());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true
        });
        let found = self.ask("Runtime.evaluate", asked);
        assert!(found["exceptionDetails"].is_null(), "{expression}: {found}");
        found["result"]["value"].clone()
    }

    /// Everything that the page complained about: exceptions, errors, breaches of its policy.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        self.value("0");
        let loud = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        let events = self.events.iter();
        events
            .filter(|event| loud.iter().any(|name| event["method"] == *name))
            .map(Value::to_string)
            .collect()
    }

    /// Asserts that the page asked for its own file and for nothing else.
    #[track_caller]
    pub(crate) fn asked_for_nothing_but(&self, file: &str) {
        let asked =
            self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let asked: Vec<&str> =
            asked.map(|event| event["params"]["request"]["url"].as_str().unwrap()).collect();
        let own = format!("/{file}");
        assert!(
            asked.iter().all(|url| url.ends_with(&own) || url.starts_with("data:")),
            "{asked:?}"
        );
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends when its pipe does; what does not is ended.
        self.to.take();
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first browser on the search path.
fn program() -> &'static str {
    let known = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let is_there = |name: &&str| folders.iter().any(|folder| folder.join(name).is_file());
    known.into_iter().find(is_there).expect(
        "these tests open pages in a real browser: install Chromium (Debian: apt-get install chromium)",
    )
}
