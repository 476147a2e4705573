//! Committing batches: one row appended, one fsync.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use bursar_core::account::event::Recorded;
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::id::{AccountId, AssetId, IdempotencyKey, Key, PaymentId, SpendId};
use bursar_store::{
    Batch, Begun, Cursor, Entry, Numbers, StoreError, Versions, Wanted, Writer, codec,
};

use crate::connection::Reader;
use crate::error::Result;
use crate::lookups::{self, Named};
use crate::reads;
use crate::runs::Name;
use crate::shared::Shared;

/// The one writer. What it begins it has for itself, because there is no other.
pub(crate) struct SqliteWriter {
    shared: Arc<Shared>,
    reader: Reader,
    begun: Versions,
    /// The last legal number of each series and year that was asked for. Right until the writer ends:
    /// there is no other.
    numbers: Numbers,
}

impl SqliteWriter {
    pub(crate) fn open(shared: &Arc<Shared>) -> Result<Self> {
        let reader = Reader::open(&shared.directory, shared.sorted.as_ref())?;
        if shared.has_writer.swap(true, Ordering::AcqRel) {
            return Err(StoreError::Unavailable("there is a writer already".to_owned()));
        }
        Ok(Self {
            shared: Arc::clone(shared),
            reader,
            begun: Versions::default(),
            numbers: Numbers::new(),
        })
    }

    /// Memory first, then the views for what is missing: what left memory in between is in them.
    fn load(&self, wanted: &Wanted) -> Result<Begun> {
        let names: Vec<Name> = wanted.keys.iter().map(|(id, key)| Name::key(id, key)).collect();
        let found = self.shared.tail.find(wanted, &names);
        let (mut accounts, mut entries) = (found.accounts, found.entries);
        let sorted = self.reader.sorted()?;
        let mut loaded = Vec::new();
        for (id, place) in wanted.accounts.iter().zip(&mut accounts) {
            if place.is_none() {
                *place = sorted.states.account(id)?.map(Arc::new);
                loaded.extend(place.clone());
            }
        }
        self.shared.tail.loaded(loaded.iter());
        let mut cursor = Cursor::default();
        let mut is_new = |id: &AccountId| {
            let place = cursor.find(&wanted.accounts, id);
            place.and_then(|place| accounts.get(place)).is_some_and(Option::is_none)
        };
        let (mut keys, mut places) = (Vec::new(), Vec::new());
        for (((id, key), name), place) in wanted.keys.iter().zip(names).zip(&mut entries) {
            if place.is_none() && !is_new(id) {
                keys.push(Named { name, id, key });
                places.push(place);
            }
        }
        for (place, found) in places.into_iter().zip(lookups::keyed(&self.reader, &keys)?) {
            *place = found;
        }
        Ok(Begun { accounts, entries })
    }

    fn find_last_number(&mut self, series: &Key, year: u16) -> Result<u32> {
        let key = (series.clone(), year);
        if let Some(last) = self.numbers.get(&key) {
            return Ok(*last);
        }
        let last = reads::last_number(&self.reader, &self.shared.pins, series, year)?;
        self.numbers.insert(key, last);
        Ok(last)
    }

    fn append(&mut self, batch: &Batch) -> Result<()> {
        let row = codec::encode_entries(&batch.entries)?;
        let stamp = {
            let mut journal = self.shared.journal.lock();
            let journal = journal.as_mut().ok_or_else(crate::readers::closed)?;
            journal.append(&row)?
        };
        self.shared.note_log(row.len());
        let tail = &self.shared.tail;
        tail.add(stamp, row.len(), &batch.entries, &batch.accounts);
        Ok(())
    }
}

impl Drop for SqliteWriter {
    fn drop(&mut self) {
        self.shared.has_writer.store(false, Ordering::Release);
    }
}

#[async_trait]
impl Writer for SqliteWriter {
    async fn begin(&mut self, wanted: &Wanted) -> Result<Begun> {
        if self.shared.is_closed() {
            return Err(crate::readers::closed());
        }
        self.shared.tail.wait_for_room()?;
        let begun = self.load(wanted)?;
        self.begun = Versions::of(&wanted.accounts, &begun.accounts);
        Ok(begun)
    }

    async fn join(
        &mut self,
        keys: &[(AccountId, IdempotencyKey)],
    ) -> Result<Vec<Option<Arc<Entry>>>> {
        // Their accounts are begun already.
        Ok(self.load(&Wanted { accounts: Vec::new(), keys: keys.to_vec() })?.entries)
    }

    async fn spend(&mut self, account: &AccountId, spend: SpendId) -> Result<Vec<Recorded>> {
        let events = reads::spend(&self.reader, &self.shared.pins, account, spend)?;
        Ok(events.into_iter().map(|event| event.recorded).collect())
    }

    async fn payment(
        &mut self,
        account: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRecord>> {
        let row = reads::payment(&self.reader, &self.shared.pins, account, payment)?;
        Ok(row.map(|row| row.record))
    }

    async fn asset(&mut self, account: &AccountId, asset: AssetId) -> Result<Option<AssetRecord>> {
        let row = reads::asset(&self.reader, &self.shared.pins, account, asset)?;
        Ok(row.map(|row| row.record))
    }

    async fn last_number(&mut self, series: &Key, year: u16) -> Result<u32> {
        self.find_last_number(series, year)
    }

    async fn commit(&mut self, batch: Batch) -> Result<()> {
        batch.check(std::mem::take(&mut self.begun))?;
        if batch.entries.is_empty() {
            return Ok(());
        }
        let numbers = batch.check_numbers(|series, year| self.find_last_number(series, year))?;
        let appended = self.append(&batch);
        match &appended {
            Ok(()) => self.numbers.extend(numbers),
            // What is known of them may be wrong now.
            Err(_) => self.numbers.clear(),
        }
        appended
    }

    async fn abandon(&mut self) {
        self.begun = Versions::default();
    }
}
