//! The engine on the embedded store, and accounts in it.

use std::path::Path;
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
use bursar_sqlite::SqliteStore;

/// How many commands are sent at once when accounts are made.
const AT_ONCE: usize = 3_000;

/// A running engine.
pub(crate) struct Node {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<SqliteStore>,
}

impl Node {
    pub(crate) async fn open(directory: &Path) -> Self {
        Self::open_at(directory, Arc::new(SystemClock)).await
    }

    pub(crate) async fn open_at(directory: &Path, clock: Arc<dyn Clock>) -> Self {
        let store = SqliteStore::open(directory, bursar_sqlite::Options::default()).unwrap();
        let store = Arc::new(store);
        let sandbox = Sandbox::new(SandboxConfig {
            base_url: "http://127.0.0.1/sandbox".to_owned(),
            webhook_secret: Secret::new("bench"),
        });
        let options = Options {
            store: store.clone(),
            catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
            clock,
            provider: Arc::new(sandbox),
            vault: Arc::new(bursar_vault::Vault::memory()),
            seed: None,
        };
        Self { engine: Engine::start(options).await.unwrap(), store }
    }

    /// Does all of it, or stops.
    pub(crate) async fn does(&self, envelopes: Vec<Envelope>) {
        for outcome in self.engine.execute_many(envelopes).await {
            outcome.unwrap();
        }
    }

    /// Opens accounts with two lots each, of which the first expires.
    pub(crate) async fn populate(&self, accounts: std::ops::Range<usize>) {
        let numbers: Vec<usize> = accounts.collect();
        for numbers in numbers.chunks(AT_ONCE / 3) {
            self.does(numbers.iter().flat_map(|number| opening(&id(*number))).collect()).await;
        }
        self.settle().await;
    }

    /// Waits until the views are level with the journal.
    pub(crate) async fn settle(&self) {
        while self.store.lag().entries > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.engine.shutdown().await.unwrap();
    }
}

/// An account's id by its number: numbers that follow each other must not be neighbours in every index.
pub(crate) fn id(number: usize) -> AccountId {
    let spread = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("acc_{spread:016x}{number:08x}").parse().unwrap()
}

/// What opens an account and gives it its lots.
fn opening(account: &AccountId) -> [Envelope; 3] {
    let year = Duration::from_secs(365 * 86_400);
    let commands =
        [open(), give(10_000_000, Some(SystemClock.now().after(year))), give(1_000_000_000, None)];
    commands.map(|command| by_us(account, command))
}

pub(crate) fn by_us(account: &AccountId, command: Command) -> Envelope {
    Envelope::new(account.clone(), command, Actor::System)
}

pub(crate) fn open() -> Command {
    Command::Open(Open { zone: ZoneName::utc(), currency: None })
}

/// A lot: promotional if it expires, else topped up.
pub(crate) fn give(credits: i64, expires_at: Option<Timestamp>) -> Command {
    let credits = Credits::from_whole(credits).unwrap();
    let class = if expires_at.is_some() { Class::Promo } else { Class::Topup };
    let reason = "a gift".parse().unwrap();
    Command::AdjustCredits(AdjustCredits { credits, class, reason, expires_at })
}

pub(crate) fn one_credit() -> SpendRequest {
    SpendRequest::Credits { credits: Credits::ONE, reason: "a picture".parse().unwrap() }
}

/// A charge of one credit under a key of its own.
pub(crate) fn charge(account: &AccountId, key: &str) -> Envelope {
    let mut envelope =
        by_us(account, Command::Charge(Charge { spend: one_credit(), reference: None }));
    envelope.key = Some(key.parse().unwrap());
    envelope
}
