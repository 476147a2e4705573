//! Nodes that share a database, a provider, a vault and a clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bursar_core::Context;
use bursar_core::account::command::{
    AdjustCredits, BuyTopup, ChangePlan, Charge, Command, Open, PlaceHold, SpendRequest,
};
use bursar_core::account::event::Actor;
use bursar_core::catalog::{Class, Interval};
use bursar_core::credits::Credits;
use bursar_core::id::AccountId;
use bursar_core::time::ZoneName;
use bursar_engine::clock::ManualClock;
use bursar_engine::{Clock, Engine, Envelope, Options, Outcome};
use bursar_postgres::PostgresStore;
use bursar_postgres::cluster::Cluster;
use bursar_vault::Vault;
use tokio::runtime::{Builder, Runtime};

use super::bank::Bank;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Town {
    url: String,
    pub(crate) bank: Arc<Bank>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) clock: Arc<ManualClock>,
}

impl Town {
    pub(crate) async fn new() -> Self {
        Self {
            url: Cluster::shared().database().await,
            bank: Arc::new(Bank::new()),
            vault: Arc::new(Vault::memory()),
            clock: Arc::new(ManualClock::new("2026-03-01T00:00:00Z".parse().unwrap())),
        }
    }

    /// Does something in the database behind the nodes' backs, over a connection of its own. What it began
    /// is rolled back unless it ends it.
    pub(crate) async fn sql(&self, sql: &str) -> impl Sized + use<> {
        let client = Cluster::shared().client(self.database()).await;
        client.batch_execute(&format!("SET search_path = bursar; {sql}")).await.unwrap();
        client
    }

    /// How many rows there are.
    pub(crate) async fn count(&self, from: &str) -> i64 {
        let client = Cluster::shared().client(self.database()).await;
        client.batch_execute("SET search_path = bursar").await.unwrap();
        client.query_one(&format!("SELECT count(*) FROM {from}"), &[]).await.unwrap().get(0)
    }

    fn database(&self) -> &str {
        self.url.rsplit('/').next().unwrap().split('?').next().unwrap()
    }

    /// Another node, on a runtime of its own. What it had in hand when it died goes to others after a
    /// second.
    pub(crate) async fn node(&self) -> Node {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (url, clock, provider) = (self.url.clone(), self.clock.clone(), self.bank.clone());
        let vault = Arc::clone(&self.vault);
        let started = runtime.spawn(async move {
            let lease = Duration::from_secs(1);
            let options =
                bursar_postgres::Options { lease, writers: 2, readers: 4, ..Default::default() };
            let store = Arc::new(PostgresStore::open(&url, options).await.unwrap());
            let catalog = Arc::new(bursar_catalog::scriptkit().unwrap());
            let seed = None;
            Engine::start(Options { store, catalog, clock, provider, vault, seed }).await.unwrap()
        });
        let engine = started.await.unwrap();
        Node { runtime: Some(runtime), engine }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.set(self.clock.now().after(time));
    }

    pub(crate) fn context(&self) -> Context {
        Context { now: self.clock.now(), entropy: [0; 10] }
    }
}

pub(crate) struct Node {
    runtime: Option<Runtime>,
    pub(crate) engine: Engine,
}

impl Node {
    /// Does something on the node's own runtime.
    pub(crate) async fn run<T, F>(&self, act: impl FnOnce(Engine) -> F) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        self.runtime.as_ref().unwrap().spawn(act(self.engine.clone())).await.unwrap()
    }

    /// Ends from one moment to the next, with whatever it had under way.
    pub(crate) fn dies(mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    pub(crate) async fn execute(&self, id: &AccountId, command: Command) -> Outcome {
        let envelope = Envelope::new(id.clone(), command, Actor::Customer);
        self.run(|engine| async move { engine.execute(envelope).await }).await
    }

    pub(crate) async fn does(&self, id: &AccountId, command: Command) {
        self.execute(id, command).await.unwrap();
    }

    /// Many commands at once.
    pub(crate) async fn does_all(&self, commands: Vec<(AccountId, Command)>) {
        let envelope = |(id, command)| Envelope::new(id, command, Actor::Customer);
        let envelopes = commands.into_iter().map(envelope).collect();
        let outcomes = self.run(|engine| async move { engine.execute_many(envelopes).await }).await;
        outcomes.into_iter().for_each(|outcome| drop(outcome.unwrap()));
    }

    /// An account with credits.
    pub(crate) async fn opens(&self, name: &str, credits: i64) -> AccountId {
        let id: AccountId = name.parse().unwrap();
        self.does_all([open(), give(credits)].map(|command| (id.clone(), command)).into()).await;
        id
    }

    /// An account with a card.
    pub(crate) async fn customer(&self, name: &str, card: &str) -> AccountId {
        let id = self.opens(name, 10).await;
        let envelope = Envelope::new(id.clone(), Command::Advance, Actor::Customer);
        let token = card.parse().unwrap();
        let added = self
            .run(|engine| async move { engine.add_payment_method(envelope, token, true).await });
        added.await.unwrap();
        id
    }

    /// The value of a metric by its line's beginning; 0 if it isn't there.
    pub(crate) fn metric(&self, line: &str) -> u64 {
        let text = self.engine.metrics().render();
        let found = text.lines().find_map(|found| found.strip_prefix(line));
        found.map_or(0, |value| value.trim().parse().unwrap())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

pub(crate) fn open() -> Command {
    Command::Open(Open { zone: ZoneName::utc(), currency: None })
}

pub(crate) fn give(credits: i64) -> Command {
    Command::AdjustCredits(AdjustCredits {
        credits: Credits::from_whole(credits).unwrap(),
        class: Class::Promo,
        reason: "test".parse().unwrap(),
        expires_at: None,
    })
}

fn one() -> SpendRequest {
    SpendRequest::Credits { credits: Credits::ONE, reason: "job".parse().unwrap() }
}

pub(crate) fn charge() -> Command {
    Command::Charge(Charge { spend: one(), reference: None })
}

pub(crate) fn hold() -> Command {
    Command::PlaceHold(PlaceHold { spend: one(), ttl: None, reference: None })
}

pub(crate) fn topup() -> Command {
    Command::BuyTopup(BuyTopup { pack: "small".to_owned() })
}

pub(crate) fn subscribe() -> Command {
    let plan = "starter".to_owned();
    Command::ChangePlan(ChangePlan { plan, interval: Interval::Month, confirms: None })
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let patience = Instant::now() + PATIENCE;
    while !so().await {
        assert!(Instant::now() < patience, "it never came to this: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
