//! The loop that decides and commits: everything that waits becomes one batch, one commit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bursar_core::Context;
use bursar_core::account::Account;
use bursar_core::catalog::Catalog;
use bursar_core::id::{AccountId, IdempotencyKey};
use bursar_store::{Batch, Entry, StoreError, Wanted, Writer};
use futures::FutureExt;
use rand::RngCore;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::deciding::{Deciding, Locked};
use crate::envelope::{Committed, Envelope, Failure, Outcome};
use crate::errands::Bench;
use crate::live::Live;
use crate::mailer::Marks;
use crate::metrics::Metrics;
use crate::outbox::Outbox;
use crate::replies::{Replies, Reply};

/// The most commands that share a commit. More would only make the first of them wait.
const MOST_COMMANDS: usize = 1_024;

/// So many commands at least join a batch that is begun. To look up their keys costs a round trip while others
/// wait for the locks, which fewer are not worth.
const FEWEST_JOINING: usize = 8;

/// Commands that were sent together, and where their outcomes go, in the same order.
pub(crate) struct Job {
    pub(crate) envelopes: Vec<Envelope>,
    pub(crate) reply: oneshot::Sender<Vec<Outcome>>,
}

/// One writer with all it needs.
pub(crate) struct WriterLoop {
    pub(crate) store: Box<dyn Writer>,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Box<dyn RngCore + Send>,
    pub(crate) live: Arc<Live>,
    pub(crate) marks: Arc<Marks>,
    pub(crate) replies: Replies,
    pub(crate) outbox: Outbox,
    pub(crate) eraser: Bench,
    pub(crate) metrics: Arc<Metrics>,
    /// Has the batch at hand gone to the store?
    pub(crate) committing: bool,
    /// Jobs that came while a batch was begun, for the next one.
    pub(crate) put_off: Vec<Job>,
}

impl WriterLoop {
    /// Serves until every sender is gone and the queue is drained.
    pub(crate) async fn run(mut self) {
        let mut jobs = Vec::new();
        loop {
            jobs.append(&mut self.put_off);
            if jobs.is_empty() {
                let Some(job) = self.jobs.recv().await else {
                    return;
                };
                jobs.push(job);
            }
            // No timer: whatever queued while the last commit ran goes into this one.
            let mut commands = count(&jobs);
            while commands < MOST_COMMANDS
                && let Ok(job) = self.jobs.try_recv()
            {
                commands = commands.saturating_add(job.envelopes.len());
                jobs.push(job);
            }
            self.serve(&mut jobs).await;
        }
    }

    async fn serve(&mut self, jobs: &mut Vec<Job>) {
        let started = std::time::Instant::now();
        let mut order = by_account(&sent(jobs));
        let came = order.len();
        let locked = self.lock(jobs, &order).await;
        if count(jobs) > came {
            order = by_account(&sent(jobs));
        }
        let outcomes = match locked {
            Some(Err(error)) => order.iter().map(|_| Err(error.clone().into())).collect(),
            Some(Ok(locked)) => self.outcomes(&sent(jobs), &order, Some(locked)).await,
            None => self.outcomes(&sent(jobs), &order, None).await,
        };
        self.metrics.batch(order.len(), started.elapsed());
        let names = sent(jobs).into_iter().map(|envelope| envelope.command.name());
        self.metrics.commands(names.zip(&outcomes));
        let mut outcomes = outcomes.into_iter();
        let replies = jobs.drain(..).map(|job| Reply {
            outcomes: outcomes.by_ref().take(job.envelopes.len()).collect(),
            to: job.reply,
        });
        self.replies.send(replies.collect());
    }

    /// Locks the accounts of jobs, whose commands have this order, and lets other jobs join them; `None` if that
    /// panicked.
    async fn lock(
        &mut self,
        jobs: &mut Vec<Job>,
        order: &[usize],
    ) -> Option<Result<Locked, StoreError>> {
        let locking = AssertUnwindSafe(self.begin_and_join(jobs, order)).catch_unwind();
        if let Ok(locked) = locking.await {
            return Some(locked);
        }
        tracing::error!("a defect came to light; see the panic above");
        self.store.abandon().await;
        None
    }

    async fn begin_and_join(
        &mut self,
        jobs: &mut Vec<Job>,
        order: &[usize],
    ) -> Result<Locked, StoreError> {
        let wanted = wanted(&ordered(&sent(jobs), order));
        let begun = self.store.begin(&wanted).await?;
        let mut locked = Locked { wanted, begun };
        if self.let_join(jobs, &mut locked).await.is_err() {
            // It can't be gone on with. If it is no better now, that is said.
            self.store.abandon().await;
            locked.begun = self.store.begin(&locked.wanted).await?;
        }
        Ok(locked)
    }

    /// Whoever came for an account while the store waited for its lock would have to wait for it again: he joins
    /// the batch. The others are put off to the next.
    ///
    /// # Errors
    /// [`StoreError`]; nobody has joined.
    async fn let_join(
        &mut self,
        jobs: &mut Vec<Job>,
        locked: &mut Locked,
    ) -> Result<(), StoreError> {
        let mut joining = Vec::new();
        let mut commands = count(jobs);
        while commands < MOST_COMMANDS
            && let Ok(job) = self.jobs.try_recv()
        {
            commands = commands.saturating_add(job.envelopes.len());
            let accounts = &locked.wanted.accounts;
            let is_locked = |envelope: &Envelope| accounts.binary_search(&envelope.account).is_ok();
            let joins = job.envelopes.iter().all(is_locked);
            if joins { &mut joining } else { &mut self.put_off }.push(job);
        }
        if count(&joining) < FEWEST_JOINING {
            self.put_off.append(&mut joining);
            return Ok(());
        }
        let keys = keys(&sent(&joining));
        if !keys.is_empty() {
            match self.store.join(&keys).await {
                Ok(entries) => {
                    locked.wanted.keys.extend(keys);
                    locked.begun.entries.extend(entries);
                }
                Err(error) => {
                    self.put_off.append(&mut joining);
                    return Err(error);
                }
            }
        }
        jobs.append(&mut joining);
        Ok(())
    }

    /// The outcome of every command, as they were sent. They are decided in `order`.
    async fn outcomes(
        &mut self,
        sent: &[&Envelope],
        order: &[usize],
        locked: Option<Locked>,
    ) -> Vec<Outcome> {
        let decided = self.in_order(&ordered(sent, order), locked).await;
        let mut outcomes: Vec<Outcome> = sent.iter().map(|_| Err(Failure::Defect)).collect();
        for (place, outcome) in order.iter().zip(decided) {
            if let Some(slot) = outcomes.get_mut(*place) {
                *slot = outcome;
            }
        }
        outcomes
    }

    /// The outcome of every command, in order. A panic, which is a defect of ours, must not end the
    /// only writer there is: the batch is given up and its commands are done one by one, so that only
    /// the one that brings it to light is refused. So they are if nothing is locked.
    async fn in_order(&mut self, envelopes: &[&Envelope], locked: Option<Locked>) -> Vec<Outcome> {
        if let Some(locked) = locked
            && let Some(outcomes) = self.guarded(envelopes, Some(locked)).await
        {
            return outcomes;
        }
        let mut outcomes = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            let alone = self.guarded(std::slice::from_ref(envelope), None).await;
            let outcome = alone.and_then(|mut outcomes| outcomes.pop());
            outcomes.push(outcome.unwrap_or(Err(Failure::Defect)));
        }
        outcomes
    }

    /// [`WriterLoop::decide_and_commit`]; `None` if it panicked before it committed.
    async fn guarded(
        &mut self,
        envelopes: &[&Envelope],
        locked: Option<Locked>,
    ) -> Option<Vec<Outcome>> {
        self.committing = false;
        // What a panic may leave half done is the batch, which is given up, and nothing else.
        let deciding = AssertUnwindSafe(self.decide_and_commit(envelopes, locked));
        if let Ok(outcomes) = deciding.catch_unwind().await {
            return Some(outcomes);
        }
        tracing::error!("a defect came to light; see the panic above");
        if self.committing {
            let lost = || Err(Failure::Unknown("the commit did not return".to_owned()));
            return Some(envelopes.iter().map(|_| lost()).collect());
        }
        self.store.abandon().await;
        None
    }

    /// Decides on what is locked, and locks it before if it isn't.
    async fn decide_and_commit(
        &mut self,
        batch: &[&Envelope],
        locked: Option<Locked>,
    ) -> Vec<Outcome> {
        let envelopes = || batch.iter().copied();
        let locked = match locked {
            Some(locked) => locked,
            None => {
                let wanted = wanted(batch);
                match self.store.begin(&wanted).await {
                    Ok(begun) => Locked { wanted, begun },
                    Err(error) => return envelopes().map(|_| Err(error.clone().into())).collect(),
                }
            }
        };
        let mut deciding = Deciding::new(locked, self.clock.now());
        let mut outcomes = Vec::new();
        for envelope in envelopes() {
            match self.decide(&mut deciding, envelope).await {
                Ok(outcome) => outcomes.push(outcome),
                // What was decided so far may have changed states that no entry tells of.
                Err(error) => {
                    self.store.abandon().await;
                    return envelopes().map(|_| Err(error.clone().into())).collect();
                }
            }
        }
        if deciding.entries.is_empty() {
            self.store.abandon().await;
            return outcomes;
        }
        let Deciding { entries, slots, .. } = deciding;
        let changed = slots.into_iter().filter(|slot| slot.changed);
        let accounts: Vec<Arc<Account>> = changed.filter_map(|slot| slot.state).collect();
        let asking = accounts.iter().filter(|account| account.billing.is_waiting());
        let asking: Vec<AccountId> = asking.map(|account| account.id.clone()).collect();
        let erasing = accounts.iter().filter(|account| account.storage.is_erasing());
        let erasing: Vec<AccountId> = erasing.map(|account| account.id.clone()).collect();
        self.outbox.decided(&entries);
        let marked = self.marks.before(&entries);
        self.committing = true;
        let committed = self.store.commit(Batch { entries: entries.clone(), accounts }).await;
        drop(marked);
        match committed {
            Ok(()) => {
                self.outbox.committed(asking);
                erasing.into_iter().for_each(|account| self.eraser.tell(account));
                self.live.committed(entries);
                outcomes
            }
            Err(error) => {
                self.outbox.withdrawn(&entries);
                withdrawn(outcomes, &entries, &error)
            }
        }
    }

    /// Decides one command on top of what the batch has decided before it.
    ///
    /// # Errors
    /// [`StoreError`]: the batch can't be decided.
    async fn decide(
        &mut self,
        deciding: &mut Deciding,
        envelope: &Envelope,
    ) -> Result<Outcome, StoreError> {
        deciding.turn_to(&envelope.account);
        let idempotency = envelope.idempotency();
        if let Some(answer) = deciding.replay(&envelope.account, idempotency.as_ref()) {
            return Ok(answer);
        }
        let store = &mut *self.store;
        let now = deciding.advance(store, &envelope.account, &self.catalog).await?;
        let mut entropy = [0; 10];
        self.entropy.fill_bytes(&mut entropy);
        let context = Context { now, entropy };
        let past = deciding.past(store, envelope).await?;
        let mut events = match deciding.execute(envelope, &self.catalog, &context, &past) {
            Ok(events) => events,
            Err(failure) => return Ok(Err(failure)),
        };
        deciding.number(store, &mut events).await?;
        if let Some(url) = &envelope.return_url {
            self.outbox.return_to(&events, url);
        }
        let entry = deciding.note(envelope, idempotency, events);
        Ok(Ok(Committed { entry, replayed: false }))
    }
}

/// After a failed commit nothing that was decided in the batch stands: not the effects, and not the
/// rejections either, which may rest on them. Replays of earlier commits do.
fn withdrawn(outcomes: Vec<Outcome>, lost: &[Arc<Entry>], error: &StoreError) -> Vec<Outcome> {
    let is_lost = |entry: &Arc<Entry>| lost.iter().any(|lost| Arc::ptr_eq(lost, entry));
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Ok(committed) if !is_lost(&committed.entry) => Ok(committed),
            _ => Err(error.clone().into()),
        })
        .collect()
}

/// How many commands.
fn count(jobs: &[Job]) -> usize {
    jobs.iter().map(|job| job.envelopes.len()).sum()
}

/// The commands of jobs, as they were sent.
fn sent(jobs: &[Job]) -> Vec<&Envelope> {
    jobs.iter().flat_map(|job| &job.envelopes).collect()
}

/// The order in which commands are decided. Those on one account stay in their order, and get next to each other: so
/// do their entries, which stores may then write as one.
fn by_account(sent: &[&Envelope]) -> Vec<usize> {
    let mut accounts: Vec<(&AccountId, usize)> =
        sent.iter().zip(0..).map(|(envelope, place)| (&envelope.account, place)).collect();
    accounts.sort_unstable();
    accounts.into_iter().map(|(_, place)| place).collect()
}

/// Commands in an order.
fn ordered<'a>(sent: &[&'a Envelope], order: &[usize]) -> Vec<&'a Envelope> {
    order.iter().filter_map(|place| sent.get(*place).copied()).collect()
}

/// What deciding commands takes, which come by their accounts.
fn wanted(envelopes: &[&Envelope]) -> Wanted {
    let mut accounts: Vec<AccountId> = Vec::with_capacity(envelopes.len());
    for envelope in envelopes {
        if accounts.last() != Some(&envelope.account) {
            accounts.push(envelope.account.clone());
        }
    }
    Wanted { accounts, keys: keys(envelopes) }
}

fn keys(envelopes: &[&Envelope]) -> Vec<(AccountId, IdempotencyKey)> {
    let keyed = envelopes.iter();
    keyed.filter_map(|envelope| Some((envelope.account.clone(), envelope.key.clone()?))).collect()
}
