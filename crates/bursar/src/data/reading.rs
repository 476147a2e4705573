//! A data directory that is only read, also while a server has it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bursar_core::account::Account;
use bursar_core::account::documents::record::DocumentRecord;
use bursar_core::account::payments::record::PaymentRecord;
use bursar_core::catalog::Catalog;
use bursar_core::id::{AccountId, CatalogVersion, DocumentId, PaymentId};
use bursar_core::time::Timestamp;
use bursar_engine::{Clock, SystemClock};
use bursar_sqlite::SqliteStore;
use bursar_store::{BillingDetails, Entry, JournalPosition, Store, StoreError};
use tokio::runtime::Runtime;

use super::catalogs::{self, Loaded};
use super::{database, directory, runtime};
use crate::cli::StoreArgs;
use crate::problem::{self, Problem};

/// A data directory that is only read.
pub(crate) struct Reading {
    dir: String,
    /// What has the data, in messages.
    name: String,
    store: Box<dyn Store>,
    runtime: Runtime,
}

impl Reading {
    /// Is there data? A database that is named is taken to have some.
    pub(crate) fn exists(args: &StoreArgs) -> bool {
        args.database().is_some() || directory::has_data(Path::new(args.dir()))
    }

    /// Opens what the arguments say.
    ///
    /// # Errors
    /// There is no data, or it can't be read.
    pub(crate) fn open(args: &StoreArgs) -> Result<Self> {
        let (dir, runtime) = (args.dir().to_owned(), runtime()?);
        if let Some(url) = args.database() {
            let store = runtime.block_on(database::open_existing(url))?;
            let name = store.place().to_owned();
            return Ok(Self { dir, name, store: Box::new(store), runtime });
        }
        directory::must_have_data(&dir)?;
        let store = SqliteStore::open_read_only(&dir)
            .map_err(|error| problem::of_store("read", &dir, &error))?;
        Ok(Self { name: dir.clone(), dir, store: Box::new(store), runtime })
    }

    /// The real time.
    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// The catalog in force.
    pub(crate) fn catalog(&self) -> Result<Loaded> {
        let found = catalogs::in_force(&*self.store, &self.dir);
        self.runtime.block_on(found)
    }

    /// An account as of its last event.
    ///
    /// # Errors
    /// There is none, or it can't be read.
    pub(crate) fn account(&self, id: &AccountId) -> Result<Account> {
        let found = self.runtime.block_on(self.store.account(id));
        let found = found.map_err(|error| self.unreadable(&error))?;
        found.map(Arc::unwrap_or_clone).ok_or_else(|| {
            let what = format!("there is no account {id} in {}", self.name);
            Problem::error(what, "Check the id; `bursar ledger` shows every account there is.")
        })
    }

    /// At most `limit` journal entries after a position, in commit order.
    pub(crate) fn journal(
        &self,
        after: JournalPosition,
        limit: usize,
    ) -> Result<Vec<(JournalPosition, Arc<Entry>)>> {
        let entries = self.runtime.block_on(self.store.journal(after, limit));
        entries.map_err(|error| self.unreadable(&error))
    }

    /// The last commit of the journal at this moment; 0 if there is none.
    pub(crate) fn last_commit(&self) -> Result<u64> {
        // The port reads forward only, so the end is closed in on.
        let is_beyond = |commit: u64| {
            let after = JournalPosition { commit, index: u32::MAX };
            self.journal(after, 1).map(|entries| entries.is_empty())
        };
        let (mut within, mut beyond) = (0, 1);
        while !is_beyond(beyond)? {
            (within, beyond) = (beyond, beyond.saturating_mul(2));
        }
        if is_beyond(0)? {
            return Ok(0);
        }
        // Something comes after `within`, and nothing after `beyond`.
        while within.saturating_add(1) < beyond {
            let middle = within.midpoint(beyond);
            if is_beyond(middle)? { beyond = middle } else { within = middle }
        }
        Ok(beyond)
    }

    /// A document of an account.
    ///
    /// # Errors
    /// There is none of that id, or it can't be read.
    pub(crate) fn document(&self, id: &AccountId, document: DocumentId) -> Result<DocumentRecord> {
        let found = self.runtime.block_on(self.store.document(id, document));
        let found = found.map_err(|error| self.unreadable(&error))?;
        found.map(|row| row.record).ok_or_else(|| {
            let what = format!("account {id} has no document {document}");
            Problem::error(what, format!("`bursar invoices {id}` shows those that it has."))
        })
    }

    /// All documents of an account, newest first.
    pub(crate) fn documents(&self, id: &AccountId) -> Result<Vec<DocumentRecord>> {
        const AT_ONCE: usize = 500;
        let mut all: Vec<DocumentRecord> = Vec::new();
        loop {
            let before = all.last().map(|last| last.id);
            let page = self.runtime.block_on(self.store.documents(id, before, AT_ONCE));
            let page = page.map_err(|error| self.unreadable(&error))?;
            let is_last = page.len() < AT_ONCE;
            all.extend(page.into_iter().map(|row| row.record));
            if is_last {
                return Ok(all);
            }
        }
    }

    /// A payment of an account, if there is one of that id.
    pub(crate) fn payment(
        &self,
        id: &AccountId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRecord>> {
        let found = self.runtime.block_on(self.store.payment(id, payment));
        Ok(found.map_err(|error| self.unreadable(&error))?.map(|row| row.record))
    }

    /// A revision of an account's billing details, if there is one and it was not erased.
    pub(crate) fn billing_details(
        &self,
        id: &AccountId,
        revision: u32,
    ) -> Result<Option<BillingDetails>> {
        let found = self.runtime.block_on(self.store.billing_details(id, revision));
        found.map_err(|error| self.unreadable(&error))
    }

    /// A catalog that was in force.
    ///
    /// # Errors
    /// There is none of that version, or it can't be read.
    pub(crate) fn catalog_of(&self, version: CatalogVersion) -> Result<Arc<Catalog>> {
        Ok(self.wait(bursar_api::documents::catalog_of(self.store(), version))?)
    }

    /// The store itself.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Waits for what reads it.
    pub(crate) fn wait<T>(&self, read: impl Future<Output = T>) -> T {
        self.runtime.block_on(read)
    }

    fn unreadable(&self, error: &StoreError) -> anyhow::Error {
        problem::of_store("read", &self.name, error)
    }
}
