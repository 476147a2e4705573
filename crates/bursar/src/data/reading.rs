//! A data directory that is only read, also while a server has it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bursar_core::account::Account;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_engine::{Clock, SystemClock};
use bursar_sqlite::SqliteStore;
use bursar_store::{Entry, JournalPosition, Store, StoreError};
use tokio::runtime::Runtime;

use super::catalogs::{self, Loaded};
use super::{directory, runtime};
use crate::problem::{self, Problem};

/// A data directory that is only read.
pub(crate) struct Reading {
    dir: String,
    store: SqliteStore,
    runtime: Runtime,
}

impl Reading {
    /// Is there data in `dir`?
    pub(crate) fn exists(dir: &str) -> bool {
        directory::has_data(Path::new(dir))
    }

    /// Opens `dir`.
    ///
    /// # Errors
    /// There is no data, or it can't be read.
    pub(crate) fn open(dir: &str) -> Result<Self> {
        directory::must_have_data(dir)?;
        let store = SqliteStore::open_read_only(dir)
            .map_err(|error| problem::of_store("read", dir, &error))?;
        Ok(Self { dir: dir.to_owned(), store, runtime: runtime()? })
    }

    /// The real time.
    pub(crate) fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    /// The catalog in force.
    pub(crate) fn catalog(&self) -> Result<Loaded> {
        let found = catalogs::in_force(&self.store, &self.dir);
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
            let what = format!("there is no account {id} in {}", self.dir);
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

    fn unreadable(&self, error: &StoreError) -> anyhow::Error {
        problem::of_store("read", &self.dir, error)
    }
}
