//! The loop that decides and commits: everything that waits becomes one batch, one commit.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bursar_core::Context;
use bursar_core::account::command::Command;
use bursar_core::account::event::{Actor, Idempotency, Recorded};
use bursar_core::account::payments::record::{self, PaymentRecord};
use bursar_core::account::spend::{self, Spend};
use bursar_core::account::storage::record::{self as asset_record, AssetRecord};
use bursar_core::account::{Account, Past, advance::advance, execute};
use bursar_core::catalog::Catalog;
use bursar_core::id::{AccountId, AssetId, IdempotencyKey, Key, PaymentId, SpendId};
use bursar_core::rejection::{AccountRejection, Rejection};
use bursar_core::time::Timestamp;
use bursar_store::{Batch, Begun, Entry, StoreError, Wanted, Writer};
use futures::FutureExt;
use rand::RngCore;
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::envelope::{Committed, Envelope, Failure, Outcome};
use crate::errands::Bench;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::outbox::Outbox;

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
    pub(crate) outbox: Outbox,
    pub(crate) eraser: Bench,
    pub(crate) metrics: Arc<Metrics>,
    /// Has the batch at hand gone to the store?
    pub(crate) committing: bool,
    /// Jobs that came while a batch was begun, for the next one.
    pub(crate) put_off: Vec<Job>,
}

/// What a batch is decided on.
struct Locked {
    wanted: Wanted,
    begun: Begun,
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
        let locked = self.lock(jobs).await;
        let outcomes = match locked {
            Some(Ok(locked)) => self.outcomes(jobs, Some(locked)).await,
            Some(Err(error)) => (0..count(jobs)).map(|_| Err(error.clone().into())).collect(),
            None => self.outcomes(jobs, None).await,
        };
        self.metrics.batch(count(jobs), started.elapsed());
        let mut outcomes = outcomes.into_iter();
        for job in jobs.drain(..) {
            let count = job.envelopes.len();
            let reply: Vec<Outcome> = outcomes.by_ref().take(count).collect();
            for (envelope, outcome) in job.envelopes.iter().zip(&reply) {
                self.metrics.command(envelope.command.name(), outcome);
            }
            // A caller that went away learns of its command by sending the key again.
            let _ = job.reply.send(reply);
        }
    }

    /// Locks the accounts of jobs, and lets other jobs join them; `None` if that panicked.
    async fn lock(&mut self, jobs: &mut Vec<Job>) -> Option<Result<Locked, StoreError>> {
        let locking = AssertUnwindSafe(self.begin_and_join(jobs)).catch_unwind();
        if let Ok(locked) = locking.await {
            return Some(locked);
        }
        tracing::error!("a defect came to light; see the panic above");
        self.store.abandon().await;
        None
    }

    async fn begin_and_join(&mut self, jobs: &mut Vec<Job>) -> Result<Locked, StoreError> {
        let wanted = wanted(jobs.iter().flat_map(|job| &job.envelopes));
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
        let keys = wanted(joining.iter().flat_map(|job| &job.envelopes)).keys;
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

    /// The outcome of every command, in the order in which they were sent.
    async fn outcomes(&mut self, jobs: &[Job], locked: Option<Locked>) -> Vec<Outcome> {
        let mut sent: Vec<(usize, &Envelope)> =
            jobs.iter().flat_map(|job| &job.envelopes).enumerate().collect();
        // Those on one account stay in their order, and get next to each other: so do their entries, which
        // stores may then write as one.
        sent.sort_by(|(_, one), (_, other)| one.account.cmp(&other.account));
        let (order, envelopes): (Vec<usize>, Vec<&Envelope>) = sent.into_iter().unzip();
        let outcomes = self.in_order(&envelopes, locked).await;
        let mut outcomes: Vec<(usize, Outcome)> = order.into_iter().zip(outcomes).collect();
        outcomes.sort_unstable_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
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
                let wanted = wanted(envelopes());
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
        let Deciding { entries, accounts, .. } = deciding;
        let changed = accounts.into_values().filter(|slot| slot.changed);
        let accounts: Vec<Arc<Account>> = changed.filter_map(|slot| slot.state).collect();
        let asking = accounts.iter().filter(|account| account.billing.is_waiting());
        let mut asking: Vec<AccountId> = asking.map(|account| account.id.clone()).collect();
        asking.sort_unstable();
        let erasing = accounts.iter().filter(|account| account.storage.is_erasing());
        let mut erasing: Vec<AccountId> = erasing.map(|account| account.id.clone()).collect();
        erasing.sort_unstable();
        self.outbox.decided(&entries);
        self.committing = true;
        let committed = self.store.commit(Batch { entries: entries.clone(), accounts }).await;
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

fn wanted<'a>(envelopes: impl Iterator<Item = &'a Envelope>) -> Wanted {
    let mut wanted = Wanted::default();
    for envelope in envelopes {
        wanted.accounts.push(envelope.account.clone());
        if let Some(key) = &envelope.key {
            wanted.keys.push((envelope.account.clone(), key.clone()));
        }
    }
    wanted.accounts.sort_unstable();
    wanted.accounts.dedup();
    wanted
}

/// An account within a batch.
struct Slot {
    state: Option<Arc<Account>>,
    changed: bool,
}

/// A batch while it is decided: states and entries as they will be once it is committed.
struct Deciding {
    wall: Timestamp,
    accounts: HashMap<AccountId, Slot>,
    keys: HashMap<(AccountId, IdempotencyKey), Arc<Entry>>,
    entries: Vec<Arc<Entry>>,
    /// The last legal number of each series and year that was given out, once it was asked for.
    numbers: HashMap<(Key, u16), u32>,
}

impl Deciding {
    fn new(locked: Locked, wall: Timestamp) -> Self {
        let Locked { wanted, begun } = locked;
        let slots = begun.accounts.into_iter().map(|state| Slot { state, changed: false });
        let keys = wanted.keys.into_iter().zip(begun.entries);
        Self {
            wall,
            accounts: wanted.accounts.into_iter().zip(slots).collect(),
            keys: keys.filter_map(|(key, entry)| Some((key, entry?))).collect(),
            entries: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// The answer to a key that is known, from before or from earlier in this batch.
    fn replay(&self, account: &AccountId, idempotency: Option<&Idempotency>) -> Option<Outcome> {
        let Idempotency { key, request, form } = idempotency?;
        let entry = self.keys.get(&(account.clone(), key.clone()))?;
        // Hashes of an older form can't be compared; then the key alone says that it is a repeat.
        let same = entry
            .idempotency
            .as_ref()
            .is_some_and(|first| first.form != *form || first.request == *request);
        Some(if same {
            Ok(Committed { entry: Arc::clone(entry), replayed: true })
        } else {
            Err(Failure::KeyReused)
        })
    }

    fn account(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.get(id).and_then(|slot| slot.state.as_deref())
    }

    /// Books what fell due until the account's present, which it returns. That is an entry of its
    /// own: it stands whatever becomes of the command.
    async fn advance(
        &mut self,
        store: &mut dyn Writer,
        id: &AccountId,
        catalog: &Catalog,
    ) -> Result<Timestamp, StoreError> {
        let Some(slot) = self.accounts.get_mut(id) else {
            return Ok(self.wall);
        };
        let Some(state) = &mut slot.state else {
            return Ok(self.wall);
        };
        let now = state.now(self.wall);
        if state.next_due_at().is_none_or(|due| due > now) {
            return Ok(now);
        }
        let before = state.version;
        let mut events = advance(Arc::make_mut(state), catalog, now);
        slot.changed = true;
        self.number(store, &mut events).await?;
        self.entries.push(Arc::new(Entry {
            account: id.clone(),
            first_version: before.saturating_add(1),
            actor: Actor::System,
            idempotency: None,
            events,
        }));
        Ok(now)
    }

    /// Gives out the legal numbers of the documents that are issued. They count from what is committed,
    /// so a batch that fails uses none up.
    async fn number(
        &mut self,
        store: &mut dyn Writer,
        events: &mut [Recorded],
    ) -> Result<(), StoreError> {
        for number in events.iter_mut().filter_map(|recorded| recorded.event.legal_number_mut()) {
            let series = (number.series.clone(), number.year);
            let last = match self.numbers.get(&series) {
                Some(last) => *last,
                None => store.last_number(&number.series, number.year).await?,
            };
            number.number = last.saturating_add(1);
            self.numbers.insert(series, number.number);
        }
        Ok(())
    }

    /// What deciding a command takes of history.
    async fn past(&self, store: &mut dyn Writer, envelope: &Envelope) -> Result<Past, StoreError> {
        let Some(account) = self.account(&envelope.account) else {
            return Ok(Past::default());
        };
        let spend = match envelope.command.needs_history(account) {
            Some(id) => self.spend(store, &envelope.account, id).await?,
            None => None,
        };
        let payment = match envelope.command.needs_payment(account) {
            Some(id) => self.payment(store, &envelope.account, id).await?,
            None => None,
        };
        let asset = match envelope.command.needs_asset(account) {
            Some(id) => self.asset(store, &envelope.account, id).await?,
            None => None,
        };
        Ok(Past { spend, payment, asset })
    }

    /// A file from what is committed and the events of this batch.
    async fn asset(
        &self,
        store: &mut dyn Writer,
        account: &AccountId,
        id: AssetId,
    ) -> Result<Option<AssetRecord>, StoreError> {
        let mut in_batch = self
            .in_batch(account)
            .filter(|recorded| asset_record::subject(&recorded.event) == Some(id));
        // Each of its events says all that is known of it then.
        match in_batch.by_ref().last() {
            Some(last) => Ok(asset_record::after(last)),
            None => store.asset(account, id).await,
        }
    }

    /// A payment from what is committed and the events of this batch.
    async fn payment(
        &self,
        store: &mut dyn Writer,
        account: &AccountId,
        id: PaymentId,
    ) -> Result<Option<PaymentRecord>, StoreError> {
        let committed = store.payment(account, id).await?;
        let in_batch =
            self.in_batch(account).filter(|recorded| record::subject(&recorded.event) == Some(id));
        Ok(in_batch.fold(committed, record::fold))
    }

    /// What this batch has done to an account so far.
    fn in_batch(&self, account: &AccountId) -> impl Iterator<Item = &Recorded> {
        let of_account = self.entries.iter().filter(move |entry| entry.account == *account);
        of_account.flat_map(|entry| &entry.events)
    }

    /// A spend from its committed events and those of this batch.
    async fn spend(
        &self,
        store: &mut dyn Writer,
        account: &AccountId,
        id: SpendId,
    ) -> Result<Option<Spend>, StoreError> {
        let committed = store.spend(account, id).await?;
        let in_batch =
            self.in_batch(account).filter(|recorded| spend::subject(&recorded.event) == Some(id));
        Ok(committed.iter().chain(in_batch).fold(None, spend::fold))
    }

    fn execute(
        &mut self,
        envelope: &Envelope,
        catalog: &Catalog,
        context: &Context,
        past: &Past,
    ) -> Result<Vec<Recorded>, Failure> {
        let missing = || Rejection::from(AccountRejection::NotFound);
        let slot = self.accounts.get_mut(&envelope.account).ok_or_else(missing)?;
        let Some(state) = &mut slot.state else {
            let Command::Open(open) = &envelope.command else {
                return Err(missing().into());
            };
            let (account, event) = open
                .decide(envelope.account.clone(), catalog, context.now)
                .map_err(Rejection::from)?;
            slot.state = Some(Arc::new(account));
            slot.changed = true;
            return Ok(vec![event]);
        };
        if let Some(expected) = envelope.if_version.filter(|version| *version != state.version) {
            return Err(Failure::VersionMismatch { expected, actual: state.version });
        }
        if matches!(envelope.command, Command::Advance) {
            return Err(Failure::NothingDue);
        }
        // The copy is made once per account and batch: readers keep the committed state.
        let events = execute(Arc::make_mut(state), catalog, &envelope.command, context, past)?;
        slot.changed = true;
        Ok(events)
    }

    fn note(
        &mut self,
        envelope: &Envelope,
        idempotency: Option<Idempotency>,
        events: Vec<Recorded>,
    ) -> Arc<Entry> {
        let version = self.account(&envelope.account).map_or(0, |account| account.version);
        let count = u64::try_from(events.len()).unwrap_or(0);
        let entry = Arc::new(Entry {
            account: envelope.account.clone(),
            first_version: version.saturating_sub(count).saturating_add(1),
            actor: envelope.actor.clone(),
            idempotency,
            events,
        });
        if let Some(idempotency) = &entry.idempotency {
            let key = (entry.account.clone(), idempotency.key.clone());
            self.keys.insert(key, Arc::clone(&entry));
        }
        self.entries.push(Arc::clone(&entry));
        entry
    }
}
