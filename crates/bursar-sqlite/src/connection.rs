//! Opening the two files.

use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bursar_store::StoreError;
use rusqlite::{Connection, OpenFlags, Transaction};

use crate::directory::Directory;
use crate::error::{Result, about};
use crate::sorted::Sorted;
use crate::views;

/// How long to wait for another connection's lock. Only a tool that looks into the files while the
/// server runs can hold one.
const BUSY: Duration = Duration::from_secs(10);

/// Opens the journal for writing, creating it if there is none. Every commit is synced before it
/// returns; checkpoints are left to a thread of their own.
pub(crate) fn journal(directory: &Directory) -> Result<Connection> {
    let path = directory.journal();
    let connection = writable(&path)?;
    configure(
        &connection,
        &path,
        // What a contact is replaced by overwrites it, so that erasing it erases it.
        "PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA secure_delete = ON;",
    )?;
    Ok(connection)
}

/// Opens the views for writing, creating them if there are none. Each write is synced before it counts: runs that it
/// replaces are deleted then, and after a power cut they would be missing otherwise.
pub(crate) fn views(directory: &Directory) -> Result<Connection> {
    let path = directory.views();
    let connection = writable(&path)?;
    configure(
        &connection,
        &path,
        "PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 8000;
         PRAGMA journal_size_limit = 134217728;
         PRAGMA cache_size = -16384;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

fn writable(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(about(path))?;
    connection.busy_timeout(BUSY).map_err(about(path))?;
    if connection.is_readonly(rusqlite::MAIN_DB).map_err(about(path))? {
        let path = path.display();
        return Err(StoreError::Unavailable(format!(
            "{path} is read-only; it must belong to the user that runs Bursar and be writable"
        )));
    }
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(about(path))?;
    if mode != "wal" {
        let path = path.display();
        return Err(StoreError::Unavailable(format!(
            "{path}: no write-ahead log is possible here; use a local file system"
        )));
    }
    Ok(connection)
}

fn configure(connection: &Connection, path: &Path, pragmas: &str) -> Result<()> {
    connection.execute_batch(pragmas).map_err(about(path))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Opens a file for reading.
pub(crate) fn read_only(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(about(path))?;
    connection.busy_timeout(BUSY).map_err(about(path))?;
    configure(&connection, path, "PRAGMA cache_size = -4096;")?;
    Ok(connection)
}

/// Both databases and the runs beside them, for reading.
pub(crate) struct Reader {
    pub(crate) directory: Directory,
    pub(crate) journal: Connection,
    pub(crate) views: Connection,
    /// The runs that go with the views, if this process writes them.
    shared: Option<Arc<Sorted>>,
    /// If another one does: as they are at this moment of the views, once they were asked for.
    momentary: OnceCell<Arc<Sorted>>,
}

impl Reader {
    pub(crate) fn open(directory: &Directory, sorted: Option<&Arc<Sorted>>) -> Result<Self> {
        Ok(Self {
            journal: read_only(&directory.journal())?,
            views: read_only(&directory.views())?,
            directory: directory.clone(),
            shared: sorted.cloned(),
            momentary: OnceCell::new(),
        })
    }

    /// Reads what the views are at one moment.
    pub(crate) fn at_a_moment<T>(&mut self, read: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.momentary.take();
        let moment = if self.shared.is_some() {
            self.views.unchecked_transaction().map_err(about(&self.directory.views()))?
        } else {
            let (moment, sorted) = begin(&self.directory, &self.views)?;
            self.momentary.get_or_init(|| Arc::new(sorted));
            moment
        };
        let result = read(self);
        drop(moment);
        result
    }

    /// The index and the states at this moment of the views, or later.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] outside of a moment, if another process writes them.
    pub(crate) fn sorted(&self) -> Result<Arc<Sorted>> {
        let sorted = self.shared.as_ref().or(self.momentary.get());
        let none = || StoreError::Unavailable("runs are read outside of a moment".to_owned());
        sorted.map(Arc::clone).ok_or_else(none)
    }
}

/// Begins a moment of the views, with the runs as they are at this moment. If another process merges some just
/// then, a later moment is as good.
///
/// # Errors
/// As [`Sorted::open`].
pub(crate) fn begin<'a>(
    directory: &Directory,
    views: &'a Connection,
) -> Result<(Transaction<'a>, Sorted)> {
    let path = directory.views();
    let mut tried = None;
    loop {
        let moment = views.unchecked_transaction().map_err(about(&path))?;
        match Sorted::open(directory, &moment) {
            Ok(sorted) => return Ok((moment, sorted)),
            Err(StoreError::Unavailable(why)) => {
                // Runs go only when the views have come further: otherwise one is lost.
                let stamp = Some(views::stamp(directory, &moment)?);
                if tried == stamp {
                    return Err(StoreError::Unavailable(why));
                }
                tried = stamp;
            }
            Err(error) => return Err(error),
        }
    }
}
