//! What the store, its writer and its threads share.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bursar_store::{LocalClaims, StoreError};
use parking_lot::Mutex;

use crate::checkpoint::Stop;
use crate::directory::Directory;
use crate::error::{Result, about};
use crate::journal::Journal;
use crate::readers::Readers;
use crate::reads::Pins;
use crate::sorted::Sorted;
use crate::tail::Tail;

pub(crate) struct Shared {
    pub(crate) directory: Directory,
    /// Held while the store is open for writing.
    pub(crate) lock: Mutex<Option<File>>,
    /// The one connection that writes journal.db; gone when the store is closed or read-only.
    pub(crate) journal: Mutex<Option<Journal>>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) pins: Pins,
    pub(crate) readers: Arc<Readers>,
    /// The runs beside the views; `None` if another process writes them.
    pub(crate) sorted: Option<Arc<Sorted>>,
    pub(crate) has_writer: AtomicBool,
    pub(crate) closed: AtomicBool,
    /// About how much was appended to the journal's log since it was last moved into its file.
    pub(crate) log_bytes: AtomicU64,
    pub(crate) checkpoint_bytes: u64,
    pub(crate) threads: Mutex<Option<Threads>>,
    /// Which work of the store is being done.
    pub(crate) claims: LocalClaims,
}

pub(crate) struct Threads {
    pub(crate) views: JoinHandle<()>,
    pub(crate) checkpoint: JoinHandle<()>,
    pub(crate) stop: Arc<Stop>,
}

/// How long closing waits for readers of the file.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a commit adds to the log besides its row: the page it shares, and frame headers.
const COMMIT_BYTES: u64 = 4_500;

impl Shared {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn is_read_only(&self) -> bool {
        matches!(self.pins, Pins::Journal)
    }

    pub(crate) fn note_log(&self, row: usize) {
        let row = u64::try_from(row).unwrap_or(u64::MAX);
        let bytes = row.saturating_add(COMMIT_BYTES);
        self.log_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Writes what the views lack, ends the threads and gives the directory up. Safe to call twice.
    pub(crate) fn finish(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        self.readers.close();
        // The journal first: a commit that comes too late fails, rather than being missed.
        let journal = self.journal.lock().take();
        self.tail.close();
        let mut ended = Ok(());
        if let Some(threads) = self.threads.lock().take() {
            threads.stop.stop();
            for thread in [threads.views, threads.checkpoint] {
                if thread.join().is_err() {
                    let what = "a thread of the store has panicked".to_owned();
                    ended = Err(StoreError::Unavailable(what));
                }
            }
        }
        if let Some(sorted) = &self.sorted {
            sorted.stop();
        }
        // Only the process that has the directory moves the log into its file.
        if let Some(journal) = journal.filter(|_| self.lock.lock().is_some()) {
            // The log is moved and removed, so that the directory is tidy for copying; unless somebody
            // reads it for longer.
            let tidy = journal.connection.busy_timeout(PATIENCE).and_then(|()| {
                let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
                journal.connection.query_row(checkpoint, [], |_| Ok(()))
            });
            ended = ended.and(tidy.map_err(about(&journal.path)));
        }
        *self.lock.lock() = None;
        match self.tail.lag().trouble {
            Some(trouble) => ended.and(Err(StoreError::Unavailable(trouble))),
            None => ended,
        }
    }
}
