//! The places of the contract.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use bursar_vault::Vault;

/// A vault of its own, and what has to stay while it is used.
pub(crate) struct Place {
    pub(crate) vault: Arc<Vault>,
    /// Of one on disk.
    pub(crate) directory: Option<tempfile::TempDir>,
    bucket: Option<String>,
}

impl Place {
    /// Has every upload that began either ended or been taken back?
    pub(crate) async fn check_nothing_is_unfinished(&self) {
        if let Some(directory) = &self.directory {
            let unfinished = || files(directory.path()).iter().any(|file| file.contains('#'));
            eventually("no unfinished upload on disk", async || !unfinished()).await;
        }
        if let Some(bucket) = &self.bucket {
            eventually("no unfinished upload at S3", async || {
                !ask("GET", &format!("/{bucket}?uploads")).await.contains("<UploadId>")
            })
            .await;
        }
    }
}

pub(crate) fn memory() -> Place {
    let vault = Vault::open_with("memory://", []).unwrap();
    Place { vault: Arc::new(vault), directory: None, bucket: None }
}

pub(crate) fn disk() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let location = directory.path().join("made/by the vault");
    let vault = Vault::open_with(location.to_str().unwrap(), []).unwrap();
    Place { vault: Arc::new(vault), directory: Some(directory), bucket: None }
}

/// A bucket of its own, with a prefix in it.
pub(crate) fn s3() -> Place {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let bucket = format!("bucket{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let made = format!("/{bucket}");
    tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(async { ask("PUT", &made).await });
    });
    let variables = [
        ("AWS_ACCESS_KEY_ID", "tests"),
        ("AWS_SECRET_ACCESS_KEY", "tests"),
        ("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", server().port)),
        ("AWS_NO_SUCH_SETTING", "is ignored"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let location = format!("s3://{bucket}/some/prefix?region=us-east-1");
    let vault = Vault::open_with(&location, variables).unwrap();
    Place { vault: Arc::new(vault), directory: None, bucket: Some(bucket) }
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds().await {
        assert!(begun.elapsed().as_secs() < 20, "{what}: not after a long time");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// All files below a directory, relative to it, sorted.
pub(crate) fn files(root: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

struct Server {
    port: u16,
    /// It ends with this process, since it reads its standard input, which this keeps open.
    _process: Mutex<Child>,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/serve_s3.py");
        let mut command = Command::new(python());
        // It complains of every client that goes away.
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Server { port: line.trim().parse().unwrap(), _process: Mutex::new(process) }
    })
}

/// The Python that has it: beside the build output, in which this very test is.
fn python() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let mut places = test.ancestors().map(|above| above.join("tools/moto/bin/python"));
    places.find(|python| python.exists()).unwrap_or_else(|| {
        panic!("moto isn't in a tools/ above {test:?}; `cargo xtask test` installs it")
    })
}

/// Asks the server past the vault; it checks no signatures.
async fn ask(method: &str, path: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://127.0.0.1:{}{path}", server().port);
    let reply = client.request(method.parse().unwrap(), url).send().await.unwrap();
    assert!(reply.status().is_success(), "{path}: {}", reply.status());
    reply.text().await.unwrap()
}
