//! The data directory: its files, and the lock that gives it to one process.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use bursar_store::StoreError;

use crate::error::{self, Result};
use crate::index::Line;
use crate::runs::Record;
use crate::states::Snapshot;

pub(crate) const JOURNAL: &str = "journal.db";
const JOURNAL_LOG: &str = "journal.db-wal";
pub(crate) const VIEWS: &str = "views.db";
const LOCK: &str = "bursar.lock";

/// Where the files are.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL)
    }

    pub(crate) fn views(&self) -> PathBuf {
        self.path.join(VIEWS)
    }

    /// The size of the journal's write-ahead log in bytes; 0 if there is none.
    pub(crate) fn log_bytes(&self) -> u64 {
        fs::metadata(self.path.join(JOURNAL_LOG)).map_or(0, |log| log.len())
    }

    /// Where the views' [runs](crate::runs) of a kind are.
    pub(crate) fn runs(&self, kind: &str) -> PathBuf {
        self.path.join(format!("views.{kind}"))
    }

    /// Makes the directory if there is none.
    pub(crate) fn create(&self) -> Result<()> {
        fs::create_dir_all(&self.path).map_err(|error| error::file(&self.path, &error))
    }

    /// Takes the directory for this process, as long as the file is open.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.path.join(LOCK);
        let unavailable = |what: &str| {
            let path = self.path.display();
            StoreError::Unavailable(format!("the data directory {path} {what}"))
        };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(
            |error| {
                unavailable(&format!(
                    "can't be written: {error}; it must belong to the user that runs Bursar"
                ))
            },
        )?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                Err(unavailable("is in use by another Bursar process; stop that one first"))
            }
            Err(TryLockError::Error(error)) => Err(unavailable(&format!(
                "can't be locked: {error}; it must be on a file system with locks"
            ))),
        }
    }

    /// Deletes the views, so that they are built anew.
    pub(crate) fn remove_views(&self) -> Result<()> {
        for name in ["views.db", "views.db-wal", "views.db-shm"] {
            let path = self.path.join(name);
            error::unless_missing(&path, fs::remove_file(&path))?;
        }
        for kind in [Line::KIND, Snapshot::KIND] {
            let path = self.runs(kind);
            error::unless_missing(&path, fs::remove_dir_all(&path))?;
        }
        Ok(())
    }
}
