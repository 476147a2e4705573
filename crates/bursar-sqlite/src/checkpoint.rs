//! Moving the journal's write-ahead log into its file, beside the writer.
//!
//! SQLite would do it inside a commit, which would then take as long as writing and syncing
//! thousands of pages. A thread of its own does it without a lock instead. But a log can only start
//! again from its beginning when all of it has been moved, and under load there is always one more
//! commit: so when little is left, the thread moves the last of it with the writer waiting.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bursar_store::StoreError;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use crate::connection;
use crate::error::{Result, about};
use crate::shared::Shared;

const EVERY: Duration = Duration::from_millis(200);
/// The log is left alone below this size.
const WORTHWHILE_BYTES: u64 = 16 << 20;
/// The most pages that are moved with the writer waiting, a few milliseconds' worth.
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
            while !stop.within(EVERY) {
                if let Err(error) = checkpoint(&shared, &connection) {
                    tracing::warn!(%error, "the journal's log can't be moved; trying again");
                }
            }
        })
        .map_err(|error| StoreError::Unavailable(format!("no thread for checkpoints: {error}")))
}

fn checkpoint(shared: &Shared, connection: &Connection) -> Result<()> {
    let log = std::fs::metadata(shared.directory.journal_wal());
    if log.map_or(0, |log| log.len()) < WORTHWHILE_BYTES {
        return Ok(());
    }
    let mut left = pass(shared, connection)?;
    for _ in 0..ROUNDS {
        if left <= FEW_PAGES {
            break;
        }
        left = pass(shared, connection)?;
    }
    if left > 0 {
        let _waiting = shared.journal.lock();
        pass(shared, connection)?;
    }
    Ok(())
}

/// Moves what is there; returns how many pages came meanwhile.
fn pass(shared: &Shared, connection: &Connection) -> Result<i64> {
    let pages = |row: &rusqlite::Row<'_>| Ok((row.get(1)?, row.get(2)?));
    let moved = |connection: &Connection| -> rusqlite::Result<(i64, i64)> {
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], pages)
    };
    let failed = shared.directory.journal();
    let (_, moved_pages) = moved(connection).map_err(about(&failed))?;
    let now = std::fs::metadata(shared.directory.journal_wal()).map_or(0, |log| log.len());
    let _ = now;
    let (log, _) = (moved_pages, ());
    Ok(log)
}
