//! Charges through the engine, on one node or several, each with its own connections.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::{AdjustCredits, Charge, Command, Open, SpendRequest};
use bursar_core::account::event::Actor;
use bursar_core::catalog::Class;
use bursar_core::credits::Credits;
use bursar_core::id::AccountId;
use bursar_core::time::{Timestamp, ZoneName};
use bursar_engine::{Clock, Engine, Envelope, Options, SystemClock};
use bursar_payments::Secret;
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_postgres::PostgresStore;
use tokio_postgres::Client;

use super::load::{Cost, Load, Order, name};
use super::plan::{LOTS, Plan};
use super::server::{Server, connect};

/// Its part of the comparison.
pub(crate) struct Bench {
    url: String,
    accounts: usize,
    charges: u64,
}

impl Bench {
    /// Each account has two lots.
    pub(crate) async fn begin(server: &Server, plan: &Plan) -> Self {
        let url = server.database().await;
        let node = node(&url).await;
        let accounts: Vec<usize> = (0..plan.accounts).collect();
        for accounts in accounts.chunks(1_000) {
            let open = accounts.iter().flat_map(|account| opening(&id(*account)));
            for outcome in node.execute_many(open.collect()).await {
                outcome.unwrap();
            }
        }
        node.shutdown().await.unwrap();
        Self { url, accounts: plan.accounts, charges: 0 }
    }

    pub(crate) async fn measure(&mut self, server: &Server, load: &Load, count: usize) -> Cost {
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(node(&self.url).await);
        }
        let charger = |client: usize| {
            let node = nodes[client % nodes.len()].clone();
            move |request: Vec<Order>| {
                let node = node.clone();
                async move {
                    let charges = request.iter().map(charge).collect();
                    for outcome in node.execute_many(charges).await {
                        outcome.unwrap();
                    }
                }
            }
        };
        let (charges, commits) = (self.charges, self.commits().await);
        let cost = load.run(server, &mut self.charges, charger).await;
        for node in nodes {
            node.shutdown().await.unwrap();
        }
        let commits = self.commits().await - commits;
        Cost { per_commit: (self.charges - charges) as f64 / commits as f64, ..cost }
    }

    async fn commits(&self) -> i64 {
        count(&connect(&self.url).await, "SELECT last_value FROM bursar.journal_commits").await
    }

    /// Every charge is there once, and every balance is what the statement leaves. With `--replay` the
    /// journal is replayed, too, and compared with the tables: that takes longer than the measurements.
    pub(crate) async fn verify(&self, plan: &Plan) {
        let client = connect(&self.url).await;
        let charges = self.charges as i64;
        bursar_postgres::report(&self.url, false, |_, _| {}).await.unwrap();
        for (select, expected, what) in [
            ("SELECT count(*) FROM bursar.idempotency", charges, "keys"),
            ("SELECT count(*) FROM bursar.statement WHERE kind = 'charge'", charges, "charges"),
            (
                "SELECT sum(entries) FROM bursar.journal",
                charges + 3 * self.accounts as i64,
                "entries of the journal",
            ),
            (
                "SELECT (sum(available) / 1000000)::bigint FROM bursar.accounts",
                (LOTS[0] + LOTS[1]) * self.accounts as i64 - charges,
                "credits",
            ),
            (
                "SELECT count(*) FROM bursar.accounts AS a JOIN (
                    SELECT account_id, sum(credits) AS credits FROM bursar.statement GROUP BY 1
                 ) AS s USING (account_id) WHERE a.available <> s.credits",
                0,
                "balances that are not what the statement leaves",
            ),
        ] {
            assert_eq!(count(&client, select).await, expected, "{what}");
        }
        println!("Bursar: {charges} charges, each there once, and every balance adds up");
        if plan.replay {
            let report = bursar_postgres::verify(&self.url, |_, _| {}).await.unwrap();
            println!("Bursar: the replay of {} entries adds up", report.entries);
        }
    }
}

async fn count(client: &Client, select: &str) -> i64 {
    client.query_one(select, &[]).await.unwrap().get(0)
}

async fn node(url: &str) -> Engine {
    let store = PostgresStore::open(url, bursar_postgres::Options::default()).await.unwrap();
    let sandbox = Sandbox::new(SandboxConfig {
        base_url: "http://127.0.0.1/sandbox".to_owned(),
        webhook_secret: Secret::new("bench"),
    });
    let options = Options {
        store: Arc::new(store),
        catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
        clock: Arc::new(SystemClock),
        provider: Arc::new(sandbox),
        vault: Arc::new(bursar_vault::Vault::memory()),
        seed: None,
    };
    Engine::start(options).await.unwrap()
}

fn id(account: usize) -> AccountId {
    name(account).parse().unwrap()
}

/// What opens an account and gives it its lots.
fn opening(account: &AccountId) -> [Envelope; 3] {
    let year = Duration::from_secs(365 * 86_400);
    let [first, second] = LOTS;
    let commands = [
        Command::Open(Open { zone: ZoneName::utc(), currency: None }),
        give(first, Class::Promo, Some(SystemClock.now().after(year))),
        give(second, Class::Topup, None),
    ];
    commands.map(|command| Envelope::new(account.clone(), command, Actor::System))
}

fn give(credits: i64, class: Class, expires_at: Option<Timestamp>) -> Command {
    let credits = Credits::from_whole(credits).unwrap();
    let reason = "a gift".parse().unwrap();
    Command::AdjustCredits(AdjustCredits { credits, class, reason, expires_at })
}

fn charge(order: &Order) -> Envelope {
    let credits = Credits::from_whole(1).unwrap();
    let spend = SpendRequest::Credits { credits, reason: "a picture".parse().unwrap() };
    let command = Command::Charge(Charge { spend, reference: None });
    let mut envelope = Envelope::new(id(order.account), command, Actor::System);
    envelope.key = Some(order.key.parse().unwrap());
    envelope
}
