//! The database of a simulated world: what the nodes' writers and reads go to.
//!
//! Views and reads are those of [`MemoryStore`]; what is simulated is what is around them. An embedded
//! database has a log with a synced part and one that isn't, and lives again from what its log says. A
//! shared one holds the rows of accounts locked from the beginning of a batch to its end, for whichever
//! node was first, as ADR 18 has it.

mod disk;
mod node;
mod registry;
mod sharing;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;

use bursar_core::id::AccountId;
use bursar_store::memory::MemoryStore;
use bursar_store::{Batch, Begun, Registry, Store, StoreError, Wanted, Writer};
use futures::FutureExt;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::life::Life;
use crate::scenario::StoreKind;
use crate::step::{CommitFailure, Moment, Tail};
use disk::Disk;
pub use node::NodeStore;

/// A sync on an ordinary day.
const SYNC_MILLIS: u64 = 2;

/// The database of a world.
pub struct Database {
    kind: StoreKind,
    inner: Mutex<Inner>,
    /// Rows have been unlocked.
    unlocked: Notify,
}

struct Inner {
    memory: Arc<MemoryStore>,
    writer: Box<dyn Writer>,
    disk: Disk,
    sync_millis: u64,
    fails: Option<CommitFailure>,
    deaths: Vec<(u32, Moment)>,
    /// Rows, and the node that has them.
    locks: BTreeMap<AccountId, u32>,
    /// Who gives out legal numbers.
    numbers: Option<u32>,
    /// What is on its way to a shared database.
    in_flight: BTreeMap<u32, Batch>,
}

impl Database {
    /// An empty one.
    ///
    /// # Errors
    /// [`StoreError`]: there can't be a writer.
    pub fn new(kind: StoreKind) -> Result<Arc<Self>, StoreError> {
        let memory = Arc::new(MemoryStore::new());
        let inner = Inner {
            writer: memory.writer()?,
            memory,
            disk: Disk::default(),
            sync_millis: SYNC_MILLIS,
            fails: None,
            deaths: Vec::new(),
            locks: BTreeMap::new(),
            numbers: None,
            in_flight: BTreeMap::new(),
        };
        Ok(Arc::new(Self { kind, inner: Mutex::new(inner), unlocked: Notify::new() }))
    }

    /// What a node sees of it.
    pub(crate) fn of_node(self: &Arc<Self>, node: u32, life: Life) -> Arc<NodeStore> {
        Arc::new(NodeStore { database: Arc::clone(self), node, life })
    }

    /// May several nodes have it?
    pub(crate) fn is_shared(&self) -> bool {
        self.kind == StoreKind::Shared
    }

    /// What is committed, for whoever judges.
    pub fn truth(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.inner.lock().memory)
    }

    /// The next commit fails.
    pub fn fail_commit(&self, how: CommitFailure) {
        self.inner.lock().fails = Some(how);
    }

    /// Syncs take so long from now on.
    pub fn slow_down(&self, millis: u64) {
        self.inner.lock().sync_millis = millis;
    }

    /// A node dies in its next commit.
    pub fn die_at(&self, node: u32, moment: Moment) {
        self.inner.lock().deaths.push((node, moment));
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        let mut inner = self.inner.lock();
        inner.sync_millis = SYNC_MILLIS;
        inner.fails = None;
        inner.deaths.clear();
    }

    /// A node has died. What it had not finished is finished or forgotten, and what it had locked is free.
    ///
    /// # Errors
    /// In words: what was synced can't be read again.
    pub fn bury(&self, node: u32, tail: Tail) -> Result<(), String> {
        let mut inner = self.inner.lock();
        inner.deaths.retain(|(of, _)| *of != node);
        let in_flight = inner.in_flight.remove(&node);
        match self.kind {
            StoreKind::Embedded => inner.recover(tail)?,
            StoreKind::Shared => {
                if let Some(batch) = in_flight.filter(|_| tail == Tail::Kept) {
                    inner.publish(batch).map_err(|error| error.to_string())?;
                }
            }
        }
        inner.unlock(node);
        drop(inner);
        self.unlocked.notify_waiters();
        Ok(())
    }

    fn dies(&self, node: u32, moment: Moment) -> bool {
        let mut inner = self.inner.lock();
        let place = inner.deaths.iter().position(|death| *death == (node, moment));
        place.map(|place| inner.deaths.remove(place)).is_some()
    }

    /// Locks rows once all of them are free. Whoever dies in the queue gets nothing.
    async fn lock(&self, node: u32, life: &Life, accounts: &[AccountId]) {
        loop {
            let unlocked = self.unlocked.notified();
            life.goes_on().await;
            if self.inner.lock().lock_rows(node, accounts) {
                return;
            }
            unlocked.await;
        }
    }

    /// Locks the legal numbers, after the rows, as all do.
    async fn lock_numbers(&self, node: u32, life: &Life) {
        loop {
            let unlocked = self.unlocked.notified();
            life.goes_on().await;
            if *self.inner.lock().numbers.get_or_insert(node) == node {
                return;
            }
            unlocked.await;
        }
    }

    fn unlock(&self, node: u32) {
        self.inner.lock().unlock(node);
        self.unlocked.notify_waiters();
    }
}

impl Inner {
    fn lock_rows(&mut self, node: u32, accounts: &[AccountId]) -> bool {
        let is_free = |id| self.locks.get(id).is_none_or(|owner| *owner == node);
        let free = accounts.iter().all(is_free);
        if free {
            self.locks.extend(accounts.iter().map(|id| (id.clone(), node)));
        }
        free
    }

    fn unlock(&mut self, node: u32) {
        self.locks.retain(|_, owner| *owner != node);
        self.numbers = self.numbers.filter(|owner| *owner != node);
    }

    fn begin(&mut self, wanted: &Wanted) -> Result<Begun, StoreError> {
        at_once(self.writer.begin(wanted).now_or_never())
    }

    /// Makes a batch visible to everybody.
    fn publish(&mut self, batch: Batch) -> Result<(), StoreError> {
        let mut accounts: Vec<AccountId> =
            batch.entries.iter().map(|entry| entry.account.clone()).collect();
        accounts.sort_unstable();
        accounts.dedup();
        self.begin(&Wanted { accounts, keys: Vec::new() })?;
        at_once(self.writer.commit(batch).now_or_never())
    }

    /// Lives again from what the disk has.
    fn recover(&mut self, tail: Tail) -> Result<(), String> {
        let batches = self.disk.recover(tail)?;
        let words = |error: StoreError| error.to_string();
        let before = std::mem::replace(&mut self.memory, Arc::new(MemoryStore::new()));
        self.writer = self.memory.writer().map_err(words)?;
        let settings = at_once(before.settings("").now_or_never()).map_err(words)?;
        for (name, value) in settings {
            at_once(self.memory.put_setting(&name, &value).now_or_never()).map_err(words)?;
        }
        batches.into_iter().try_for_each(|batch| self.publish(batch).map_err(words))
    }
}

/// What is in memory answers at once.
fn at_once<T>(answer: Option<Result<T, StoreError>>) -> Result<T, StoreError> {
    answer.unwrap_or_else(|| Err(StoreError::Damaged("memory took its time".to_owned())))
}
