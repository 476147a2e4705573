//! The engine's handle: what the API, the scheduler and the CLI hold.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use bursar_core::account::command::Command;
use bursar_core::account::event::Actor;
use bursar_core::account::{Account, advance::advance};
use bursar_core::catalog::Catalog;
use bursar_core::id::{AccountId, SpendId};
use bursar_core::time::Timestamp;
use bursar_payments::PaymentProvider;
use bursar_store::{Entry, SpendEvent, StatementRow, Store, StoreError};
use bursar_vault::Vault;
use parking_lot::Mutex;
use rand::RngCore;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::clock::Clock;
use crate::envelope::{Envelope, Failure, Outcome};
use crate::errands::Bench;
use crate::live::Live;
use crate::mailer::Marks;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::replies::Replies;
use crate::seal::Seal;
use crate::visits::Visits;
use crate::writer::{Job, WriterLoop};

/// Jobs that may wait for one writer before callers have to.
const QUEUE: usize = 16_384;

/// What an engine is made of.
pub struct Options {
    /// The database.
    pub store: Arc<dyn Store>,
    /// What is sold.
    pub catalog: Arc<Catalog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who takes the money.
    pub provider: Arc<dyn PaymentProvider>,
    /// Who keeps the bytes of assets.
    pub vault: Arc<Vault>,
    /// Seeds randomness; from the operating system, if absent.
    pub seed: Option<u64>,
}

/// A running engine. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    seal: Seal,
    visits: Visits,
    provider: Arc<dyn PaymentProvider>,
    vault: Arc<Vault>,
    outbox: Outbox,
    /// A secret that is another in each installation.
    installation: [u8; 32],
    live: Arc<Live>,
    marks: Arc<Marks>,
    /// One queue per writer; empty once the engine shuts down.
    queues: Mutex<Vec<mpsc::Sender<Job>>>,
    running: Mutex<Vec<Running>>,
    entropy: Mutex<StdRng>,
    stop: watch::Sender<bool>,
}

/// An account as it is at this moment: what fell due is booked.
#[derive(Clone, Debug)]
pub struct View {
    /// The account.
    pub account: Arc<Account>,
    /// Its present.
    pub now: Timestamp,
}

impl Engine {
    /// Starts the writers, the scheduler and the workers, on the runtime that it is called in. If the
    /// store's writers don't block and that runtime has one thread, all happens in an order that depends
    /// on nothing but what it is given, which is what simulation needs.
    ///
    /// # Errors
    /// [`StoreError`] if the store gives no writer or no secret.
    pub async fn start(options: Options) -> Result<Self, StoreError> {
        let Options { store, catalog, clock, provider, vault, seed } = options;
        let mut entropy = seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64);
        let seal = Seal::load(&*store, &mut entropy).await?;
        let visits = Visits::open(Arc::clone(&store), Arc::clone(&clock)).await?;
        let installation = installation(&*store, &mut entropy).await?;
        let (outbox, work) = Outbox::new();
        let (eraser, to_erase) = Bench::new();
        let metrics = Arc::new(Metrics::new());
        let live = Arc::new(Live::new(store.is_shared()));
        let marks = Arc::new(Marks::default());
        let (mut queues, mut running) = (Vec::new(), Vec::new());
        for number in 0..store.writers().max(1) {
            let (queue, jobs) = mpsc::channel(QUEUE);
            let (replies, handing) = if store.writers_block() {
                let (replies, task) = Replies::together();
                (replies, Some(task))
            } else {
                (Replies::Own, None)
            };
            let writer = WriterLoop {
                store: store.writer()?,
                jobs,
                catalog: Arc::clone(&catalog),
                clock: Arc::clone(&clock),
                entropy: Box::new(StdRng::seed_from_u64(entropy.next_u64())),
                live: Arc::clone(&live),
                marks: Arc::clone(&marks),
                replies,
                outbox: outbox.clone(),
                eraser: eraser.clone(),
                metrics: Arc::clone(&metrics),
                committing: false,
                put_off: Vec::new(),
            };
            queues.push(queue);
            running.push(match handing {
                Some(handing) => in_thread(number, writer, handing)?,
                None => Running::Task(tokio::spawn(writer.run())),
            });
        }
        let shared = Shared {
            store,
            catalog,
            clock,
            metrics,
            seal,
            visits,
            provider: Arc::clone(&provider),
            vault,
            outbox: outbox.clone(),
            installation,
            live: Arc::clone(&live),
            marks,
            queues: Mutex::new(queues),
            running: Mutex::new(running),
            entropy: Mutex::new(entropy),
            stop: watch::channel(false).0,
        };
        let engine = Self { shared: Arc::new(shared) };
        tokio::spawn(crate::live::run(engine.clone(), live));
        tokio::spawn(crate::scheduler::run(engine.clone()));
        tokio::spawn(crate::outbox::run(engine.clone(), provider, outbox, work));
        tokio::spawn(crate::eraser::run(engine.clone(), eraser, to_erase));
        tokio::spawn(crate::sweep::run(engine.clone()));
        Ok(engine)
    }

    /// The catalog in force.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.shared.catalog
    }

    /// The database, for reads that need no account.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// The engine's metrics.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// The maker and reader of tokens for quotes and previews.
    pub fn seal(&self) -> &Seal {
        &self.shared.seal
    }

    /// Customers at the portal.
    pub fn visits(&self) -> &Visits {
        &self.shared.visits
    }

    /// Who takes the money.
    pub fn provider(&self) -> &Arc<dyn PaymentProvider> {
        &self.shared.provider
    }

    /// Who keeps the bytes of assets.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.shared.vault
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.shared.outbox
    }

    pub(crate) fn marks(&self) -> &Marks {
        &self.shared.marks
    }

    pub(crate) fn installation(&self) -> [u8; 32] {
        self.shared.installation
    }

    /// The real time.
    pub fn wall_now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Fresh random bytes.
    pub fn entropy<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.shared.entropy.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// Everything that is committed from now on, on all accounts, by whichever node: those of one account in
    /// order, each once.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] if other nodes can't be followed now.
    pub async fn listen(&self) -> Result<broadcast::Receiver<Arc<Entry>>, Failure> {
        self.shared.live.listen().await
    }

    /// What this node commits from now on.
    pub(crate) fn listen_here(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.shared.live.listen_here()
    }

    /// Does one command and waits until it is durable.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn execute(&self, envelope: Envelope) -> Outcome {
        let outcome = self.execute_many(vec![envelope]).await.pop();
        outcome.unwrap_or(Err(Failure::ShuttingDown))
    }

    /// Does commands of any accounts and waits until all are durable. Those on one account are done
    /// in order. Each has its own outcome, in the same order; they are not a transaction.
    pub async fn execute_many(&self, envelopes: Vec<Envelope>) -> Vec<Outcome> {
        if let Some(queue) = self.only_queue() {
            return self.enqueue(&queue, envelopes).await;
        }
        let queues = self.shared.queues.lock().clone();
        let mut parts: BTreeMap<usize, (Vec<usize>, Vec<Envelope>)> = BTreeMap::new();
        let total = envelopes.len();
        for (index, envelope) in envelopes.into_iter().enumerate() {
            let part = parts.entry(writer_of(&envelope.account, queues.len())).or_default();
            part.0.push(index);
            part.1.push(envelope);
        }
        let parts = parts.into_iter().filter_map(|(writer, (indices, envelopes))| {
            let queue = queues.get(writer)?;
            Some(async move { (indices, self.enqueue(queue, envelopes).await) })
        });
        let mut outcomes: Vec<Outcome> = (0..total).map(|_| Err(Failure::ShuttingDown)).collect();
        for (indices, part) in futures::future::join_all(parts).await {
            for (index, outcome) in indices.into_iter().zip(part) {
                if let Some(place) = outcomes.get_mut(index) {
                    *place = outcome;
                }
            }
        }
        outcomes
    }

    /// The queue, if there is one writer.
    fn only_queue(&self) -> Option<mpsc::Sender<Job>> {
        match self.shared.queues.lock().as_slice() {
            [queue] => Some(queue.clone()),
            _ => None,
        }
    }

    async fn enqueue(
        &self,
        queue: &mpsc::Sender<Job>,
        mut envelopes: Vec<Envelope>,
    ) -> Vec<Outcome> {
        // Here, where it holds nobody up, and not on the one thread of the writer.
        envelopes.iter_mut().for_each(Envelope::hash_request);
        let count = envelopes.len();
        let waiting = i64::try_from(count).unwrap_or(i64::MAX);
        let (reply, outcomes) = oneshot::channel();
        self.shared.metrics.queued.inc_by(waiting);
        if queue.send(Job { envelopes, reply }).await.is_err() {
            self.shared.metrics.queued.dec_by(waiting);
            return (0..count).map(|_| Err(Failure::ShuttingDown)).collect();
        }
        // A writer that went down in the middle says nothing of what it had committed.
        let lost = || Err(Failure::Unknown("the writer stopped".to_owned()));
        outcomes.await.unwrap_or_else(|_| (0..count).map(|_| lost()).collect())
    }

    /// An account at this moment; `None` if there is none. What fell due is booked first, so that
    /// statement and balance agree; if storage can't take that now, the view is right all the same.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn view(&self, id: &AccountId) -> Result<Option<View>, Failure> {
        let Some(account) = self.shared.store.account(id).await? else {
            return Ok(None);
        };
        if !self.is_due(&account) {
            let now = account.now(self.wall_now());
            return Ok(Some(View { account, now }));
        }
        let advance_now = Envelope::new(id.clone(), Command::Advance, Actor::System);
        // Whether it worked shows in what is read next.
        let _ = self.execute(advance_now).await;
        let Some(mut account) = self.shared.store.account(id).await? else {
            return Ok(None);
        };
        let now = account.now(self.wall_now());
        if self.is_due(&account) {
            advance(Arc::make_mut(&mut account), &self.shared.catalog, now);
        }
        Ok(Some(View { account, now }))
    }

    fn is_due(&self, account: &Account) -> bool {
        let now = account.now(self.wall_now());
        account.next_due_at().is_some_and(|due| due <= now)
    }

    /// Statement lines of an account, newest first. See [`Store::statement`].
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn statement(
        &self,
        id: &AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementRow>, Failure> {
        Ok(self.shared.store.statement(id, before, limit).await?)
    }

    /// The events of one spend, oldest first.
    ///
    /// # Errors
    /// [`Failure::Unavailable`].
    pub async fn spend(&self, id: &AccountId, spend: SpendId) -> Result<Vec<SpendEvent>, Failure> {
        Ok(self.shared.store.spend(id, spend).await?)
    }

    /// Does it take commands? Not once it shuts down, or when a writer has gone.
    pub fn is_accepting(&self) -> bool {
        let queues = self.shared.queues.lock();
        !queues.is_empty() && !queues.iter().any(mpsc::Sender::is_closed)
    }

    /// Returns when the engine has been told to shut down.
    pub async fn stopped(&self) {
        // An error means that the engine is gone, which is as good.
        let _ = self.shared.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Takes no more commands, finishes those that were taken, and closes the store.
    ///
    /// # Errors
    /// [`StoreError`] if the store doesn't close; what was acknowledged is safe.
    pub async fn shutdown(&self) -> Result<(), StoreError> {
        self.shared.stop.send_replace(true);
        self.shared.queues.lock().clear();
        let running: Vec<Running> = self.shared.running.lock().drain(..).collect();
        for writer in running {
            let finished = match writer {
                Running::Task(task) => task.await.is_ok(),
                Running::Thread(thread, handing) => {
                    let joined = tokio::task::spawn_blocking(move || thread.join().is_ok());
                    joined.await.unwrap_or(false) && handing.await.is_ok()
                }
            };
            if !finished {
                tracing::error!("a writer did not finish");
            }
        }
        self.shared.store.close().await
    }
}

/// A secret of this installation, made on first use: what it derives is different from what another
/// one with the same provider account derives.
async fn installation(store: &dyn Store, entropy: &mut StdRng) -> Result<[u8; 32], StoreError> {
    let mut fresh = [0; 32];
    entropy.fill_bytes(&mut fresh);
    let kept = store.setting_or("installation", &fresh).await?;
    let damaged =
        |_| StoreError::Damaged("the installation's secret has the wrong size".to_owned());
    kept.try_into().map_err(damaged)
}

/// What a writer runs on.
enum Running {
    /// With the task that hands over what it has done.
    Thread(std::thread::JoinHandle<()>, tokio::task::JoinHandle<()>),
    Task(tokio::task::JoinHandle<()>),
}

/// A thread that the writer may block, on the runtime's reactor.
fn in_thread(
    number: usize,
    writer: WriterLoop,
    handing: tokio::task::JoinHandle<()>,
) -> Result<Running, StoreError> {
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new()
        .name(format!("bursar-writer-{number}"))
        .spawn(move || runtime.block_on(writer.run()))
        .map(|thread| Running::Thread(thread, handing))
        .map_err(|error| StoreError::Unavailable(format!("cannot start a writer: {error}")))
}

/// The writer that an account belongs to.
fn writer_of(account: &AccountId, writers: usize) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(account);
    let writers = u64::try_from(writers).unwrap_or(1).max(1);
    usize::try_from(hash % writers).unwrap_or(0)
}
