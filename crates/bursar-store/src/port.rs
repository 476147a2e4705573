//! The Store port: what the engine needs of a database, and nothing else.

use std::cmp::Ordering;
use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::account::Account;
use bursar_core::account::documents::record::DocumentRecord;
use bursar_core::account::event::Recorded;
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::catalog::AssetKind;
use bursar_core::id::{
    AccountId, AssetId, DocumentId, IdempotencyKey, Key, PaymentId, RefundId, SpendId,
};
use bursar_core::provider::PaymentRef;
use bursar_core::statement::StatementLine;
use bursar_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, JournalPosition};
use crate::registry::Registry;
use crate::sharing::Sharing;

/// Why a store could not do what it was asked. Nothing was changed, except where said.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It can't write (full disk, read-only, no connection) or can't keep up. Trying again later
    /// may help.
    #[error("storage is unavailable: {0}")]
    Unavailable(String),
    /// A commit's outcome is not known; the idempotency key tells when it can be read again.
    #[error("the outcome of a commit is unknown: {0}")]
    Unknown(String),
    /// What was read is not what was written.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The data was written by a newer Bursar.
    #[error("stored data is of a newer format: {0}")]
    Newer(String),
}

/// What a batch of commands needs to know before it is decided.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The accounts, each once, in order of their ids, so that stores which lock rows never
    /// deadlock.
    pub accounts: Vec<AccountId>,
    /// Idempotency keys of commands on those accounts.
    pub keys: Vec<(AccountId, IdempotencyKey)>,
}

/// What [`Wanted`] asked for, locked until the batch is committed or abandoned.
#[derive(Clone, Debug, Default)]
pub struct Begun {
    /// The state of each wanted account, in the same order; `None` if there is no such account.
    pub accounts: Vec<Option<Arc<Account>>>,
    /// For each wanted key, in the same order, the entry that it stands for; `None` if it is new.
    pub entries: Vec<Option<Arc<Entry>>>,
}

/// The outcome of a batch: all of it becomes durable, or none.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What happened, in order; never empty.
    pub entries: Vec<Arc<Entry>>,
    /// The state of each account that changed, after the last of its entries.
    pub accounts: Vec<Arc<Account>>,
}

/// An account that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The account.
    pub account: AccountId,
    /// Since when, by the real clock.
    pub since: Timestamp,
}

/// A statement line with the account's version after it, which is its cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementRow {
    /// The account's version after it.
    pub version: u64,
    /// The line.
    pub line: StatementLine,
}

/// An event with the account's version after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendEvent {
    /// The account's version after it.
    pub version: u64,
    /// The event.
    pub recorded: Recorded,
}

/// A payment, with where it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    /// The account's version after the last event that is folded into it.
    pub version: u64,
    /// The payment.
    pub record: PaymentRecord,
    /// The entry that asked for it.
    pub asked: JournalPosition,
    /// The entry in which it succeeded or failed, the last if there are several.
    pub settled: Option<JournalPosition>,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRow {
    /// The account's version after the last event that is folded into it.
    pub version: u64,
    /// The document.
    pub record: DocumentRecord,
}

/// A file, with where it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRow {
    /// The account's version after the last event about it.
    pub version: u64,
    /// The file.
    pub record: AssetRecord,
}

/// Which files of an account are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssetFilter {
    /// Those of this vault: the account's own, unless one that was purged is meant.
    pub vault: u32,
    /// Those of one kind.
    pub kind: Option<AssetKind>,
    /// Those that are there, and no uploads.
    pub stored_only: bool,
}

impl AssetFilter {
    /// Is it among them?
    pub fn has(&self, asset: &AssetRecord) -> bool {
        asset.vault == self.vault
            && self.kind.is_none_or(|kind| asset.kind == kind)
            && (!self.stored_only || asset.stored_at().is_some())
    }
}

/// In which order files are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AssetOrder {
    /// Begun last first: by id, backwards.
    #[default]
    Newest,
    /// Begun first first: by id.
    Oldest,
    /// Largest first, of equal ones the newest.
    Largest,
}

/// The last file of a page, after which the next begins. It stays right while files come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetCursor {
    /// Its id.
    pub asset: AssetId,
    /// Its size; looked at for [`AssetOrder::Largest`] only.
    pub bytes: u64,
}

impl AssetCursor {
    /// The cursor after a file.
    pub const fn of(asset: &AssetRecord) -> Self {
        Self { asset: asset.id, bytes: asset.bytes }
    }
}

impl AssetOrder {
    /// Does a file of that id and size come after the cursor?
    pub fn is_after(self, cursor: &AssetCursor, asset: &AssetRecord) -> bool {
        match self {
            Self::Newest => asset.id < cursor.asset,
            Self::Oldest => asset.id > cursor.asset,
            Self::Largest => (asset.bytes, asset.id) < (cursor.bytes, cursor.asset),
        }
    }

    /// Which of two comes first.
    pub fn compare(self, one: &AssetRecord, other: &AssetRecord) -> Ordering {
        match self {
            Self::Newest => other.id.cmp(&one.id),
            Self::Oldest => one.id.cmp(&other.id),
            Self::Largest => (other.bytes, other.id).cmp(&(one.bytes, one.id)),
        }
    }
}

/// What names a payment, wherever it is heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentName {
    /// Our id.
    Id(PaymentId),
    /// The provider's.
    Reference(PaymentRef),
    /// Our id of one of its refunds.
    Refund(RefundId),
}

/// Whose payment it is, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// The account.
    pub account: AccountId,
    /// The payment.
    pub payment: PaymentId,
}

/// Where a batch is decided: accounts are loaded and locked, then all changes are committed at once.
///
/// The calls come as `begin`, any number of `join`, `spend`, `payment` and `asset`, then `commit` or `abandon`.
#[async_trait]
pub trait Writer: Send {
    /// Loads and locks.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is locked.
    async fn begin(&mut self, wanted: &Wanted) -> Result<Begun, StoreError>;

    /// The entries that more idempotency keys stand for, in the same order, of accounts that the batch has begun:
    /// for commands that come to it while their account is locked.
    ///
    /// # Errors
    /// [`StoreError`]; the batch is to be abandoned.
    async fn join(
        &mut self,
        keys: &[(AccountId, IdempotencyKey)],
    ) -> Result<Vec<Option<Arc<Entry>>>, StoreError>;

    /// The events of one spend of a locked account that are committed, oldest first; empty if there
    /// is none.
    ///
    /// # Errors
    /// [`StoreError`]; the batch stays begun.
    async fn spend(
        &mut self,
        account: &AccountId,
        spend: SpendId,
    ) -> Result<Vec<Recorded>, StoreError>;

    /// A payment of a locked account as what is committed makes it.
    ///
    /// # Errors
    /// [`StoreError`]; the batch stays begun.
    async fn payment(
        &mut self,
        account: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRecord>, StoreError>;

    /// A file or upload of a locked account as what is committed makes it.
    ///
    /// # Errors
    /// [`StoreError`]; the batch stays begun.
    async fn asset(
        &mut self,
        account: &AccountId,
        asset: AssetId,
    ) -> Result<Option<AssetRecord>, StoreError>;

    /// The highest number that committed documents of a series have in a year; 0 if there are none.
    /// Where there are other writers, they wait for it until the batch is over: so numbers have no
    /// gaps, and a batch that fails uses none up.
    ///
    /// # Errors
    /// [`StoreError`]; the batch stays begun.
    async fn last_number(&mut self, series: &Key, year: u16) -> Result<u32, StoreError>;

    /// Makes the batch durable. When it returns, the batch survives any crash and every read sees
    /// it.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the batch is kept, except after [`StoreError::Unknown`].
    async fn commit(&mut self, batch: Batch) -> Result<(), StoreError>;

    /// Unlocks; there is nothing to commit.
    async fn abandon(&mut self);
}

/// A database of accounts.
///
/// Reads see everything that was committed before they were called.
#[async_trait]
pub trait Store: Registry + Sharing {
    /// How many writers it can use at once. The engine gives each account to one of them.
    fn writers(&self) -> usize;

    /// Do its writers block the thread they are used by? Those that only wait for others are better off
    /// beside whom they wait for, without a thread of their own to be woken up each time.
    fn writers_block(&self) -> bool {
        true
    }

    /// A writer, to be used by one thread at a time, which it may block if [`Store::writers_block`].
    ///
    /// # Errors
    /// [`StoreError`].
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError>;

    /// An account as of its last event.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn account(&self, id: &AccountId) -> Result<Option<Arc<Account>>, StoreError>;

    /// At most `limit` statement lines of an account, newest first, of versions below `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn statement(
        &self,
        id: &AccountId,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<StatementRow>, StoreError>;

    /// The events of one spend, oldest first; empty if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn spend(&self, id: &AccountId, spend: SpendId) -> Result<Vec<SpendEvent>, StoreError>;

    /// What happened to an account, oldest first: at most `limit` events of versions above `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn history(
        &self,
        id: &AccountId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<SpendEvent>, StoreError>;

    /// At most `limit` journal entries after a position, in commit order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn journal(
        &self,
        after: JournalPosition,
        limit: usize,
    ) -> Result<Vec<(JournalPosition, Arc<Entry>)>, StoreError>;

    /// A position that everything which is committed from now on comes after: where to begin to read for
    /// what is new. Nothing that is before it is still on its way.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end(&self) -> Result<JournalPosition, StoreError>;

    /// At most `limit` accounts that are due at `now` by the real clock, longest due first. May miss
    /// those that became due in the last second.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreError>;

    /// Accounts that wait for the payment provider ([`is_waiting`](bursar_core::account::payments::Billing::is_waiting)), at most `limit`, in order of their
    /// ids from `after` on. May miss those that came to it in the last second.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn asking(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError>;

    /// Accounts that have something to be erased
    /// ([`is_erasing`](bursar_core::account::storage::Storage::is_erasing)), as [`Store::asking`] lists
    /// those that wait for the payment provider.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn erasing(
        &self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError>;

    /// One file or upload of an account. Those of a vault that was purged are there until that is
    /// certified: whoever shows one compares its vault with the account's.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn asset(&self, id: &AccountId, asset: AssetId) -> Result<Option<AssetRow>, StoreError>;

    /// At most `limit` files of an account after a cursor, in that order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn assets(
        &self,
        id: &AccountId,
        filter: AssetFilter,
        order: AssetOrder,
        after: Option<AssetCursor>,
        limit: usize,
    ) -> Result<Vec<AssetRow>, StoreError>;

    /// The account whose objects are filed under that [name](AccountId::object_name), if it ever stored
    /// anything.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn owner(&self, object_name: [u8; 16]) -> Result<Option<AccountId>, StoreError>;

    /// One payment of an account.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn payment(
        &self,
        id: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRow>, StoreError>;

    /// Whose payment it is.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn payer(&self, payment: &PaymentName) -> Result<Option<Payer>, StoreError>;

    /// One document of an account.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn document(
        &self,
        id: &AccountId,
        document: DocumentId,
    ) -> Result<Option<DocumentRow>, StoreError>;

    /// At most `limit` documents of an account, newest first, of ids below `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn documents(
        &self,
        id: &AccountId,
        before: Option<DocumentId>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError>;

    /// Finishes background work and closes; further calls fail.
    ///
    /// # Errors
    /// [`StoreError`]; committed data is safe all the same.
    async fn close(&self) -> Result<(), StoreError>;
}
