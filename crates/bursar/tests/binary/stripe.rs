//! The server with Stripe: its configuration, and its work with two that aren't Stripe.

mod configuration;
mod faults;
mod localstripe;
mod renewal;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use bursar_payments::fake::{FakeStripe, SECRET_KEY, WEBHOOK_SECRET, Webhook};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::server::{BURSAR, PATIENCE, Reply, Server, bursar_on, command, serve_arguments};

const INBOX: &str = "/v1/provider/stripe/webhooks";
const PUBLISHABLE_KEY: &str = "pk_test_shownToBrowsers";
const STARTER: i64 = 2900;

/// `bursar serve` with Stripe at this address. It logs what it can: no secret is in that either.
fn with_stripe(data: &Path, url: &str) -> Command {
    let mut serve = command(BURSAR);
    serve
        .args(serve_arguments(data))
        .args(["--stripe-url", url])
        .env("BURSAR_STRIPE_KEY", SECRET_KEY)
        .env("BURSAR_STRIPE_PUBLISHABLE_KEY", PUBLISHABLE_KEY)
        .env("BURSAR_STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
        .env("BURSAR_LOG", "trace");
    serve
}

fn path(account: &str, what: &str) -> String {
    format!("/v1/accounts/{account}/{what}")
}

/// Opens an account with a card.
fn open(server: &Server, account: &str, token: &str) {
    server.post("/v1/accounts", account, &json!({"id": account})).created();
    card(server, account, token).created();
}

fn card(server: &Server, account: &str, token: &str) -> Reply {
    server.post(&path(account, "payment_methods"), token, &json!({"token": token}))
}

fn subscribe(server: &Server, account: &str, plan: &str) -> Reply {
    let body = json!({"plan": plan, "interval": "month"});
    server.post(&path(account, "subscription"), plan, &body)
}

/// The account as it is shown.
fn account(server: &Server, account: &str) -> Value {
    server.get(&format!("/v1/accounts/{account}")).success()
}

fn state(server: &Server, id: &str) -> Value {
    account(server, id)["subscription"]["state"].clone()
}

/// Waits until something is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Stops a server. Its journal verifies, and no secret is in what it wrote, wherever.
fn finish(server: Server, secrets: &[&str]) {
    let metrics = server.get("/metrics").success().as_str().unwrap().to_owned();
    let (log, data) = (server.log(), server.data.clone());
    assert!(log.contains("TRACE"), "everything is logged");
    server.stop();
    bursar_on(&data, &["verify"]).ok();
    let mut files = Vec::new();
    read_all(&data, &mut files);
    let written = [("/metrics".to_owned(), metrics.into()), ("the log".to_owned(), log.into())];
    for (name, bytes) in files.into_iter().chain(written) {
        for secret in [SECRET_KEY, WEBHOOK_SECRET, "_secret_"].iter().chain(secrets) {
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} is in {name}");
        }
    }
}

fn read_all(dir: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for file in std::fs::read_dir(dir).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            read_all(&path, files);
        } else {
            files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

/// A server and our fake Stripe.
struct Shop {
    fake: FakeStripe,
    server: Server,
    data: PathBuf,
    _dir: TempDir,
    /// The fake's; it ends with this.
    _runtime: Runtime,
}

impl Shop {
    fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// With another configuration.
    fn start_with(change: impl FnOnce(&mut Command)) -> Self {
        let runtime = Runtime::new().unwrap();
        let fake = runtime.block_on(FakeStripe::start());
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let mut serve = with_stripe(&data, &fake.url);
        change(&mut serve);
        let server = Server::spawn(&data, &mut serve);
        Self { fake, server, data, _dir: dir, _runtime: runtime }
    }

    /// The server dies and comes back.
    fn crash(self) -> Self {
        let Self { fake, server, data, _dir, _runtime } = self;
        server.kill();
        let server = Server::spawn(&data, &mut with_stripe(&data, &fake.url));
        Self { fake, server, data, _dir, _runtime }
    }

    /// Delivers what Stripe has to tell since the last time; returns it.
    #[track_caller]
    fn deliver(&self) -> Vec<Webhook> {
        let webhooks = self.untold();
        for (headers, body) in &webhooks {
            self.server.deliver(INBOX, headers, body).success();
        }
        webhooks
    }

    fn untold(&self) -> Vec<Webhook> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        self.fake.webhooks(now.as_secs().try_into().unwrap())
    }

    /// Stripe's name of what one of our payments is there.
    #[track_caller]
    fn intent(&self, payment: &Value) -> String {
        let intents = self.fake.with(|books| books.intents.clone());
        let mut ours = intents.iter().filter(|it| it["metadata"]["bursar_payment"] == *payment);
        let name = ours.next().expect("it is at Stripe")["id"].as_str().unwrap().to_owned();
        assert!(ours.next().is_none(), "{payment} is there twice");
        name
    }

    /// What Stripe took for one of our payments and didn't return.
    fn kept(&self, payment: &Value) -> i64 {
        self.fake.with(|books| books.kept(payment.as_str().unwrap()))
    }

    /// Everything that was ever taken.
    fn taken(&self) -> i64 {
        self.fake.with(|books| books.taken.iter().map(|(_, amount)| amount).sum())
    }

    fn finish(self) {
        finish(self.server, &[]);
    }
}
