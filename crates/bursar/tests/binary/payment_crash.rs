//! SIGKILL while customers buy and return things: what was acknowledged is there, and what the bank has
//! is what the books say.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bursar_core::money::Currency;
use bursar_core::postings::MoneyBook;
use bursar_sqlite::{Options, SqliteStore};
use bursar_store::audit::Audit;
use bursar_store::{JournalPosition, Registry, Store};
use serde_json::{Value, json};

use super::load::{Sent, resolve, send_again};
use super::server::{Api, PATIENCE, Server, bursar_on};

/// After how many acknowledged requests each crash comes; not always as many, so that crashes hit
/// payments at different stages.
const CRASHES: [usize; 12] = [9, 40, 3, 31, 25, 1, 52, 17, 5, 33, 13, 26];
const CUSTOMERS: usize = 4;

#[test]
fn no_crash_charges_twice_or_forgets_a_charge() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data);
    let mut all: Vec<Sent> = Vec::new();
    for (round, requests) in CRASHES.into_iter().enumerate() {
        let shopping = Shopping::start(&server, round);
        shopping.reach(requests);
        server.kill();
        let sent = shopping.finish();
        server = Server::start(&data);
        all.extend(resolve(&server, sent));
    }
    // Not only the crash right before: nothing of any round has changed.
    for (sent, (status, replayed, body)) in all.iter().zip(send_again(&server, &all)) {
        assert_eq!(sent.reply, Some((status, body)), "{sent:?}");
        assert!(replayed, "{sent:?}");
    }
    all_is_paid(&server, &all);
    server.stop();
    bursar_on(&data, &["verify"]).ok();
    let (kept, cash) = money(&data);
    assert!(cash > 0);
    assert_eq!(kept, cash, "what the bank has, and what the books say");
}

/// Customers who go from one account to the next and buy all there is.
struct Shopping {
    acknowledged: Arc<AtomicUsize>,
    customers: Vec<JoinHandle<Vec<Sent>>>,
}

impl Shopping {
    fn start(server: &Server, round: usize) -> Self {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let customers = (0..CUSTOMERS)
            .map(|number| {
                let (api, acknowledged) = (server.api().separate(), Arc::clone(&acknowledged));
                let mut customer = Customer { api, acknowledged, sent: Vec::new() };
                thread::spawn(move || {
                    let accounts = (0..).map(|turn| format!("buyer-{round}-{number}-{turn}"));
                    let _ = accounts.map(|account| customer.shop(&account)).find(Option::is_none);
                    customer.sent
                })
            })
            .collect();
        Self { acknowledged, customers }
    }

    /// Waits until that many requests have been acknowledged.
    fn reach(&self, requests: usize) {
        let started = Instant::now();
        while self.acknowledged.load(Ordering::Relaxed) < requests {
            assert!(started.elapsed() < PATIENCE, "hardly any load in {PATIENCE:?}");
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// All that was sent until the server was gone.
    fn finish(self) -> Vec<Sent> {
        self.customers.into_iter().flat_map(|customer| customer.join().unwrap()).collect()
    }
}

struct Customer {
    api: Api,
    acknowledged: Arc<AtomicUsize>,
    sent: Vec<Sent>,
}

impl Customer {
    /// Subscribes, upgrades, tops up and returns it all. `None` once something isn't acknowledged.
    fn shop(&mut self, account: &str) -> Option<()> {
        let at = |what: &str| format!("/v1/accounts/{account}/{what}");
        let plan = |plan: &str| json!({"plan": plan, "interval": "month"});
        let pack = json!({"pack": "small"});
        self.post("/v1/accounts".to_owned(), account, "open", json!({"id": account}))?;
        let card = json!({"token": "pm_card_visa"});
        self.post(at("payment_methods"), account, "card", card)?;
        self.post(at("subscription"), account, "subscribe", plan("starter"))?;
        self.post(at("topups"), account, "topup", pack.clone())?;
        self.post(at("subscription"), account, "upgrade", plan("professional"))?;
        self.post(at("topups"), account, "another", pack)?;
        // The top-up's; the first is the subscription's.
        self.post(at("invoices/inv_2/refund"), account, "return", json!({}))?;
        self.post(at("subscription/refund"), account, "leave", json!({}))?;
        Some(())
    }

    fn post(&mut self, path: String, account: &str, what: &str, body: Value) -> Option<()> {
        let key = format!("{account}-{what}");
        let reply = self.api.post(&path, &key, &body).ok();
        let reply = reply.map(|reply| (reply.status, reply.body));
        self.sent.push(Sent { path, key, body, reply });
        let is_acknowledged = self.sent.last().is_some_and(Sent::is_acknowledged);
        self.acknowledged.fetch_add(usize::from(is_acknowledged), Ordering::Relaxed);
        is_acknowledged.then_some(())
    }
}

/// No payment or refund is under way any more.
fn all_is_paid(server: &Server, all: &[Sent]) {
    let started = Instant::now();
    for sent in all.iter().filter(|sent| sent.path == "/v1/accounts") {
        let path = format!("/v1/accounts/{}", sent.body["id"].as_str().unwrap());
        while server.get(&path).success()["open_payments"] != json!([]) {
            assert!(started.elapsed() < PATIENCE, "under way for ever: {path}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// What the sandbox has taken and not returned, and what the books have as cash.
pub(crate) fn money(data: &Path) -> (i128, i128) {
    let store = SqliteStore::open(data, Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let payments = store.settings("sandbox/payments/").await.unwrap();
        let kept = payments.iter().map(|(_, row)| {
            let row: Value = serde_json::from_slice(row).unwrap();
            match row["stage"]["state"].as_str().unwrap() {
                "succeeded" => {
                    row["money"]["amount"].as_i64().unwrap() - row["refunded"].as_i64().unwrap()
                }
                _ => 0,
            }
        });
        let kept: i64 = kept.sum();
        let mut audit = Audit::new();
        let mut last = JournalPosition::default();
        loop {
            let page = store.journal(last, 1_000).await.unwrap();
            let Some((position, _)) = page.last() else { break };
            last = *position;
            for (position, entry) in &page {
                audit.add(*position, entry).unwrap();
            }
        }
        assert!(audit.accounts().all(|account| !account.billing.is_waiting()));
        let cash = audit.money_totals().get(&(Currency::USD, MoneyBook::Cash)).copied();
        (i128::from(kept), cash.unwrap_or(0))
    })
}
