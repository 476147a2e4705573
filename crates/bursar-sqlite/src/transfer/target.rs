//! A directory that everything is copied into.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_store::codec::encode_entries;
use bursar_store::projection::AccountRow;
use bursar_store::transfer::{
    Entries, Held, PlainRow, PlainTable, Progress, Proof, Target, TransferError,
};
use bursar_store::{Entry, JournalPosition, StoreError};
use rusqlite::{Connection, params};

use super::marked::{is_marked, mark, unmark};
use super::{held, plain};
use crate::directory::Directory;
use crate::error::{self, Result, about, signed};
use crate::migrations::migrate_journal;
use crate::states::States;
use crate::{connection, journal, replay, views};

/// A directory that is being filled. As long as this lives it has the directory's lock.
pub struct Import {
    directory: Directory,
    place: String,
    journal: Connection,
    reached: JournalPosition,
    _lock: File,
}

impl Import {
    /// Takes a directory that has no data, or the beginning of a migration, which is forgotten if it is to
    /// be `anew`. Other things may be in it, such as files of customers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it has data or a server has it, or it can't be written.
    pub fn begin(dir: impl AsRef<Path>, anew: bool) -> Result<Self> {
        let directory = Directory::new(dir.as_ref());
        let place = directory.path().display().to_string();
        directory.create()?;
        let lock = directory.lock()?;
        if !is_marked(&directory) && (directory.journal().exists() || directory.views().exists()) {
            return Err(StoreError::Unavailable(format!(
                "{place} has data already; name a directory without journal.db and views.db"
            )));
        }
        if anew {
            forget(&directory)?;
        }
        mark(&directory)?;
        let mut connection = connection::journal(&directory)?;
        migrate_journal(&directory, &mut connection)?;
        let emptied = PlainTable::ALL.map(|table| format!("DELETE FROM {};", table.as_str()));
        connection.execute_batch(&emptied.concat()).map_err(about(&directory.journal()))?;
        let reached = reached(&directory, &connection)?;
        Ok(Self { directory, place, journal: connection, reached, _lock: lock })
    }

    /// Writes one commit, after commits without entries for those that never were.
    fn append(&self, last: u64, commit: u64, entries: &[Arc<Entry>]) -> Result<()> {
        let path = self.directory.journal();
        let mut insert = self
            .journal
            .prepare_cached("INSERT INTO journal (commit_id, entries) VALUES (?1, ?2)")
            .map_err(about(&path))?;
        let nothing = encode_entries(&[])?;
        for never in last.saturating_add(1)..commit {
            insert.execute(params![signed(never), nothing]).map_err(about(&path))?;
        }
        let row = encode_entries(entries)?;
        insert.execute(params![signed(commit), row]).map(drop).map_err(about(&path))
    }
}

/// Removes what an earlier attempt has left.
fn forget(directory: &Directory) -> Result<()> {
    directory.remove_views()?;
    for ending in ["", "-wal", "-shm"] {
        let mut path = directory.journal().into_os_string();
        path.push(ending);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error::file(Path::new(&path), &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The last entry that is there. The last commit has some: those that never were come before another.
fn reached(directory: &Directory, connection: &Connection) -> Result<JournalPosition> {
    let commit = journal::last(directory, connection)?.commit;
    if commit == 0 {
        return Ok(JournalPosition::default());
    }
    let count = journal::entries(directory, connection, commit)?.len();
    let index = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
    Ok(JournalPosition { commit, index })
}

#[async_trait]
impl Held for Import {
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

#[async_trait]
impl Target for Import {
    fn reached(&self) -> JournalPosition {
        self.reached
    }

    async fn add_entries(&mut self, entries: &Entries) -> Result<()> {
        let path = self.directory.journal();
        let together = self.journal.unchecked_transaction().map_err(about(&path))?;
        let mut last = journal::last(&self.directory, &self.journal)?.commit;
        for commit in entries.chunk_by(|(one, _), (other, _)| one.commit == other.commit) {
            let Some((position, _)) = commit.first() else {
                continue;
            };
            let of_commit: Vec<Arc<Entry>> =
                commit.iter().map(|(_, entry)| Arc::clone(entry)).collect();
            self.append(last, position.commit, &of_commit)?;
            last = position.commit;
        }
        together.commit().map_err(about(&path))?;
        self.reached = entries.last().map_or(self.reached, |(position, _)| *position);
        Ok(())
    }

    async fn add_rows(&mut self, rows: &[PlainRow]) -> Result<()> {
        let path = self.directory.journal();
        let together = self.journal.unchecked_transaction().map_err(about(&path))?;
        for row in rows {
            plain::insert(&self.journal, row).map_err(about(&path))?;
        }
        together.commit().map_err(about(&path))
    }

    async fn settle(&mut self, progress: Progress<'_>) -> Result<()> {
        replay::rebuild(&self.directory, &self.journal, progress).map(drop)
    }

    async fn accounts(
        &mut self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountRow>> {
        let views = connection::read_only(&self.directory.views())?;
        let states = States::open(&self.directory, &views)?;
        let mut rows = Vec::new();
        views::each_account(&self.directory, &views, after, limit, |id, searched| {
            // One that is missing is missed by whoever compares them.
            rows.extend(views::account_row(&states, &id, searched)?);
            Ok(())
        })?;
        Ok(rows)
    }

    async fn complete(&mut self) -> Result<()> {
        // Into the file, so that the directory is tidy for copying.
        let tidy = "PRAGMA wal_checkpoint(TRUNCATE)";
        let done = self.journal.query_row(tidy, [], |_| Ok(()));
        done.map_err(about(&self.directory.journal()))?;
        unmark(&self.directory)
    }
}
