//! The embedded store: an append-only journal in SQLite, and views that are written behind it.
//!
//! **The journal is the database.** `journal.db` gets one row per commit, synced before the commit
//! returns, and the plain tables of the [`Registry`](bursar_store::Registry): what cannot be rebuilt.
//! `views.db` has everything that is looked up, written behind the journal in large sorted batches by
//! a thread of its own and stamped with the commit it has reached: what can be rebuilt at any time.
//! What the views don't have yet is in memory.
//!
//! **Architecture invariant:** a commit is in the journal before anything else knows of it, and in
//! memory until the views have it. Every read looks into memory first and into the views then.
//!
//! One process has the directory, through a lock on `bursar.lock`. Tools that only read may look at
//! the same time.

mod assets;
mod backup;
mod checkpoint;
mod connection;
mod directory;
mod error;
mod index;
mod journal;
mod lookups;
mod migrations;
mod money;
mod pace;
mod readers;
mod reads;
mod registry;
mod replay;
mod runs;
mod segment;
mod shared;
mod sharing;
mod sorted;
mod states;
mod store;
mod tail;
mod transfer;
mod verify;
mod view_writer;
mod views;
mod writer;

use std::time::Duration;

pub use backup::{backup, restore};
pub use replay::rebuild_views;
pub use store::SqliteStore;
pub use transfer::{Export, Import};
pub use verify::{Difference, Report, verify};

/// How much a [`SqliteStore`] keeps in memory, and how long it lets the views fall behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many states of accounts stay in memory after use; about a kilobyte each.
    pub cached_accounts: usize,
    /// How many reads go on at once.
    pub readers: usize,
    /// The views are written when this many entries wait for it. The more, the fewer pages are written
    /// for each, and the more memory they take: about a kilobyte each.
    pub flush_entries: usize,
    /// The views are written when the oldest waiting entry has waited this long. Nobody waits for it:
    /// what is not in the views is read from memory. It is how far behind other programs see the
    /// file, and how much of the journal a start after a crash reads again.
    pub flush_after: Duration,
    /// Writers wait when this many entries are not in the views yet.
    pub max_lag_entries: usize,
    /// Writers wait when this many encoded bytes of entries are not in the views yet.
    pub max_lag_bytes: usize,
    /// How long writers wait; then writing is
    /// [unavailable](bursar_store::StoreError::Unavailable).
    pub max_lag_wait: Duration,
    /// The journal's write-ahead log is moved into its file when about this much has been appended.
    pub checkpoint_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cached_accounts: 100_000,
            readers: 4,
            flush_entries: 32_768,
            flush_after: Duration::from_secs(3),
            max_lag_entries: 98_304,
            max_lag_bytes: 96 << 20,
            max_lag_wait: Duration::from_secs(5),
            checkpoint_bytes: 16 << 20,
        }
    }
}

/// How far the views are behind the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// The last commit of the journal.
    pub committed: u64,
    /// The last commit in the views.
    pub viewed: u64,
    /// The entries between them.
    pub entries: usize,
    /// Their encoded size.
    pub bytes: usize,
    /// Why the views can't be written at present.
    pub trouble: Option<String>,
}
