//! Copying the journal while a server writes it, and starting from such a copy.
//!
//! A backup is one file, itself a `journal.db`: the views are built anew from it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bursar_store::StoreError;
use rusqlite::Connection;

use crate::connection;
use crate::directory::Directory;
use crate::error::{self, Result, about};
use crate::migrations::check_journal;
use crate::transfer::refuse_marked;

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Copies the journal of a directory, as of one moment, into a new file. Works while a server has the
/// directory. `progress` is told the bytes that are written and about how many there will be.
///
/// # Errors
/// [`StoreError::Unavailable`] if the file exists or can't be written, [`StoreError::Damaged`] if the
/// journal or the copy is.
pub fn backup(
    dir: impl AsRef<Path>,
    file: impl AsRef<Path>,
    mut progress: impl FnMut(u64, u64),
) -> Result<()> {
    let directory = Directory::new(dir.as_ref());
    let file = file.as_ref();
    if file.exists() {
        return Err(exists(file));
    }
    refuse_marked(&directory)?;
    let journal = connection::read_only(&directory.journal())?;
    check_journal(&directory.journal(), &journal)?;
    let total = size(&directory, &journal)?;
    let partial = partial(file);
    remove(&partial)?;
    copy(&directory, journal, &partial, |written| progress(written, total.max(written)))?;
    check_copy(&partial)?;
    sync(&partial)?;
    // Unlike renaming, linking fails if somebody else has made the file meanwhile.
    match fs::hard_link(&partial, file) {
        Ok(()) => remove(&partial)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            remove(&partial)?;
            return Err(exists(file));
        }
        // Not every file system has links.
        Err(_) => fs::rename(&partial, file).map_err(|error| error::file(file, &error))?,
    }
    sync_parent(file)?;
    let written = fs::metadata(file).map_or(total, |copy| copy.len());
    progress(written, written);
    Ok(())
}

/// Puts a backup into an empty directory, from which a server can start.
///
/// # Errors
/// [`StoreError::Unavailable`] if the directory isn't empty or can't be written,
/// [`StoreError::Damaged`] if the file is no whole backup, [`StoreError::Newer`].
pub fn restore(file: impl AsRef<Path>, dir: impl AsRef<Path>) -> Result<()> {
    let (file, directory) = (file.as_ref(), Directory::new(dir.as_ref()));
    directory.create()?;
    let mut entries =
        fs::read_dir(directory.path()).map_err(|error| error::file(directory.path(), &error))?;
    if entries.next().is_some() {
        let path = directory.path().display();
        return Err(StoreError::Unavailable(format!(
            "{path} is not empty; a backup is restored into an empty directory"
        )));
    }
    let (journal, partial) = (directory.journal(), partial(&directory.journal()));
    fs::copy(file, &partial).map_err(|error| error::file(file, &error))?;
    let whole = check_copy(&partial).and_then(|()| sync(&partial));
    if let Err(error) = whole {
        remove(&partial)?;
        return Err(error);
    }
    fs::rename(&partial, &journal).map_err(|error| error::file(&journal, &error))?;
    sync_parent(&journal)
}

/// Copies on a thread of its own, and reports how the copy grows.
fn copy(
    directory: &Directory,
    journal: Connection,
    to: &Path,
    mut progress: impl FnMut(u64),
) -> Result<()> {
    let path = directory.journal();
    let target = to
        .to_str()
        .map(str::to_owned)
        .ok_or_else(|| StoreError::Unavailable(format!("{}: not a name in UTF-8", to.display())))?;
    std::thread::scope(|scope| {
        let copying = scope.spawn(move || journal.execute("VACUUM INTO ?1", [target]).map(drop));
        while !copying.is_finished() {
            std::thread::sleep(LOOK_EVERY);
            progress(fs::metadata(to).map_or(0, |copy| copy.len()));
        }
        match copying.join() {
            Ok(copied) => copied.map_err(about(&path)),
            Err(_) => Err(StoreError::Unavailable("copying has panicked".to_owned())),
        }
    })
    .inspect_err(|_| drop(fs::remove_file(to)))
}

/// Is it a journal, and whole?
fn check_copy(path: &Path) -> Result<()> {
    let copy = connection::read_only(path)?;
    if check_journal(path, &copy)? == 0 {
        let path = path.display();
        return Err(StoreError::Damaged(format!("{path} is not a journal of Bursar's")));
    }
    check_integrity(path, &copy)
}

/// SQLite's own check of a whole file.
pub(crate) fn check_integrity(path: &Path, connection: &Connection) -> Result<()> {
    let answer: String = connection
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(about(path))?;
    if answer == "ok" {
        return Ok(());
    }
    let path = path.display();
    Err(StoreError::Damaged(format!("{path}: {answer}")))
}

fn size(directory: &Directory, journal: &Connection) -> Result<u64> {
    let pages_and_size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes: i64 = journal
        .query_row(pages_and_size, [], |row| row.get(0))
        .map_err(about(&directory.journal()))?;
    error::unsigned(bytes)
}

fn exists(file: &Path) -> StoreError {
    let file = file.display();
    StoreError::Unavailable(format!("{file} exists; a backup never overwrites anything"))
}

fn partial(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".partial");
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error::file(path, &error))
        }
        _ => Ok(()),
    }
}

fn sync(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| error::file(path, &error))
}

/// Makes a new name in a directory durable.
fn sync_parent(path: &Path) -> Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => sync(parent),
        None => sync(Path::new(".")),
    }
}
