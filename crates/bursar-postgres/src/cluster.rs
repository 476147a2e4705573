//! A PostgreSQL server of one's own, for tests: the programs of the system, a new data directory, a free
//! port on loopback, and everything as safe as in production.
//!
//! One is shared by all tests of a process. It ends, and its directory goes, when the process does,
//! however that ends: a shell waits for the end of its input, which this process holds open.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a part of tests, in this crate only because several crates use it"
)]

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use tokio_postgres::{Client, Config, NoTls};

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    programs: PathBuf,
    directory: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Has the template been made?
    template: OnceCell<()>,
    /// Its input being open is what keeps the server.
    keeper: Child,
}

/// Starts the server, waits for the end of its input, stops the server. `$1` are the programs, `$2` is the
/// directory, `$3` the port.
const KEEPER: &str = r#"
trap '' INT TERM HUP
"$1/postgres" -D "$2/data" -p "$3" >"$2/log" 2>&1 </dev/null &
cat >/dev/null
"$1/pg_ctl" -D "$2/data" stop -m immediate
wait
rm -rf "$2"
"#;

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
synchronous_commit = on
max_connections = 300
shared_buffers = 64MB
autovacuum_naptime = 10s
log_min_messages = warning
ssl = on
";

/// `postgres` is let in as he is, `secretive` only encrypted and with a password.
const ACCESS: &str = "
hostssl all secretive 127.0.0.1/32 scram-sha-256
host all secretive 127.0.0.1/32 reject
host replication all 127.0.0.1/32 trust
host all all 127.0.0.1/32 trust
";

impl Cluster {
    /// The server that all tests of this process share, started by the first who asks.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start; with what to do.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Another server, for tests that stop it.
    ///
    /// # Panics
    /// As [`Cluster::shared`].
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// A server with settings of its caller's, lines of `postgresql.conf` that come after those of tests.
    ///
    /// # Panics
    /// As [`Cluster::shared`].
    pub fn start_with(settings: &str) -> Self {
        let programs = programs();
        let directory = new_directory();
        let data = directory.join("data");
        let made = unprivileged(&programs.join("initdb"))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync", "--no-instructions", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        certify(&data);
        fs::write(data.join("postgresql.auto.conf"), format!("{SETTINGS}{settings}")).unwrap();
        fs::write(data.join("pg_hba.conf"), ACCESS).unwrap();
        Self::run(programs, directory)
    }

    fn run(programs: PathBuf, directory: PathBuf) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let keeper = keep(&programs, &directory, port);
        let (databases, template) = (AtomicU32::new(0), OnceCell::new());
        let cluster = Self { programs, directory, port, databases, template, keeper };
        cluster.wait_until_ready();
        cluster
    }

    /// A backup of all its files while it runs, as operators make it.
    ///
    /// # Panics
    /// If it can't be made.
    pub fn back_up(&self) -> Copy {
        let (programs, directory) = (self.programs.clone(), new_directory());
        let mut backup = unprivileged(&programs.join("pg_basebackup"));
        backup.args(["--checkpoint=fast", "--username=postgres", "--host=127.0.0.1"]);
        backup.arg(format!("--port={}", self.port)).arg("-D").arg(directory.join("data"));
        let made = backup.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Copy { programs, directory }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as a crash would, for good: its files stay until this goes.
    ///
    /// # Panics
    /// If it can't be ended.
    pub fn kill(&self) {
        let mut control = unprivileged(&self.programs.join("pg_ctl"));
        control.arg("-D").arg(self.directory.join("data")).args(["stop", "-m", "immediate"]);
        assert!(control.stdout(Stdio::null()).status().unwrap().success());
    }

    /// A standby of this one. From then on no commit returns before the standby has it on its disk.
    ///
    /// # Panics
    /// If it can't be made.
    pub async fn standby(&self) -> Self {
        let directory = new_directory();
        let copied = unprivileged(&self.programs.join("pg_basebackup"))
            .args(["--host=127.0.0.1", "--username=postgres", "--write-recovery-conf", "--no-sync"])
            .args(["--checkpoint=fast", "--port", &self.port.to_string(), "--pgdata"])
            .arg(directory.join("data"))
            .output()
            .unwrap();
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let standby = Self::run(self.programs.clone(), directory);
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        self.sql("postgres", "SELECT pg_reload_conf()").await;
        standby
    }

    /// A new, empty database; its URL.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn database(&self) -> String {
        self.create("template1").await
    }

    /// A new database like one that `prepare` fills, by its URL, the first time; its URL. All who share a
    /// server are to prepare it alike. No connection to it may be left when `prepare` is done.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn copy<F: Future<Output = ()>>(&self, prepare: impl FnOnce(String) -> F) -> String {
        let template = async || {
            self.sql("postgres", "CREATE DATABASE prepared").await;
            prepare(self.url("prepared")).await;
        };
        self.template.get_or_init(template).await;
        self.create("prepared").await
    }

    async fn create(&self, template: &str) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        self.url(&name)
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Does something in a database behind everybody's back.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn sql(&self, database: &str, sql: &str) {
        self.client(database).await.batch_execute(sql).await.unwrap();
    }

    /// A connection of one's own to a database. It ends when it is dropped.
    ///
    /// # Panics
    /// If the server refuses.
    pub async fn client(&self, database: &str) -> Client {
        let config: Config = self.url(database).parse().unwrap();
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }

    /// Where its files are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Stops it as a crash would, without writing anything, and starts it again.
    ///
    /// # Panics
    /// If it does not start again.
    pub fn crash(&self) {
        self.stop();
        self.start_again();
    }

    /// Stops it as a crash would, without writing anything.
    ///
    /// # Panics
    /// If it was not running.
    pub fn stop(&self) {
        self.control(&["stop", "-m", "immediate"]);
    }

    /// Starts it after [`Cluster::stop`].
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&self) {
        self.control(&["start", "-w", "-o", &format!("-p {}", self.port)]);
    }

    /// Makes it a standby that may only be read, as the server is that a failover was away from.
    ///
    /// # Panics
    /// If it does not start again.
    pub fn demote(&self) {
        self.stop();
        fs::write(self.directory.join("data/standby.signal"), "").unwrap();
        self.start_again();
    }

    /// Makes a standby the primary.
    ///
    /// # Panics
    /// If it was none.
    pub fn promote(&self) {
        self.control(&["promote", "-w"]);
    }

    fn control(&self, arguments: &[&str]) {
        let mut control = unprivileged(&self.programs.join("pg_ctl"));
        control.arg("-D").arg(self.directory.join("data")).args(arguments);
        if arguments.contains(&"start") {
            control.arg("-l").arg(self.directory.join("log"));
        }
        let done = control.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(done.success(), "pg_ctl {arguments:?}: {}", self.log());
    }

    /// The certificate that it shows, for 127.0.0.1, made and signed by itself.
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("server.crt")
    }

    /// What the server has written about itself.
    pub fn log(&self) -> String {
        let mut log = String::new();
        if let Ok(mut file) = fs::File::open(self.directory.join("log")) {
            let _ = file.read_to_string(&mut log);
        }
        log
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let port = self.port.to_string();
        let mut ask = Command::new(self.programs.join("pg_isready"));
        ask.args(["-q", "-h", "127.0.0.1", "-p", &port]);
        while !ask.status().unwrap().success() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A backup of a server's files.
#[derive(Debug)]
pub struct Copy {
    programs: PathBuf,
    directory: PathBuf,
}

impl Copy {
    /// Starts a server on it, with settings of its own; `signal` is `recovery` or `standby`.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(self, signal: &str, settings: &str) -> Cluster {
        let data = self.directory.join("data");
        let own = data.join("postgresql.auto.conf");
        let before = fs::read_to_string(&own).unwrap();
        fs::write(&own, format!("{before}\n{settings}\n")).unwrap();
        fs::write(data.join(format!("{signal}.signal")), "").unwrap();
        Cluster::run(self.programs, self.directory)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Made by the server's user, who will remove it.
fn new_directory() -> PathBuf {
    let template = std::env::temp_dir().join("bursar-postgres-XXXXXXXX");
    let made = unprivileged(Path::new("mktemp")).arg("-d").arg(template).output().unwrap();
    assert!(made.status.success(), "mktemp: {}", String::from_utf8_lossy(&made.stderr));
    PathBuf::from(String::from_utf8(made.stdout).unwrap().trim_end())
}

/// Makes a key and a certificate.
fn certify(data: &Path) {
    let certificate = data.with_file_name("server.crt");
    let made = unprivileged(Path::new("openssl"))
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "3650", "-subj", "/CN=bursar-test"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
        .arg(data.join("server.key"))
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("the tests need openssl: apt-get install openssl");
    assert!(made.status.success(), "openssl: {}", String::from_utf8_lossy(&made.stderr));
    let copied = unprivileged(Path::new("cp")).arg(&certificate).arg(data).status().unwrap();
    assert!(copied.success());
}

fn keep(programs: &Path, directory: &Path, port: u16) -> Child {
    let mut keeper = unprivileged(Path::new("/bin/sh"));
    keeper.args(["-c", KEEPER, "sh"]).arg(programs).arg(directory).arg(port.to_string());
    keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The newest server that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("postgres").exists())
        .collect();
    versions.sort();
    let newest = versions.pop().map(|(_, programs)| programs);
    newest.expect("the tests need a PostgreSQL server: apt-get install postgresql")
}

/// A program as a user who may run a server: root may not, and becomes `postgres`.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]).arg(program);
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    ids.and_then(|ids| ids.split_whitespace().nth(1)) == Some("0")
}
