//! The mark of a directory that is being filled.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use bursar_store::StoreError;

use crate::directory::Directory;
use crate::error::{self, Result};

const MARK: &str = "migration";

const TEXT: &str = "A migration into this directory was begun and is not complete. `bursar migrate` goes on \
                    with it.\n";

fn path(directory: &Directory) -> PathBuf {
    directory.path().join(MARK)
}

/// Was a migration into it begun, and not completed?
pub(super) fn is_marked(directory: &Directory) -> bool {
    path(directory).exists()
}

/// Marks it, durably.
pub(super) fn mark(directory: &Directory) -> Result<()> {
    let path = path(directory);
    let marked =
        fs::write(&path, TEXT).and_then(|()| sync(&path)).and_then(|()| sync(directory.path()));
    marked.map_err(|error| error::file(&path, &error))
}

/// Takes the mark away, durably.
pub(super) fn unmark(directory: &Directory) -> Result<()> {
    let path = path(directory);
    error::unless_missing(&path, fs::remove_file(&path))?;
    sync(directory.path()).map_err(|error| error::file(directory.path(), &error))
}

/// Fails if it is marked: what it has may be half of something.
pub(crate) fn refuse_marked(directory: &Directory) -> Result<()> {
    if !is_marked(directory) {
        return Ok(());
    }
    let path = directory.path().display();
    Err(StoreError::Unavailable(format!(
        "{path} has the beginning of a migration that is not complete; run the same `bursar migrate` again \
         to go on with it, or delete the directory's journal.db, views.db and migration"
    )))
}

fn sync(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}
