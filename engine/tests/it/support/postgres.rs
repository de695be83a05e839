//! A real PostgreSQL server for tests: started when first needed, on a Unix socket in a temporary
//! folder, and stopped when this process ends, however it ends.
//!
//! A guardian (a small shell script) holds the server. It reads from a pipe that only this process
//! holds open, so even a killed test leaves nothing running and nothing on disk.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use super::block_on;

/// A running server.
pub(crate) struct Cluster {
    dir: PathBuf,
    guardian: Mutex<Guardian>,
}

struct Guardian {
    child: Child,
    words: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// The server that all tests of this process share.
pub(crate) fn shared() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(""))
}

impl Cluster {
    /// Starts a server of its own with further lines of `postgresql.conf`.
    pub(crate) fn start(settings: &str) -> Self {
        Self::start_in(settings, None)
    }

    /// Starts a server with a folder `small` on a disk of so many megabytes.
    pub(crate) fn start_with_small_disk(megabytes: u32) -> Self {
        Self::start_in("", Some(megabytes))
    }

    fn start_in(settings: &str, small_disk: Option<u32>) -> Self {
        let bin = programs();
        let dir = tempfile::Builder::new().prefix("algo-trader-pg-").tempdir().unwrap().keep();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        if let Some(user) = other_user() {
            run(Command::new("chown").arg(user).arg(&dir));
        }
        let data = dir.join("data");
        let mut initdb = as_server_user(&bin.join("initdb"));
        initdb.arg("-D").arg(&data);
        run(initdb.args(["-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]));
        let socket = dir.display();
        let common = format!(
            "listen_addresses = ''\nunix_socket_directories = '{socket}'\nmax_connections = 60\n\
             fsync = off\nfull_page_writes = off\ndeadlock_timeout = 100ms\n{settings}\n"
        );
        append(&data.join("postgresql.conf"), &common);
        let trust = "local all tester trust\nlocal all all scram-sha-256\n";
        std::fs::write(data.join("pg_hba.conf"), trust).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/guardian.sh");
        let script = std::fs::read_to_string(script).unwrap();
        let mut guardian = match small_disk {
            None => as_server_user(Path::new("/bin/sh")),
            Some(megabytes) => with_small_disk(&dir.join("small"), megabytes),
        };
        guardian.args(["-c", &script, "guardian"]).arg(&bin).arg(&dir).current_dir("/");
        guardian.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = guardian.spawn().expect("a shell to hold the server");
        let words = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let cluster = Self { dir, guardian: Mutex::new(Guardian { child, words, answers }) };
        cluster.expect("started");
        cluster
    }

    /// Creates an empty database; its URL.
    pub(crate) fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.execute("postgres", &format!("CREATE DATABASE {name}"));
        self.url("tester", &name)
    }

    /// The folder of the server.
    pub(crate) fn folder(&self) -> &Path {
        &self.dir
    }

    /// Creates an empty database on the small disk; its URL.
    pub(crate) fn database_on_small_disk(&self) -> String {
        let small = self.dir.join("small");
        let sql = format!("CREATE TABLESPACE small LOCATION '{}'", small.display());
        self.execute("postgres", &sql);
        self.execute("postgres", "CREATE DATABASE crowded TABLESPACE small");
        self.url("tester", "crowded")
    }

    /// The URL of a database for a user (who may carry a password).
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        let socket = self.dir.to_str().unwrap().replace('/', "%2F");
        format!("postgres://{user}@{socket}:5432/{database}")
    }

    /// Runs statements in a database, as its owner.
    pub(crate) fn execute(&self, database: &str, sql: &str) {
        execute(&self.url("tester", database), sql);
    }

    /// Ends the server as a power cut would.
    pub(crate) fn kill(&self) {
        self.say("kill");
        self.expect("killed");
    }

    /// Starts it again.
    pub(crate) fn restart(&self) {
        self.say("start");
        self.expect("started");
    }

    fn say(&self, word: &str) {
        let mut guardian = self.guardian.lock().unwrap();
        writeln!(guardian.words.as_mut().unwrap(), "{word}").unwrap();
    }

    fn expect(&self, word: &str) {
        let mut answer = String::new();
        self.guardian.lock().unwrap().answers.read_line(&mut answer).unwrap();
        let log = || std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        assert_eq!(answer.trim(), word, "PostgreSQL said:\n{}", log());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut guardian = self.guardian.lock().unwrap_or_else(PoisonError::into_inner);
        guardian.words = None;
        let _ = guardian.child.wait();
        // Where a disk was mounted, the guardian could not remove the folder below it.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Runs statements at a URL.
pub(crate) fn execute(url: &str, sql: &str) {
    use sqlx::{AssertSqlSafe, Connection, PgConnection};
    block_on(async {
        let mut db = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    });
}

/// The folder with `initdb` and `postgres`, the newest version first.
fn programs() -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    places.extend(versions.into_iter().rev());
    let whole = |place: &PathBuf| {
        ["initdb", "postgres", "pg_isready"].iter().all(|name| place.join(name).exists())
    };
    places.into_iter().find(whole).expect(
        "these tests run a real PostgreSQL: install its server (Debian: apt-get install postgresql)",
    )
}

/// PostgreSQL refuses to run as root; this is who runs it then.
fn other_user() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let known = |name: &str| users.lines().any(|line| line.starts_with(&format!("{name}:")));
    ["postgres", "nobody"].into_iter().find(|name| known(name))
}

fn as_server_user(program: &Path) -> Command {
    match other_user() {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--clear-groups", "--"]).arg(program).current_dir("/");
            command
        }
    }
}

/// A shell for the user who runs servers, with a small disk mounted that only its processes see.
fn with_small_disk(small: &Path, megabytes: u32) -> Command {
    let mut command = Command::new("unshare");
    let inner = as_server_user(Path::new("/bin/sh"));
    let user = other_user().map_or(String::new(), |user| format!(",uid={user}"));
    if other_user().is_none() {
        command.arg("--map-root-user");
    }
    let mount =
        format!("mkdir \"$0\"; mount -t tmpfs -o size={megabytes}m,mode=700{user} small \"$0\"");
    let script = format!("{mount} && exec \"$@\"");
    command.args(["--mount", "/bin/sh", "-c", &script]).arg(small);
    command.arg(inner.get_program()).args(inner.get_args()).current_dir("/");
    command
}

#[track_caller]
fn run(command: &mut Command) {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}

fn append(path: &Path, text: &str) {
    let mut file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
