//! The real server, in a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long the views may take to catch up, or the server to end.
const PATIENCE: Duration = Duration::from_secs(300);

/// A server with a data directory of its own, both gone when it is dropped.
pub(crate) struct Bursar {
    child: Child,
    directory: TempDir,
    pub(crate) url: String,
    pub(crate) key: String,
}

/// What it has done so far, by its own metrics.
#[derive(Clone, Copy)]
pub(crate) struct Done {
    pub(crate) commands: f64,
    pub(crate) commits: f64,
}

impl Bursar {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().unwrap().with_file_name("bursar");
        let directory = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let mut command = Command::new(&program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BURSAR_")) {
            command.env_remove(name);
        }
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--data"]);
        command.arg(directory.path().join("data")).stdout(Stdio::piped()).stderr(log);
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("the server is not ready");
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        Self { child, directory, url: text("url"), key: text("test_key") }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    /// One of its metrics.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        metric(&self.ask("GET", "/metrics", ""), name)
    }

    pub(crate) fn done(&self) -> Done {
        let metrics = self.ask("GET", "/metrics", "");
        Done {
            commands: metric(&metrics, "bursar_batch_commands_sum"),
            commits: metric(&metrics, "bursar_batch_commands_count"),
        }
    }

    /// Waits until the views have all that the journal has, so that no measurement pays for another's.
    pub(crate) fn settle(&self) {
        let begun = Instant::now();
        while self.metric("bursar_views_lag_entries") > 0.0 {
            assert!(begun.elapsed() < PATIENCE, "the views don't catch up");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A reply, head and body, as it came.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let address = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).unwrap();
        let key = &self.key;
        let id = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
             Connection: close\r\nIdempotency-Key: ask-{id}\r\nContent-Type: application/json\r\n\
             Content-Length: {id}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    /// Ends it; how many bytes its journal has.
    pub(crate) fn stop(mut self) -> u64 {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success(), "the server did not end well");
        let size = |name: &str| file_size(&self.data().join(name));
        size("journal.db") + size("journal.db-wal")
    }
}

impl Drop for Bursar {
    fn drop(&mut self) {
        // One that has ended is not ended again.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn file_size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn metric(metrics: &str, name: &str) -> f64 {
    let mut lines = metrics.lines().filter_map(|line| line.strip_prefix(name));
    let value = lines.find_map(|rest| rest.strip_prefix(' '));
    // A name that has changed must not pass for a server that has nothing to do.
    let value = value.unwrap_or_else(|| panic!("no metric {name} in\n{metrics}"));
    value.trim().parse().unwrap()
}
