//! Moving the journal's write-ahead log into its file, beside the writer.
//!
//! SQLite would do it inside a commit, which would then take as long as writing and syncing
//! thousands of pages. A thread of its own does it without a lock instead. But a log can only start
//! again from its beginning when all of it has been moved, and under load there is always one more
//! commit: so when little is left, the thread moves the last of it with the writer waiting.
//!
//! What was moved is synced, and on one disk the writer's own syncs wait for that: so it is moved a little at a time,
//! and the log starts again now and then.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use bursar_store::StoreError;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use crate::connection;
use crate::error::{Result, about};
use crate::shared::Shared;

const EVERY: Duration = Duration::from_millis(100);
/// What is moved when about so many bytes were appended since the last time.
const SLICE: u64 = 1 << 20;
/// About the most pages that are moved with the writer waiting: a few milliseconds' worth.
const FEW_PAGES: i64 = 512;
const ROUNDS: usize = 4;

/// Tells the thread to end.
#[derive(Default)]
pub(crate) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(crate) fn stop(&self) {
        *self.stopped.lock() = true;
        self.changed.notify_all();
    }

    fn within(&self, pause: Duration) -> bool {
        let mut stopped = self.stopped.lock();
        if !*stopped {
            self.changed.wait_for(&mut stopped, pause);
        }
        *stopped
    }
}

pub(crate) fn start(shared: Arc<Shared>, stop: Arc<Stop>) -> Result<JoinHandle<()>> {
    let connection = connection::journal(&shared.directory)?;
    std::thread::Builder::new()
        .name("bursar-checkpoint".to_owned())
        .spawn(move || {
            let mut moved = 0;
            while !stop.within(EVERY) {
                if let Err(error) = checkpoint(&shared, &connection, &mut moved) {
                    tracing::warn!(%error, "the journal's log can't be moved; trying again");
                }
            }
        })
        .map_err(|error| StoreError::Unavailable(format!("no thread for checkpoints: {error}")))
}

/// Moves what there is, if it is enough. `moved` is how much the log had when some of it was moved last.
fn checkpoint(shared: &Shared, connection: &Connection, moved: &mut u64) -> Result<()> {
    let bytes = shared.log_bytes.load(Ordering::Relaxed);
    if bytes < shared.checkpoint_bytes {
        if bytes.saturating_sub(*moved) >= SLICE {
            *moved = bytes;
            pass(shared, connection)?;
        }
        return Ok(());
    }
    *moved = 0;
    shared.log_bytes.store(0, Ordering::Relaxed);
    let mut pages = pass(shared, connection)?;
    for _ in 0..ROUNDS {
        let before = pages;
        pages = pass(shared, connection)?;
        // What came during the last pass is about as much as came during this one.
        if pages.saturating_sub(before) <= FEW_PAGES {
            break;
        }
    }
    let _waiting = shared.journal.lock();
    pass(shared, connection).map(drop)
}

/// Moves what is there; returns how many pages the log had then, those moved before included.
fn pass(shared: &Shared, connection: &Connection) -> Result<i64> {
    connection
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(1))
        .map_err(about(&shared.directory.journal()))
}
