//! A batch while it is decided, on what is locked for it.

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
use bursar_store::{Begun, Cursor, Entry, StoreError, Wanted, Writer};
use foldhash::HashMap;

use crate::envelope::{Committed, Envelope, Failure, Outcome};

/// What a batch is decided on.
pub(crate) struct Locked {
    pub(crate) wanted: Wanted,
    pub(crate) begun: Begun,
}

/// An account within a batch.
pub(crate) struct Slot {
    pub(crate) state: Option<Arc<Account>>,
    pub(crate) changed: bool,
}

/// A batch while it is decided: states and entries as they will be once it is committed. Commands on one account
/// come one after the other, between [`Deciding::turn_to`] it and to the next.
pub(crate) struct Deciding {
    wall: Timestamp,
    /// In order of their ids.
    accounts: Vec<AccountId>,
    /// Of each account.
    pub(crate) slots: Vec<Slot>,
    cursor: Cursor,
    /// The account's place that is decided on; one that there isn't, in the beginning.
    at: usize,
    /// What was committed before under keys of this batch.
    known: HashMap<(AccountId, IdempotencyKey), Arc<Entry>>,
    pub(crate) entries: Vec<Arc<Entry>>,
    /// The first entry of the account that is decided on.
    first: usize,
    /// The keys of its entries up to `named`.
    keys: HashMap<IdempotencyKey, Arc<Entry>>,
    named: usize,
    /// The last legal number of each series and year that was given out, once it was asked for.
    numbers: HashMap<(Key, u16), u32>,
}

impl Deciding {
    pub(crate) fn new(locked: Locked, wall: Timestamp) -> Self {
        let Locked { wanted, begun } = locked;
        let slots = begun.accounts.into_iter().map(|state| Slot { state, changed: false });
        let known = wanted.keys.into_iter().zip(begun.entries);
        Self {
            wall,
            accounts: wanted.accounts,
            slots: slots.collect(),
            cursor: Cursor::default(),
            at: usize::MAX,
            known: known.filter_map(|(key, entry)| Some((key, entry?))).collect(),
            entries: Vec::new(),
            first: 0,
            keys: HashMap::default(),
            named: 0,
            numbers: HashMap::default(),
        }
    }

    /// From now on commands are on this account.
    pub(crate) fn turn_to(&mut self, id: &AccountId) {
        let at = self.cursor.find(&self.accounts, id).unwrap_or(usize::MAX);
        if at != self.at {
            self.at = at;
            self.first = self.entries.len();
            self.named = self.first;
            self.keys.clear();
        }
    }

    /// The answer to a key that is known, from before or from earlier in this batch.
    pub(crate) fn replay(
        &mut self,
        account: &AccountId,
        idempotency: Option<&Idempotency>,
    ) -> Option<Outcome> {
        let Idempotency { key, request, form } = idempotency?;
        for entry in self.entries.iter().skip(self.named) {
            if let Some(own) = &entry.idempotency {
                self.keys.insert(own.key.clone(), Arc::clone(entry));
            }
        }
        self.named = self.entries.len();
        let before = || self.known.get(&(account.clone(), key.clone()));
        let before = if self.known.is_empty() { None } else { before() };
        let entry = before.or_else(|| self.keys.get(key))?;
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

    fn account(&self) -> Option<&Account> {
        self.slots.get(self.at).and_then(|slot| slot.state.as_deref())
    }

    /// Books what fell due until the account's present, which it returns. That is an entry of its
    /// own: it stands whatever becomes of the command.
    pub(crate) async fn advance(
        &mut self,
        store: &mut dyn Writer,
        id: &AccountId,
        catalog: &Catalog,
    ) -> Result<Timestamp, StoreError> {
        let Some(slot) = self.slots.get_mut(self.at) else {
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
    pub(crate) async fn number(
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
    pub(crate) async fn past(
        &self,
        store: &mut dyn Writer,
        envelope: &Envelope,
    ) -> Result<Past, StoreError> {
        let Some(account) = self.account() else {
            return Ok(Past::default());
        };
        let mut past = Past::default();
        if let Some(id) = envelope.command.needs_history(account) {
            past.spend = self.spend(store, &envelope.account, id).await?.map(Box::new);
        }
        if let Some(id) = envelope.command.needs_payment(account) {
            past.payment = self.payment(store, &envelope.account, id).await?.map(Box::new);
        }
        if let Some(id) = envelope.command.needs_asset(account) {
            past.asset = self.asset(store, &envelope.account, id).await?.map(Box::new);
        }
        Ok(past)
    }

    /// A file from what is committed and the events of this batch.
    async fn asset(
        &self,
        store: &mut dyn Writer,
        account: &AccountId,
        id: AssetId,
    ) -> Result<Option<AssetRecord>, StoreError> {
        let mut in_batch =
            self.in_batch().filter(|recorded| asset_record::subject(&recorded.event) == Some(id));
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
            self.in_batch().filter(|recorded| record::subject(&recorded.event) == Some(id));
        Ok(in_batch.fold(committed, record::fold))
    }

    /// What this batch has done so far to the account that is decided on.
    fn in_batch(&self) -> impl Iterator<Item = &Recorded> {
        self.entries.iter().skip(self.first).flat_map(|entry| &entry.events)
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
            self.in_batch().filter(|recorded| spend::subject(&recorded.event) == Some(id));
        Ok(committed.iter().chain(in_batch).fold(None, spend::fold))
    }

    pub(crate) fn execute(
        &mut self,
        envelope: &Envelope,
        catalog: &Catalog,
        context: &Context,
        past: &Past,
    ) -> Result<Vec<Recorded>, Failure> {
        let missing = || Rejection::from(AccountRejection::NotFound);
        let slot = self.slots.get_mut(self.at).ok_or_else(missing)?;
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

    pub(crate) fn note(
        &mut self,
        envelope: &Envelope,
        idempotency: Option<Idempotency>,
        events: Vec<Recorded>,
    ) -> Arc<Entry> {
        let version = self.account().map_or(0, |account| account.version);
        let count = u64::try_from(events.len()).unwrap_or(0);
        let entry = Arc::new(Entry {
            account: envelope.account.clone(),
            first_version: version.saturating_sub(count).saturating_add(1),
            actor: envelope.actor.clone(),
            idempotency,
            events,
        });
        self.entries.push(Arc::clone(&entry));
        entry
    }
}
