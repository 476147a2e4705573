//! A running `bursar`, and the commands beside it.

use std::io::{BufRead, BufReader};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::blocking::{Body, Client, RequestBuilder, Response};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

pub(crate) const BURSAR: &str = env!("CARGO_BIN_EXE_bursar");

/// How long anything may take before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A command without what the environment of the test run may have set.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("BURSAR_")) {
        command.env_remove(name);
    }
    command
}

/// What a command printed and how it ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().expect("ended by itself"),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Its result, for one that should have worked.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// Its result as JSON, for one that should have worked.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// What it said on stderr, for one that should have failed with this code.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self.err
    }
}

/// Runs `bursar` with these arguments until it ends.
pub(crate) fn bursar(arguments: &[&str]) -> Ran {
    Ran::of(&command(BURSAR).args(arguments).output().unwrap())
}

/// Runs `bursar` on a data directory.
pub(crate) fn bursar_on(data: &Path, arguments: &[&str]) -> Ran {
    Ran::of(&command(BURSAR).args(arguments).arg("--data").arg(data).output().unwrap())
}

/// Runs any command until it ends.
pub(crate) fn run(command: &mut Command) -> Ran {
    Ran::of(&command.output().unwrap())
}

/// A server on a port of its own.
pub(crate) struct Server {
    process: Process,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) data: PathBuf,
    client: Client,
}

impl Server {
    /// Starts one in test mode.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// Starts one in test mode with more arguments.
    pub(crate) fn start_with(data: &Path, arguments: &[&str]) -> Self {
        Self::spawn(data, command(BURSAR).args(serve_arguments(data)).args(arguments))
    }

    /// Starts `command`, which comes to `bursar serve` with [`serve_arguments`].
    pub(crate) fn spawn(data: &Path, command: &mut Command) -> Self {
        Starting::spawn(data, command).ready()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.api().get(path)
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.api().post(path, key, body).unwrap()
    }

    /// Brings it a message of the payment provider.
    pub(crate) fn deliver(&self, path: &str, headers: &HeaderMap, body: &[u8]) -> Reply {
        let request = self.client.post(format!("{}{path}", self.url)).headers(headers.clone());
        Reply::of(request.body(body.to_vec()).send().unwrap()).unwrap()
    }

    /// A handle on its API that outlives it.
    pub(crate) fn api(&self) -> Api {
        Api { url: self.url.clone(), key: self.key.clone(), client: self.client.clone() }
    }

    /// Gives an account a card that pays, and puts it on Starter.
    pub(crate) fn subscribe(&self, account: &str) {
        let path = |what| format!("/v1/accounts/{account}/{what}");
        let card = json!({"token": "pm_card_visa"});
        self.post(&path("payment_methods"), "card", &card).success();
        let plan = json!({"plan": "starter", "interval": "month"});
        self.post(&path("subscription"), "plan", &plan).success();
    }

    /// An account with promo credits and a plan.
    pub(crate) fn customer(&self, id: &str, credits: u64) {
        self.post("/v1/accounts", id, &json!({"id": id})).created();
        let given = json!({"credits": credits, "class": "promo", "reason": "a present"});
        self.post(&format!("/v1/accounts/{id}/credits"), "given", &given).success();
    }

    /// Its process.
    pub(crate) fn id(&self) -> i32 {
        self.process.0.id().try_into().unwrap()
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(mut self) {
        self.process.end();
    }

    /// Asks it to end.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process.0.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Waits until it has ended.
    pub(crate) fn wait(mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.process.0.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to end, and expects that it does well.
    pub(crate) fn stop(self) {
        self.signal("-TERM");
        assert_eq!(self.wait().code(), Some(0));
    }

    /// What it wrote to stderr, in all its lives on this directory.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.data.with_extension("log")).unwrap()
    }
}

/// A server that is coming up.
pub(crate) struct Starting {
    process: Process,
    data: PathBuf,
}

impl Starting {
    /// As [`Server::spawn`], without waiting until it is ready.
    pub(crate) fn spawn(data: &Path, command: &mut Command) -> Self {
        let log = data.with_extension("log");
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        Self { process: Process(child), data: data.to_owned() }
    }

    /// Waits until it is.
    pub(crate) fn ready(mut self) -> Server {
        let line = self.said();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| {
            let log = std::fs::read_to_string(self.data.with_extension("log")).unwrap_or_default();
            panic!("not ready: {error}: {line}\n{log}")
        });
        Server {
            process: self.process,
            url: ready["url"].as_str().unwrap().to_owned(),
            key: ready["test_key"].as_str().unwrap_or_default().to_owned(),
            data: self.data,
            client: client(),
        }
    }

    /// Ends it as a crash does. Was it ready before?
    pub(crate) fn kill(mut self) -> bool {
        self.process.end();
        !self.said().is_empty()
    }

    /// The line that says that it is ready; empty if it ended before.
    fn said(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }
}

/// A process that ends with its test: one that failed leaves no server behind.
struct Process(Child);

impl Process {
    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The arguments of a server for tests.
pub(crate) fn serve_arguments(data: &Path) -> Vec<String> {
    let data = data.to_str().unwrap();
    ["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--data", data]
        .map(ToOwned::to_owned)
        .to_vec()
}

fn client() -> Client {
    client_builder().timeout(PATIENCE).build().unwrap()
}

/// The API of a server.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) url: String,
    pub(crate) key: String,
    client: Client,
}

impl Api {
    /// The same for those who don't wait as long.
    pub(crate) fn within(&self, patience: Duration) -> Self {
        Self { client: client_builder().timeout(patience).build().unwrap(), ..self.clone() }
    }

    /// The same with a connection of its own.
    pub(crate) fn separate(&self) -> Self {
        Self { client: client(), ..self.clone() }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.look(path).unwrap()
    }

    /// Fails if no complete reply came.
    pub(crate) fn look(&self, path: &str) -> reqwest::Result<Reply> {
        self.send(self.client.get(format!("{}{path}", self.url)))
    }

    /// Fails if no complete reply came.
    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> reqwest::Result<Reply> {
        let request = self.client.post(format!("{}{path}", self.url));
        self.send(request.header("Idempotency-Key", key).json(body))
    }

    /// The reply to a request, with its bytes as they came.
    pub(crate) fn post_bytes(&self, path: &str, key: &str, body: &Value) -> (u16, Vec<u8>) {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(&self.key);
        let response = request.header("Idempotency-Key", key).json(body).send().unwrap();
        (response.status().as_u16(), response.bytes().unwrap().to_vec())
    }

    /// Puts a file. Fails if no complete reply came.
    pub(crate) fn put(&self, path: &str, content: impl Into<Body>) -> reqwest::Result<Reply> {
        self.send(self.client.put(format!("{}{path}", self.url)).body(content))
    }

    /// Fails if no complete reply came.
    pub(crate) fn delete(&self, path: &str) -> reqwest::Result<Reply> {
        self.send(self.client.delete(format!("{}{path}", self.url)))
    }

    /// Reads a file.
    pub(crate) fn content(&self, path: &str) -> Vec<u8> {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.key);
        let response = request.send().unwrap().error_for_status().unwrap();
        response.bytes().unwrap().to_vec()
    }

    /// Follows a stream of server-sent events: the name, the id and the data of each.
    pub(crate) fn follow(&self, path: &str) -> impl Iterator<Item = (String, u64, Value)> + use<> {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.key);
        let response = request.send().unwrap().error_for_status().unwrap();
        let mut lines = BufReader::new(response).lines().map(Result::unwrap);
        iter::from_fn(move || {
            let (mut name, mut id, mut data) = (String::new(), 0, Value::Null);
            for line in lines.by_ref() {
                match line.split_once(": ") {
                    Some(("event", value)) => value.clone_into(&mut name),
                    Some(("id", value)) => id = value.parse().unwrap(),
                    Some(("data", value)) => data = serde_json::from_str(value).unwrap(),
                    _ if line.is_empty() && !name.is_empty() => return Some((name, id, data)),
                    _ => {}
                }
            }
            None
        })
    }

    fn send(&self, request: RequestBuilder) -> reqwest::Result<Reply> {
        Reply::of(request.bearer_auth(&self.key).send()?)
    }
}

/// A complete reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) replayed: bool,
    pub(crate) body: Value,
    /// The body's bytes.
    pub(crate) text: String,
    /// When to come again, in seconds; empty if it doesn't say.
    pub(crate) retry_after: String,
    /// The account's version, if it says one.
    pub(crate) version: Option<u64>,
}

impl Reply {
    fn of(response: Response) -> reqwest::Result<Self> {
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotency-replayed");
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.map_or("", |it| it.to_str().unwrap()).to_owned();
        let tag = response.headers().get("etag").and_then(|tag| tag.to_str().ok());
        let version = tag.and_then(|tag| tag.trim_matches('"').parse().ok());
        let text = response.text()?;
        let body = serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.clone()));
        Ok(Self { status, replayed, body, text, retry_after, version })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    #[track_caller]
    pub(crate) fn success(self) -> Value {
        assert!(self.is_success(), "{self:?}");
        self.body
    }

    #[track_caller]
    pub(crate) fn created(self) -> Value {
        assert_eq!(self.status, 201, "{self:?}");
        self.body
    }

    /// The problem's code.
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A client of these tests. They speak plain HTTP, but where another crate of the build gives the
/// client TLS without a provider, it wants one all the same.
pub(crate) fn client_builder() -> reqwest::blocking::ClientBuilder {
    // An error means that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}
