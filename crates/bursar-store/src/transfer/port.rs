//! What a store must do to be moved from and to.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_core::money::Currency;
use bursar_core::postings::{Book, MoneyBook};

use super::plain::{PlainRow, PlainTable};
use crate::audit::{AssetCounts, Counts};
use crate::entry::{Entry, JournalPosition};
use crate::port::StoreError;
use crate::projection::AccountRow;

/// Why nothing was moved, or not all.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransferError {
    /// A store could not do what it was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store is not in order, by its own proof.
    #[error("{place} is not in order: {what}")]
    Refuted {
        /// Which.
        place: String,
        /// The first thing that is wrong.
        what: String,
    },
    /// The two don't have the same.
    #[error("the two don't agree: {0}")]
    Differ(String),
    /// The target has the beginning of something else.
    #[error("{place} has the beginning of a migration from somewhere else: {what}")]
    Foreign {
        /// The target.
        place: String,
        /// Where they part.
        what: String,
    },
}

/// What a proof counts: the same figures in every store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Entries of the journal.
    pub entries: u64,
    /// Events in those.
    pub events: u64,
    /// Accounts that they make.
    pub accounts: usize,
    /// Idempotency keys.
    pub keys: usize,
    /// What each book sums to over all accounts, in micro-credits.
    pub totals: BTreeMap<Book, i128>,
    /// Payments, refunds, invoices and credit notes.
    pub counts: Counts,
    /// Files and uploads.
    pub assets: AssetCounts,
    /// What each book of money sums to over all accounts, in minor units.
    pub money_totals: BTreeMap<(Currency, MoneyBook), i128>,
}

/// Entries with their positions.
pub type Entries = Vec<(JournalPosition, Arc<Entry>)>;

/// Is told how much is done, and of how much; 0 of 0 where that isn't known.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// All that a store has, held still: as long as this lives nobody changes anything of it.
///
/// A call may block its thread: this is for tools that do one thing after the other.
#[async_trait]
pub trait Held: Send {
    /// What it is called in messages.
    fn place(&self) -> &str;

    /// About `limit` entries after a position, in the journal's order; none if there are no more.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn entries(
        &mut self,
        after: JournalPosition,
        limit: usize,
    ) -> Result<Entries, StoreError>;

    /// At most `limit` rows of a plain table after one, in order of their keys' bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn rows(
        &mut self,
        table: PlainTable,
        after: Option<&PlainRow>,
        limit: usize,
    ) -> Result<Vec<PlainRow>, StoreError>;

    /// The same proof as the store's own `verify`.
    ///
    /// # Errors
    /// [`TransferError::Refuted`]; [`TransferError::Store`] if it can't be read.
    async fn prove(&mut self, progress: Progress<'_>) -> Result<Proof, TransferError>;
}

/// A store that is being filled. Until [`Target::complete`] no server can open it.
#[async_trait]
pub trait Target: Held {
    /// The last entry that it has, from an earlier attempt; the default if there is none. Its plain tables
    /// are empty in any case.
    fn reached(&self) -> JournalPosition;

    /// Adds whole commits, durably.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of them was added.
    async fn add_entries(&mut self, entries: &Entries) -> Result<(), StoreError>;

    /// Adds rows to a plain table.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add_rows(&mut self, rows: &[PlainRow]) -> Result<(), StoreError>;

    /// Makes what is not made along with the entries. All of them are there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn settle(&mut self, progress: Progress<'_>) -> Result<(), StoreError>;

    /// At most `limit` accounts' rows after one, in order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn accounts(
        &mut self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountRow>, StoreError>;

    /// From now on servers can open it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn complete(&mut self) -> Result<(), StoreError>;
}
