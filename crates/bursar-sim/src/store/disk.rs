//! A disk with one file, the log of an embedded database: a synced part, and one that a crash may take.

use std::sync::Arc;

use bursar_store::audit::Audit;
use bursar_store::{Batch, Entry, JournalPosition, StoreError, codec};

use crate::step::Tail;

/// The bytes of a length before each frame.
const LENGTH: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Disk {
    bytes: Vec<u8>,
    synced: usize,
}

impl Disk {
    /// Writes the entries of a commit behind what is there; nothing is synced. Returns where it began.
    pub(super) fn append(&mut self, entries: &[Arc<Entry>]) -> Result<usize, StoreError> {
        let frame = codec::encode_entries(entries)?;
        let length = u32::try_from(frame.len())
            .map_err(|_| StoreError::Damaged("a commit of 4 GB".to_owned()))?;
        let began = self.bytes.len();
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&frame);
        Ok(began)
    }

    pub(super) const fn sync(&mut self) {
        self.synced = self.bytes.len();
    }

    pub(super) fn cut(&mut self, to: usize) {
        self.bytes.truncate(to);
    }

    /// What is there after the machine has died, as batches. What was synced must be among it.
    pub(super) fn recover(&mut self, tail: Tail) -> Result<Vec<Batch>, String> {
        let unsynced = self.bytes.len().saturating_sub(self.synced);
        match tail {
            Tail::Kept => {}
            Tail::Lost => self.bytes.truncate(self.synced),
            Tail::Torn => self.bytes.truncate(self.synced.saturating_add(unsynced / 2)),
            Tail::Garbled => {
                let half = self.synced.saturating_add(unsynced / 2);
                self.bytes.iter_mut().skip(half).step_by(7).for_each(|byte| *byte ^= 0x5a);
            }
        }
        let mut batches = Vec::new();
        let mut audit = Audit::new();
        let mut read = 0_usize;
        while let Some((entries, end)) = frame(&self.bytes, read) {
            batches.push(folded(&mut audit, batches.len(), entries)?);
            read = end;
        }
        if read < self.synced {
            return Err(format!("{read} of {} synced bytes can be read again", self.synced));
        }
        self.bytes.truncate(read);
        self.sync();
        Ok(batches)
    }
}

/// The entries of the frame that begins there, and where it ends; `None` if it isn't whole.
fn frame(bytes: &[u8], at: usize) -> Option<(Vec<Entry>, usize)> {
    let (length, rest) = bytes.get(at..)?.split_first_chunk::<LENGTH>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let entries = codec::decode_entries(rest.get(..length)?).ok()?;
    Some((entries, at.checked_add(LENGTH)?.checked_add(length)?))
}

/// Entries with the states that they lead to.
fn folded(audit: &mut Audit, commits: usize, entries: Vec<Entry>) -> Result<Batch, String> {
    let commit = u64::try_from(commits).unwrap_or(u64::MAX).saturating_add(1);
    let mut batch = Batch::default();
    for (index, entry) in (0..).zip(entries) {
        audit
            .add(JournalPosition { commit, index }, &entry)
            .map_err(|finding| finding.to_string())?;
        batch.accounts.retain(|account| account.id != entry.account);
        batch.accounts.extend(audit.account(&entry.account).cloned().map(Arc::new));
        batch.entries.push(Arc::new(entry));
    }
    Ok(batch)
}
