//! Clients that hold, capture, release and charge as fast as they can, each effect with its own key,
//! and remember every answer.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::{Api, PATIENCE, Server, bursar_on};

/// How many clients there are, and how many accounts.
const CLIENTS: usize = 12;
const ACCOUNTS: usize = 5;

/// The accounts that clients work on.
pub(crate) fn accounts() -> impl Iterator<Item = String> {
    (0..ACCOUNTS).map(|number| format!("customer-{number}"))
}

/// Opens the accounts, with more credits than any run can spend.
pub(crate) fn open_accounts(server: &Server) {
    for account in accounts() {
        server.customer(&account, 100_000_000);
    }
}

/// A request that changes something, and what came back.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: Value,
    /// The reply, if a complete one came: its status and body.
    pub(crate) reply: Option<(u16, Value)>,
}

impl Sent {
    /// Was it acknowledged?
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.reply.as_ref().is_some_and(|(status, _)| (200..300).contains(status))
    }

    /// The account it was for.
    fn account(&self) -> String {
        self.path.split('/').nth(3).unwrap().to_owned()
    }
}

/// Clients at work.
pub(crate) struct Load {
    enough: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Vec<Sent>>>,
}

impl Load {
    /// Starts clients whose keys begin with `name`.
    pub(crate) fn start(server: &Server, name: &str) -> Self {
        let enough = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let clients = (0..CLIENTS)
            .map(|number| {
                let client = Client {
                    api: server.api().separate(),
                    enough: Arc::clone(&enough),
                    acknowledged: Arc::clone(&acknowledged),
                    name: format!("{name}-{number}"),
                    sent: Vec::new(),
                };
                thread::spawn(move || client.run(number))
            })
            .collect();
        Self { enough, acknowledged, clients }
    }

    /// Waits until that many commands have been acknowledged.
    pub(crate) fn reach(&self, commands: usize) {
        let started = Instant::now();
        while self.acknowledged.load(Ordering::Relaxed) < commands {
            assert!(started.elapsed() < PATIENCE, "hardly any load in {PATIENCE:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Tells the clients to stop, and returns all that they sent.
    pub(crate) fn stop(self) -> Vec<Sent> {
        self.enough.store(true, Ordering::Relaxed);
        self.finish()
    }

    /// Waits until the clients have found that the server is gone or refuses, and returns all that
    /// they sent.
    pub(crate) fn finish(self) -> Vec<Sent> {
        self.clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    }
}

struct Client {
    api: Api,
    enough: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    name: String,
    sent: Vec<Sent>,
}

impl Client {
    /// Works until told to stop, or until something is not acknowledged.
    fn run(mut self, number: usize) -> Vec<Sent> {
        let accounts: Vec<String> = accounts().collect();
        for turn in number.. {
            if self.enough.load(Ordering::Relaxed) {
                break;
            }
            let account = &accounts[turn % accounts.len()];
            if self.turn(account, turn).is_none() {
                break;
            }
        }
        self.sent
    }

    /// One charge, or a hold that is captured or released. `None` if something wasn't acknowledged.
    fn turn(&mut self, account: &str, turn: usize) -> Option<()> {
        let at = format!("/v1/accounts/{account}");
        if turn.is_multiple_of(3) {
            let charge =
                json!({"credits": 0.5, "reason": "a charge", "reference": format!("job-{turn}")});
            self.post(format!("{at}/charges"), turn, "charge", charge)?;
            return Some(());
        }
        let hold = json!({"credits": 3, "reason": "a hold", "ttl_seconds": 3600});
        let held = self.post(format!("{at}/holds"), turn, "hold", hold)?;
        let id = held["id"].as_str().unwrap().to_owned();
        if turn % 3 == 1 {
            self.post(
                format!("{at}/holds/{id}/capture"),
                turn,
                "capture",
                json!({"credits": 1.25}),
            )?;
        } else {
            self.post(
                format!("{at}/holds/{id}/release"),
                turn,
                "release",
                json!({"reason": "failed"}),
            )?;
        }
        Some(())
    }

    fn post(&mut self, path: String, turn: usize, what: &str, body: Value) -> Option<Value> {
        let key = format!("{}-{turn}-{what}", self.name);
        let reply = self.api.post(&path, &key, &body).ok();
        let reply = reply.map(|reply| (reply.status, reply.body));
        self.sent.push(Sent { path, key, body, reply });
        let last = self.sent.last()?;
        let (_, body) = last.reply.clone().filter(|_| last.is_acknowledged())?;
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        Some(body)
    }
}

/// Sends everything again, over several connections; the replies come in the same order.
pub(crate) fn send_again(server: &Server, sent: &[Sent]) -> Vec<(u16, bool, Value)> {
    let parts = sent.chunks(sent.len().div_ceil(CLIENTS).max(1));
    thread::scope(|scope| {
        let clients: Vec<_> = parts
            .map(|part| {
                let api = server.api().separate();
                scope.spawn(move || {
                    let again = |sent: &Sent| {
                        let reply = api.post(&sent.path, &sent.key, &sent.body).unwrap();
                        (reply.status, reply.replayed, reply.body)
                    };
                    part.iter().map(again).collect::<Vec<_>>()
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

/// Sends everything of a round again: what was acknowledged is answered as before and marked, what
/// was in doubt is settled now. Returns all of it with its answers.
pub(crate) fn resolve(server: &Server, sent: Vec<Sent>) -> Vec<Sent> {
    let answers = send_again(server, &sent);
    let settled = sent.into_iter().zip(answers).map(|(sent, (status, replayed, body))| {
        if sent.is_acknowledged() {
            assert_eq!(sent.reply, Some((status, body.clone())), "{sent:?}");
            assert!(replayed, "done a second time: {sent:?}");
        } else {
            assert_eq!(sent.reply, None, "refused: {sent:?}");
            assert!((200..300).contains(&status), "{status} {body}: {sent:?}");
        }
        Sent { reply: Some((status, body)), ..sent }
    });
    settled.collect()
}

/// Account and idempotency key of every entry in the journal that has one, sorted, however often.
pub(crate) fn keys_in_journal(data: &Path) -> Vec<(String, String)> {
    keys_of_ledger(&bursar_on(data, &["ledger", "--format", "json"]).ok())
}

/// The same of what `bursar ledger` printed.
pub(crate) fn keys_of_ledger(ledger: &str) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    let mut last = (0, 0);
    for line in ledger.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let at = (event["commit"].as_u64().unwrap(), event["index"].as_u64().unwrap());
        // An entry of several events is one entry.
        if std::mem::replace(&mut last, at) == at {
            continue;
        }
        if let Some(key) = event["idempotency_key"].as_str() {
            keys.push((event["account"].as_str().unwrap().to_owned(), key.to_owned()));
        }
    }
    keys.sort();
    keys
}

/// Account and key of requests, sorted.
pub(crate) fn keys_of<'a>(sent: impl Iterator<Item = &'a Sent>) -> Vec<(String, String)> {
    let mut keys: Vec<_> = sent.map(|sent| (sent.account(), sent.key.clone())).collect();
    keys.sort();
    keys
}
