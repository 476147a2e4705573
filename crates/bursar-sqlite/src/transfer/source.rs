//! A directory that everything is copied from.

use std::fs::File;
use std::path::Path;

use async_trait::async_trait;
use bursar_store::transfer::{Entries, Held, PlainRow, PlainTable, Progress, Proof, TransferError};
use bursar_store::{JournalPosition, StoreError};
use rusqlite::Connection;

use super::{held, plain, refuse_marked};
use crate::connection;
use crate::directory::Directory;
use crate::error::Result;
use crate::migrations::{NEWEST_JOURNAL, check_journal};

/// A directory that is read whole. As long as this lives it has the directory's lock, so no server has; its
/// databases are opened for reading only.
pub struct Export {
    directory: Directory,
    place: String,
    journal: Connection,
    _lock: File,
}

impl Export {
    /// Takes a directory.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if a server has it, there is no journal in it, or one of an older
    /// version; [`StoreError::Newer`], [`StoreError::Damaged`].
    pub fn open(dir: impl AsRef<Path>) -> Result<Self> {
        let directory = Directory::new(dir.as_ref());
        let place = directory.path().display().to_string();
        if !directory.journal().exists() {
            return Err(StoreError::Unavailable(format!(
                "there is no journal.db in {place}; name the data directory that has one"
            )));
        }
        refuse_marked(&directory)?;
        let lock = directory.lock()?;
        let journal = connection::read_only(&directory.journal())?;
        if check_journal(&directory.journal(), &journal)? != NEWEST_JOURNAL {
            return Err(StoreError::Unavailable(format!(
                "{place} is of an older version of Bursar; start the server of this one on it once, and \
                 stop it"
            )));
        }
        Ok(Self { directory, place, journal, _lock: lock })
    }
}

#[async_trait]
impl Held for Export {
    fn place(&self) -> &str {
        &self.place
    }

    async fn entries(&mut self, after: JournalPosition, limit: usize) -> Result<Entries> {
        held::entries(&self.directory, &self.journal, after, limit)
    }

    async fn rows(
        &mut self,
        table: PlainTable,
        after: Option<&PlainRow>,
        limit: usize,
    ) -> Result<Vec<PlainRow>> {
        plain::rows(&self.directory, &self.journal, table, after, limit)
    }

    async fn prove(&mut self, progress: Progress<'_>) -> std::result::Result<Proof, TransferError> {
        held::prove(&self.directory, progress)
    }
}
