//! A store that keeps everything in memory: for tests and simulation, where it can be told to fail.

mod registry;
mod sharing;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bursar_core::account::Account;
use bursar_core::account::event::Recorded;
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::id::{AccountId, AssetId, DocumentId, IdempotencyKey, Key, PaymentId, SpendId};
use bursar_core::time::Timestamp;
use parking_lot::{Mutex, MutexGuard};

use crate::claims::LocalClaims;
use crate::entry::{Entry, JournalPosition};
use crate::ordered::Versions;
use crate::port::{
    AssetCursor, AssetFilter, AssetOrder, AssetRow, Batch, Begun, DocumentRow, Due, Payer,
    PaymentName, PaymentRow, SpendEvent, StatementRow, Store, StoreError, Wanted, Writer,
};
use crate::projection::{self, AssetChange};
use crate::registry::{
    ApiKeyRecord, AssetDetails, BillingDetails, CatalogRecord, Contact, PortalLink, PortalSession,
};

/// How a commit fails.
#[derive(Clone, Debug)]
pub enum CommitFault {
    /// Nothing is kept, and this is the error.
    Refused(StoreError),
    /// Everything is kept, and the writer is told that the outcome is unknown.
    Unknown,
}

type Faults = Box<dyn FnMut(&Batch) -> Option<CommitFault> + Send>;

/// A store in memory. Its data lives as long as any handle on it.
pub struct MemoryStore {
    disk: Arc<Disk>,
    closed: Arc<AtomicBool>,
    claims: Arc<LocalClaims>,
}

/// What outlives a handle.
#[derive(Default)]
struct Disk {
    data: Mutex<Data>,
    faults: Mutex<Option<Faults>>,
    has_writer: AtomicBool,
}

#[derive(Default)]
struct Data {
    journal: Vec<(JournalPosition, Arc<Entry>)>,
    commits: u64,
    accounts: HashMap<AccountId, Seat>,
    due: BTreeSet<(Timestamp, AccountId)>,
    contacts: HashMap<AccountId, Contact>,
    billing_details: HashMap<AccountId, Vec<BillingDetails>>,
    asset_details: BTreeMap<(AccountId, AssetId), AssetDetails>,
    keys: BTreeMap<Key, ApiKeyRecord>,
    settings: HashMap<String, Vec<u8>>,
    catalogs: Vec<CatalogRecord>,
    portal_links: HashMap<[u8; 32], PortalLink>,
    portal_sessions: HashMap<[u8; 32], PortalSession>,
}

/// One account's state and everything of it that is looked up.
struct Seat {
    account: Arc<Account>,
    entries: Vec<Arc<Entry>>,
    keys: HashMap<IdempotencyKey, Arc<Entry>>,
    payments: BTreeMap<PaymentId, PaymentRow>,
    documents: BTreeMap<DocumentId, DocumentRow>,
    assets: BTreeMap<AssetId, AssetRow>,
    /// Has it ever stored anything?
    stores: bool,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self { disk: Arc::default(), closed: Arc::default(), claims: Arc::default() }
    }

    /// Another handle on the same data, open even if this one was closed: what opening a directory
    /// again is to a store on disk.
    #[must_use]
    pub fn reopen(&self) -> Self {
        Self { disk: Arc::clone(&self.disk), closed: Arc::default(), claims: Arc::default() }
    }

    /// Lets every commit fail as if the disk were full, or no longer.
    pub fn fail_commits(&self, fail: bool) {
        if fail {
            self.fail_commits_with(|_| {
                let full = StoreError::Unavailable("told to fail".to_owned());
                Some(CommitFault::Refused(full))
            });
        } else {
            *self.disk.faults.lock() = None;
        }
    }

    /// Asks `fault` of every commit whether and how it fails.
    pub fn fail_commits_with(
        &self,
        fault: impl FnMut(&Batch) -> Option<CommitFault> + Send + 'static,
    ) {
        *self.disk.faults.lock() = Some(Box::new(fault));
    }

    fn data(&self) -> Result<MutexGuard<'_, Data>, StoreError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable("the store is closed".to_owned()));
        }
        Ok(self.disk.data.lock())
    }
}

/// The one writer. What it begins it has for itself, because there is no other.
struct MemoryWriter {
    store: MemoryStore,
    /// The versions of the accounts that were begun.
    begun: Versions,
}

impl Drop for MemoryWriter {
    fn drop(&mut self) {
        self.store.disk.has_writer.store(false, Ordering::Release);
    }
}

#[async_trait]
impl Writer for MemoryWriter {
    async fn begin(&mut self, wanted: &Wanted) -> Result<Begun, StoreError> {
        let data = self.store.data()?;
        let seat = |id: &AccountId| data.accounts.get(id);
        let account = |id| seat(id).map(|seat| Arc::clone(&seat.account));
        let accounts: Vec<Option<Arc<Account>>> = wanted.accounts.iter().map(account).collect();
        let entries = wanted.keys.iter().map(|key| data.entry(key)).collect();
        self.begun = Versions::of(&wanted.accounts, &accounts);
        Ok(Begun { accounts, entries })
    }

    async fn join(
        &mut self,
        keys: &[(AccountId, IdempotencyKey)],
    ) -> Result<Vec<Option<Arc<Entry>>>, StoreError> {
        let data = self.store.data()?;
        Ok(keys.iter().map(|key| data.entry(key)).collect())
    }

    async fn spend(
        &mut self,
        account: &AccountId,
        spend: SpendId,
    ) -> Result<Vec<Recorded>, StoreError> {
        let events = self.store.data()?.spend(account, spend);
        Ok(events.into_iter().map(|event| event.recorded).collect())
    }

    async fn payment(
        &mut self,
        account: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRecord>, StoreError> {
        let row = self.store.payment(account, payment).await?;
        Ok(row.map(|row| row.record))
    }

    async fn asset(
        &mut self,
        account: &AccountId,
        asset: AssetId,
    ) -> Result<Option<AssetRecord>, StoreError> {
        let row = self.store.asset(account, asset).await?;
        Ok(row.map(|row| row.record))
    }

    async fn last_number(&mut self, series: &Key, year: u16) -> Result<u32, StoreError> {
        Ok(self.store.data()?.last_number(series, year))
    }

    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        let begun = std::mem::take(&mut self.begun);
        let mut data = self.store.data()?;
        batch.check(begun)?;
        batch.check_numbers(|series, year| Ok(data.last_number(series, year)))?;
        let fault = match &mut *self.store.disk.faults.lock() {
            Some(faults) => faults(&batch),
            None => None,
        };
        match fault {
            Some(CommitFault::Refused(error)) => return Err(error),
            Some(CommitFault::Unknown) => {
                data.keep(batch);
                return Err(StoreError::Unknown("told to fail".to_owned()));
            }
            None => data.keep(batch),
        }
        Ok(())
    }

    async fn abandon(&mut self) {
        self.begun = Versions::default();
    }
}

impl Data {
    /// What a key stands for.
    fn entry(&self, (id, key): &(AccountId, IdempotencyKey)) -> Option<Arc<Entry>> {
        self.accounts.get(id).and_then(|seat| seat.keys.get(key).cloned())
    }

    fn keep(&mut self, batch: Batch) {
        if batch.entries.is_empty() {
            return;
        }
        self.commits += 1;
        let commit = self.commits;
        let mut histories: HashMap<AccountId, Vec<(JournalPosition, Arc<Entry>)>> = HashMap::new();
        for (index, entry) in (0..).zip(batch.entries) {
            let position = JournalPosition { commit, index };
            self.journal.push((position, Arc::clone(&entry)));
            histories.entry(entry.account.clone()).or_default().push((position, entry));
        }
        for account in batch.accounts {
            let entries = histories.remove(&account.id).unwrap_or_default();
            self.keep_account(account, entries);
        }
    }

    fn keep_account(&mut self, account: Arc<Account>, entries: Vec<(JournalPosition, Arc<Entry>)>) {
        let seat = self.accounts.entry(account.id.clone()).or_insert_with(|| Seat {
            account: Arc::clone(&account),
            entries: Vec::new(),
            keys: HashMap::new(),
            payments: BTreeMap::new(),
            documents: BTreeMap::new(),
            assets: BTreeMap::new(),
            stores: false,
        });
        if let Some(due) = seat.account.next_due_wall() {
            self.due.remove(&(due, account.id.clone()));
        }
        if let Some(due) = account.next_due_wall() {
            self.due.insert((due, account.id.clone()));
        }
        for (position, entry) in &entries {
            if let Some(key) = projection::idempotency(entry) {
                seat.keys.insert(key.clone(), Arc::clone(entry));
            }
            seat.keep_money(*position, entry);
            seat.keep_assets(entry);
        }
        seat.account = account;
        seat.entries.extend(entries.into_iter().map(|(_, entry)| entry));
    }

    fn spend(&self, account: &AccountId, spend: SpendId) -> Vec<SpendEvent> {
        let entries = self.accounts.get(account).map(|seat| &seat.entries);
        let entries = entries.into_iter().flatten();
        entries.flat_map(|entry| projection::spend_events(entry, spend)).collect()
    }

    fn accounts_that(
        &self,
        is_one: impl Fn(&Account) -> bool,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Vec<AccountId> {
        let seats = self.accounts.iter().filter(|(_, seat)| is_one(&seat.account));
        let ids = seats.map(|(id, _)| id).filter(|id| after.is_none_or(|after| *id > after));
        let mut ids: Vec<AccountId> = ids.cloned().collect();
        ids.sort_unstable();
        ids.truncate(limit);
        ids
    }

    fn last_number(&self, series: &Key, year: u16) -> u32 {
        let documents = self.accounts.values().flat_map(|seat| seat.documents.values());
        let numbers = documents.map(|row| &row.record.number);
        let of_series = numbers.filter(|number| number.series == *series && number.year == year);
        of_series.map(|number| number.number).max().unwrap_or(0)
    }
}

impl Seat {
    fn keep_money(&mut self, position: JournalPosition, entry: &Entry) {
        let known = |id| Ok::<_, Infallible>(self.payments.get(&id).cloned());
        let Ok(payments) = projection::payments(position, entry, known);
        let known = |id| Ok::<_, Infallible>(self.documents.get(&id).cloned());
        let Ok(documents) = projection::documents(entry, known);
        self.payments.extend(payments.into_iter().map(|row| (row.record.id, row)));
        self.documents.extend(documents.into_iter().map(|row| (row.record.id, row)));
    }

    fn keep_assets(&mut self, entry: &Entry) {
        for change in projection::asset_changes(entry) {
            self.stores = true;
            match change {
                AssetChange::Is(row) => drop(self.assets.insert(row.record.id, row)),
                AssetChange::Gone(asset) => drop(self.assets.remove(&asset)),
                AssetChange::VaultGone(vault) => {
                    self.assets.retain(|_, row| row.record.vault != vault);
                }
            }
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn writers(&self) -> usize {
        1
    }

    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        drop(self.data()?);
        if self.disk.has_writer.swap(true, Ordering::AcqRel) {
            return Err(StoreError::Unavailable("there is a writer already".to_owned()));
        }
        Ok(Box::new(MemoryWriter {
            store: Self {
                disk: Arc::clone(&self.disk),
                closed: Arc::clone(&self.closed),
                claims: Arc::clone(&self.claims),
            },
            begun: Versions::default(),
        }))
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, StoreError> {
        let data = self.data()?;
        Ok(data.accounts.get(id).map(|seat| Arc::clone(&seat.account)))
    }

    async fn statement(
        &self,
        id: &AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementRow>, StoreError> {
        let data = self.data()?;
        let entries = data.accounts.get(id).into_iter().flat_map(|seat| seat.entries.iter().rev());
        let rows = entries.flat_map(|entry| projection::statement_rows(entry).rev());
        let wanted = rows.filter(|row| before.is_none_or(|before| row.version < before));
        Ok(wanted.take(limit).collect())
    }

    async fn spend(&self, id: &AccountId, spend: SpendId) -> Result<Vec<SpendEvent>, StoreError> {
        Ok(self.data()?.spend(id, spend))
    }

    async fn history(
        &self,
        id: &AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<SpendEvent>, StoreError> {
        let data = self.data()?;
        let entries = data.accounts.get(id).into_iter().flat_map(|seat| &seat.entries);
        let events = entries.flat_map(|entry| projection::events(entry));
        Ok(events.filter(|event| event.version > after).take(limit).collect())
    }

    async fn journal(
        &self,
        after: JournalPosition,
        limit: usize,
    ) -> Result<Vec<(JournalPosition, Arc<Entry>)>, StoreError> {
        let data = self.data()?;
        let from = data.journal.partition_point(|(position, _)| *position <= after);
        Ok(data.journal.iter().skip(from).take(limit).cloned().collect())
    }

    async fn end(&self) -> Result<JournalPosition, StoreError> {
        Ok(self.data()?.journal.last().map_or_else(Default::default, |(position, _)| *position))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreError> {
        let data = self.data()?;
        let due = data.due.iter().take_while(|(since, _)| *since <= now).take(limit);
        Ok(due.map(|(since, account)| Due { account: account.clone(), since: *since }).collect())
    }

    async fn asking(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        Ok(self.data()?.accounts_that(|account| account.billing.is_waiting(), after, limit))
    }

    async fn erasing(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        Ok(self.data()?.accounts_that(|account| account.storage.is_erasing(), after, limit))
    }

    async fn asset(&self, id: &AccountId, asset: AssetId) -> Result<Option<AssetRow>, StoreError> {
        let data = self.data()?;
        Ok(data.accounts.get(id).and_then(|seat| seat.assets.get(&asset).cloned()))
    }

    async fn assets(
        &self,
        id: &AccountId,
        filter: AssetFilter,
        order: AssetOrder,
        after: Option<AssetCursor>,
        limit: usize,
    ) -> Result<Vec<AssetRow>, StoreError> {
        let data = self.data()?;
        let rows = data.accounts.get(id).into_iter().flat_map(|seat| seat.assets.values());
        let wanted = rows.filter(|row| {
            let comes = after.is_none_or(|after| order.is_after(&after, &row.record));
            comes && filter.has(&row.record)
        });
        let mut rows: Vec<AssetRow> = wanted.cloned().collect();
        rows.sort_unstable_by(|one, other| order.compare(&one.record, &other.record));
        rows.truncate(limit);
        Ok(rows)
    }

    async fn owner(&self, object_name: [u8; 16]) -> Result<Option<AccountId>, StoreError> {
        let data = self.data()?;
        let mut storing = data.accounts.iter().filter(|(_, seat)| seat.stores);
        Ok(storing.find(|(id, _)| id.object_name() == object_name).map(|(id, _)| id.clone()))
    }

    async fn payment(
        &self,
        id: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRow>, StoreError> {
        let data = self.data()?;
        Ok(data.accounts.get(id).and_then(|seat| seat.payments.get(&payment).cloned()))
    }

    async fn payer(&self, payment: &PaymentName) -> Result<Option<Payer>, StoreError> {
        let data = self.data()?;
        let is_it = |row: &&PaymentRow| projection::is_named(row, payment);
        Ok(data.accounts.values().find_map(|seat| {
            let row = seat.payments.values().find(is_it)?;
            Some(Payer { account: seat.account.id.clone(), payment: row.record.id })
        }))
    }

    async fn document(
        &self,
        id: &AccountId,
        document: DocumentId,
    ) -> Result<Option<DocumentRow>, StoreError> {
        let data = self.data()?;
        Ok(data.accounts.get(id).and_then(|seat| seat.documents.get(&document).cloned()))
    }

    async fn documents(
        &self,
        id: &AccountId,
        before: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let data = self.data()?;
        let rows = data.accounts.get(id).into_iter().flat_map(|seat| seat.documents.values().rev());
        let wanted = rows.filter(|row| before.is_none_or(|before| row.record.id < before));
        Ok(wanted.take(limit).cloned().collect())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.closed.store(true, Ordering::Release);
        Ok(())
    }
}
