//! What the store, its writer and its threads share.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::directory::Directory;
use crate::journal::Journal;
use crate::readers::Readers;
use crate::reads::Pins;
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
    pub(crate) has_writer: AtomicBool,
    pub(crate) closed: AtomicBool,
    /// About how much was appended to the journal's log since it was last moved into its file.
    pub(crate) log_bytes: AtomicU64,
}

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
}
