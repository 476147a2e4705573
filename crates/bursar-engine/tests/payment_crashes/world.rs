//! A customer, a bank and a disk that outlive the engine, and the lives of the engine between crashes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use bursar_core::Context;
use bursar_core::account::Account;
use bursar_core::account::command::{ChangePlan, Command, Open};
use bursar_core::account::event::Actor;
use bursar_core::account::payments::{OpenPayment, Stage};
use bursar_core::catalog::{Catalog, Interval};
use bursar_core::id::AccountId;
use bursar_core::time::{Timestamp, ZoneName};
use bursar_engine::clock::ManualClock;
use bursar_engine::{Clock, Committed, Engine, Envelope, Failure, Options, Outcome};
use bursar_payments::CustomerStep;
use bursar_store::memory::{CommitFault, MemoryStore};
use bursar_store::{Batch, StoreError};

use crate::bank::{Bank, Moment};

/// How long anything may really take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How far the clock goes while a payment comes to its end: as long as late webhooks take, and well
/// below what dunning and top-ups wait.
const WHILE: Duration = Duration::from_secs(120);

static CATALOG: LazyLock<Arc<Catalog>> =
    LazyLock::new(|| Arc::new(bursar_catalog::scriptkit().unwrap()));

/// Which commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one that asks for money, or for its return.
    Order,
    /// The one with the provider's answer.
    Answer,
}

impl Which {
    fn is_it(self, batch: &Batch) -> bool {
        let answers = |actor: &Actor| matches!(actor, Actor::Provider(_));
        let money = |entry: &bursar_store::Entry| {
            let mut events = entry.events.iter();
            events.any(|it| bursar_core::account::payments::record::subject(&it.event).is_some())
        };
        let mut entries = batch.entries.iter();
        entries.any(|entry| answers(&entry.actor) == (self == Self::Answer) && money(entry))
    }
}

pub(crate) struct World {
    disk: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) bank: Arc<Bank>,
    lives: AtomicU64,
}

/// The engine from a start to a crash.
pub(crate) struct Life<'a> {
    pub(crate) world: &'a World,
    pub(crate) engine: Engine,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            disk: Arc::new(MemoryStore::new()),
            clock: Arc::new(ManualClock::new("2026-03-01T00:00:00Z".parse().unwrap())),
            bank: Arc::new(Bank::new()),
            lives: AtomicU64::new(1),
        }
    }

    /// Runs an engine that crashes at the end: its runtime is gone from one moment to the next, with
    /// all that it had in memory. Its timers run as fast as nothing else is to be done.
    pub(crate) fn live<T>(&self, act: impl AsyncFnOnce(&Life<'_>) -> T) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let life = Life { world: self, engine: self.start().await };
            act(&life).await
        })
    }

    /// Starts an engine once the last one's writer is gone.
    async fn start(&self) -> Engine {
        let started = Instant::now();
        self.disk.fail_commits(false);
        loop {
            let options = Options {
                store: Arc::new(self.disk.reopen()),
                catalog: Arc::clone(&CATALOG),
                clock: self.clock.clone(),
                provider: self.bank.clone(),
                vault: Arc::new(bursar_vault::Vault::memory()),
                seed: Some(self.lives.fetch_add(1, Ordering::Relaxed)),
            };
            match Engine::start(options).await {
                Ok(engine) => return engine,
                Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
            }
            breathe();
        }
    }

    /// Lets one commit fail; the moment is when it has. If the process dies there, no other comes
    /// after it.
    pub(crate) fn fail(&self, which: Which, fault: CommitFault, dies: bool) -> Moment {
        let moment = Moment::default();
        let reached = moment.clone();
        let mut is_over = false;
        self.disk.fail_commits_with(move |batch| match is_over {
            true => dies.then(refused),
            false if which.is_it(batch) => {
                is_over = true;
                reached.reached();
                Some(fault.clone())
            }
            false => None,
        });
        moment
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.set(self.clock.now().after(time));
    }

    pub(crate) fn context(&self) -> Context {
        Context { now: self.clock.now(), entropy: [0; 10] }
    }

    /// The customer approves the page of a payment at the bank.
    pub(crate) fn approve(&self, step: &CustomerStep) {
        let CustomerStep::Page { url } = step else { panic!("no page: {step:?}") };
        let secret = url.rsplit('/').next().unwrap();
        self.bank.sandbox.answer_challenge(secret, b"answer=approve", &self.context()).unwrap();
    }
}

pub(crate) fn refused() -> CommitFault {
    CommitFault::Refused(StoreError::Unavailable("told to fail".to_owned()))
}

/// Lets other threads work: the time of the runtime is not theirs.
fn breathe() {
    std::thread::sleep(Duration::from_micros(100));
}

pub(crate) fn ada() -> AccountId {
    "ada".parse().unwrap()
}

/// A command of the customer, under a key.
pub(crate) fn send(command: Command, key: &str) -> Envelope {
    Envelope { key: Some(key.parse().unwrap()), ..Envelope::new(ada(), command, Actor::System) }
}

pub(crate) fn plan(plan: &str, interval: Interval) -> Command {
    Command::ChangePlan(ChangePlan { plan: plan.to_owned(), interval, confirms: None })
}

impl Life<'_> {
    pub(crate) async fn open(&self) {
        self.execute(send(Command::Open(Open { zone: ZoneName::utc(), currency: None }), "open"))
            .await
            .unwrap();
    }

    pub(crate) async fn execute(&self, envelope: Envelope) -> Outcome {
        self.engine.execute(envelope).await
    }

    pub(crate) async fn add_card(&self, token: &str, key: &str) -> Outcome {
        let envelope = send(Command::Advance, key);
        self.engine.add_payment_method(envelope, token.parse().unwrap(), true).await
    }

    /// An account with that card.
    pub(crate) async fn customer(&self, token: &str) {
        self.open().await;
        self.add_card(token, "card").await.unwrap();
    }

    /// An account on Starter by the month, paid with that card.
    pub(crate) async fn subscriber(&self, token: &str) {
        self.customer(token).await;
        self.execute(send(plan("starter", Interval::Month), "start")).await.unwrap();
        self.settle().await;
    }

    /// Sends a request until it is answered, as a client with a key does.
    pub(crate) async fn insist(&self, ask: impl AsyncFn() -> Outcome) -> Committed {
        let started = Instant::now();
        loop {
            match ask().await {
                Ok(committed) => return committed,
                Err(Failure::Unknown(_) | Failure::Unavailable(_)) => {
                    assert!(started.elapsed() < PATIENCE, "no answer");
                    breathe();
                }
                Err(failure) => panic!("{failure}"),
            }
        }
    }

    pub(crate) async fn account(&self) -> Arc<Account> {
        self.engine.store().account(&ada()).await.unwrap().unwrap()
    }

    /// Books what is due, as the scheduler would in a moment.
    pub(crate) async fn look(&self) {
        self.engine.view(&ada()).await.unwrap();
    }

    /// Delivers the webhooks that are due; those that can't be kept are sent again in a minute.
    pub(crate) async fn webhooks(&self) -> usize {
        let (sandbox, now) = (&self.world.bank.sandbox, self.world.clock.now());
        let due = sandbox.due_webhooks(now).unwrap();
        let count = due.len();
        for webhook in due {
            let event = self.engine.provider().verify_webhook(&webhook.headers, &webhook.body, now);
            if self.engine.hear_provider(event.unwrap()).await.is_ok() {
                sandbox.webhook_delivered(webhook.delivery).unwrap();
            }
        }
        count
    }

    /// The page that a payment waits for, if it does and its customer is still asked for.
    pub(crate) async fn page(&self, payment: &OpenPayment) -> Option<CustomerStep> {
        if payment.stage != Stage::RequiresAction || payment.abandoned {
            return None;
        }
        let row = self.engine.store().payment(&ada(), payment.id).await.unwrap().unwrap();
        self.engine.payment_step(&ada(), &row).await.unwrap()
    }

    /// Waits until a payment waits for the customer, and returns its page.
    pub(crate) async fn waiting_page(&self) -> CustomerStep {
        let started = Instant::now();
        loop {
            self.webhooks().await;
            for payment in &self.account().await.billing.payments {
                if let Some(page) = self.page(payment).await {
                    return page;
                }
            }
            assert!(started.elapsed() < PATIENCE, "no payment waits for the customer");
            self.moment().await;
        }
    }

    /// Lets everything come to its end: the bank takes its time, webhooks arrive, and a customer who
    /// approves does.
    pub(crate) async fn finish(&self, approves: bool) {
        let (started, begun) = (Instant::now(), self.world.clock.now());
        loop {
            self.webhooks().await;
            self.look().await;
            let account = self.account().await;
            if !account.billing.is_waiting() {
                return;
            }
            for payment in account.billing.payments.iter().filter(|_| approves) {
                if let Some(page) = self.page(payment).await {
                    self.world.approve(&page);
                }
            }
            assert!(started.elapsed() < PATIENCE, "under way for ever: {:?}", account.billing);
            self.tick(begun).await;
        }
    }

    /// Lets the provider answer, without any time passing on the clock.
    pub(crate) async fn settle(&self) {
        let started = Instant::now();
        while self.account().await.billing.is_waiting() {
            assert!(started.elapsed() < PATIENCE, "no answer");
            self.moment().await;
        }
    }

    /// Webhooks that were late or lost arrive after all: nobody learns anything new from them.
    pub(crate) async fn hear_old_news(&self) {
        let sandbox = &self.world.bank.sandbox;
        let version = self.account().await.version;
        self.world.pass(WHILE);
        loop {
            sandbox.controls().find_lost_webhooks(self.world.clock.now()).unwrap();
            if self.webhooks().await == 0 {
                break;
            }
        }
        assert_eq!(self.account().await.version, version, "old news changed something");
    }

    /// Time passes, but not more than a while.
    async fn tick(&self, begun: Timestamp) {
        let next = self.world.clock.now().after(Duration::from_secs(1));
        self.world.clock.set(next.min(begun.after(WHILE)));
        self.moment().await;
    }

    async fn moment(&self) {
        breathe();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

impl Life<'_> {
    /// Returns when nothing more is to be hoped for. Meanwhile time passes and webhooks arrive, or
    /// neither.
    pub(crate) async fn despair(&self, passes: bool) {
        let (started, begun) = (Instant::now(), self.world.clock.now());
        while started.elapsed() < PATIENCE {
            if passes {
                self.webhooks().await;
                self.tick(begun).await;
            }
            self.moment().await;
        }
    }
}
