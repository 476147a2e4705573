//! The journal's rows: one per commit, appended and never changed.

use std::path::PathBuf;
use std::sync::Arc;

use bursar_store::codec::decode_entries;
use bursar_store::{Entry, JournalPosition, StoreError};
use rusqlite::{Connection, OptionalExtension, params};

use crate::directory::Directory;
use crate::error::{Result, about, is_unknown, signed, unsigned};

/// A commit with the checksum of its row: enough to know it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) commit: u64,
    pub(crate) checksum: i64,
}

impl Stamp {
    /// The frame's own checksum stands after its first byte.
    fn of(commit: u64, row: &[u8]) -> Self {
        let sum = row.get(1..).and_then(|rest| rest.first_chunk::<8>());
        Self { commit, checksum: sum.map_or(0, |bytes| i64::from_le_bytes(*bytes)) }
    }
}

/// The one connection that writes journal.db.
pub(crate) struct Journal {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    last: u64,
}

impl Journal {
    pub(crate) fn new(directory: &Directory, connection: Connection) -> Result<Self> {
        let path = directory.journal();
        let last = last(directory, &connection)?.commit;
        Ok(Self { connection, path, last })
    }

    /// The last commit.
    pub(crate) const fn last(&self) -> u64 {
        self.last
    }

    /// Makes a commit durable.
    pub(crate) fn append(&mut self, row: &[u8]) -> Result<Stamp> {
        let stamp = Stamp::of(self.last + 1, row);
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO journal (commit_id, entries) VALUES (?1, ?2)")
            .map_err(about(&self.path))?;
        // A statement on its own is a transaction on its own: it returns after the fsync.
        insert.execute(params![signed(stamp.commit), row]).map_err(|error| {
            if is_unknown(&error) {
                // SQLite has forgotten the row, and the next commit overwrites it in the log.
                // Only a crash before that could bring it back.
                StoreError::Unknown(format!("{}: {error}", self.path.display()))
            } else {
                about(&self.path)(error)
            }
        })?;
        self.last = stamp.commit;
        Ok(stamp)
    }
}

/// The last commit; commit 0 if there is none.
pub(crate) fn last(directory: &Directory, connection: &Connection) -> Result<Stamp> {
    let path = directory.journal();
    let last: Option<i64> = connection
        .query_row("SELECT max(commit_id) FROM journal", [], |row| row.get(0))
        .map_err(about(&path))?;
    match last {
        Some(commit) => {
            stamp(directory, connection, unsigned(commit)?).map(Option::unwrap_or_default)
        }
        None => Ok(Stamp::default()),
    }
}

/// A commit's stamp, if there is such a commit.
pub(crate) fn stamp(
    directory: &Directory,
    connection: &Connection,
    commit: u64,
) -> Result<Option<Stamp>> {
    let row: Option<Vec<u8>> = connection
        .query_row(
            "SELECT substr(entries, 1, 9) FROM journal WHERE commit_id = ?1",
            [signed(commit)],
            |row| row.get(0),
        )
        .optional()
        .map_err(about(&directory.journal()))?;
    Ok(row.map(|row| Stamp::of(commit, &row)))
}

/// The entries of one commit.
pub(crate) fn entries(
    directory: &Directory,
    connection: &Connection,
    commit: u64,
) -> Result<Vec<Arc<Entry>>> {
    let row: Option<Vec<u8>> = connection
        .prepare_cached("SELECT entries FROM journal WHERE commit_id = ?1")
        .and_then(|mut select| select.query_row([signed(commit)], |row| row.get(0)).optional())
        .map_err(about(&directory.journal()))?;
    let row = row.ok_or_else(|| {
        let path = directory.journal();
        StoreError::Damaged(format!("{}: commit {commit} is missing", path.display()))
    })?;
    decode(directory, commit, &row)
}

fn decode(directory: &Directory, commit: u64, row: &[u8]) -> Result<Vec<Arc<Entry>>> {
    let path = directory.journal();
    let place = |what: String| format!("{}, commit {commit}: {what}", path.display());
    match decode_entries(row) {
        Ok(entries) => Ok(entries.into_iter().map(Arc::new).collect()),
        Err(StoreError::Damaged(what)) => Err(StoreError::Damaged(place(what))),
        Err(StoreError::Newer(what)) => Err(StoreError::Newer(place(what))),
        Err(other) => Err(other),
    }
}

/// One row of the journal, read back.
pub(crate) struct Commit {
    pub(crate) stamp: Stamp,
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) bytes: usize,
}

impl Commit {
    /// Its entries with their positions.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (JournalPosition, &Arc<Entry>)> {
        let commit = self.stamp.commit;
        (0..)
            .zip(&self.entries)
            .map(move |(index, entry)| (JournalPosition { commit, index }, entry))
    }
}

/// Reads every commit after one up to another, checksums verified, until `each` has had enough and
/// says `false`.
pub(crate) fn scan(
    directory: &Directory,
    connection: &Connection,
    after: u64,
    upto: u64,
    mut each: impl FnMut(Commit) -> Result<bool>,
) -> Result<()> {
    let path = directory.journal();
    let mut select = connection
        .prepare_cached(
            "SELECT commit_id, entries FROM journal
             WHERE commit_id > ?1 AND commit_id <= ?2 ORDER BY commit_id",
        )
        .map_err(about(&path))?;
    let mut rows = select.query([signed(after), signed(upto)]).map_err(about(&path))?;
    let mut expected = after + 1;
    while let Some(row) = rows.next().map_err(about(&path))? {
        let commit = unsigned(row.get(0).map_err(about(&path))?)?;
        if commit != expected {
            return Err(StoreError::Damaged(format!(
                "{}: commit {expected} is missing",
                path.display()
            )));
        }
        expected += 1;
        let blob = row.get_ref(1).map_err(about(&path))?;
        let blob = blob.as_blob().map_err(|error| {
            let path = path.display();
            StoreError::Damaged(format!("{path}, commit {commit}: {error}"))
        })?;
        let commit = Commit {
            stamp: Stamp::of(commit, blob),
            entries: decode(directory, commit, blob)?,
            bytes: blob.len(),
        };
        if !each(commit)? {
            break;
        }
    }
    Ok(())
}
