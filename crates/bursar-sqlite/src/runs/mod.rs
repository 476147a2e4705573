//! Runs: files of records in order, which never change.
//!
//! Every write of the views adds a run of what is new, and runs are merged beside it, so that there are few: a
//! record is written again about as often as the number of records can be quadrupled. What comes in no order is
//! written many times cheaper so than into a tree of pages; see ADR 22 and ADR 24.
//!
//! `views.db` says which runs there are, so that a write of the views and its runs come into force together.

mod filter;
mod merge;
mod name;
mod run;

use std::cmp::Reverse;
use std::fmt::Debug;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bursar_store::StoreError;
use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, Transaction, params};

use merge::{Merging, Together};
pub(crate) use name::{Name, around};
pub(crate) use run::Run;

use crate::directory::Directory;
use crate::error::{self, Result, about, signed, unsigned};

/// What runs are made of.
pub(crate) trait Record: Clone + Debug + Ord + Send + 'static {
    /// What `views.db` calls these runs. It is also the end of their folder's name.
    const KIND: &'static str;
    /// Does a record replace the older one that it is equal to? Otherwise none is ever equal to another.
    const REPLACED: bool;
    /// About how many of a hundred have a [rare](Name::is_rare) name.
    const RARE: u64;

    /// What it is looked up by. Comes first in the order of records.
    fn name(&self) -> Name;

    /// Appends it to a block.
    fn write(&self, block: &mut Vec<u8>);

    /// The name of a block's first record and how many of its bytes it has; `None` if it isn't whole.
    fn first(block: &[u8]) -> Option<(Name, usize)>;

    /// Reads a record from its bytes, as many as [`Record::first`] said; `None` if they are none.
    fn read(bytes: Bytes) -> Option<Self>;
}

/// All runs, as they are now.
#[derive(Debug)]
pub(crate) struct Runs<R> {
    path: PathBuf,
    /// Newest first: those of higher numbers are newer.
    runs: RwLock<Vec<Arc<Run<R>>>>,
    /// The number of the last run that was made.
    last: AtomicU64,
    merging: Mutex<Option<Merging<R>>>,
}

/// A new run, and what runs were merged meanwhile: not in force yet.
pub(crate) struct Change<R> {
    added: Vec<Fresh<R>>,
    /// Those that are in one of the others now.
    replaced: Vec<u64>,
}

/// A run that is deleted again unless it comes into force.
#[derive(Debug)]
struct Fresh<R>(Option<Arc<Run<R>>>);

impl<R> Drop for Fresh<R> {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            remove(run.path());
        }
    }
}

/// What isn't removed now is removed at the next start.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "a run can't be removed");
    }
}

impl<R: Record> Runs<R> {
    /// Those of the views as `views` shows them.
    ///
    /// # Errors
    /// [`StoreError`]: a run is missing or damaged.
    pub(crate) fn open(directory: &Directory, views: &Connection) -> Result<Self> {
        let path = directory.runs(R::KIND);
        let mut runs = Vec::new();
        for (id, records) in listed(directory, views, R::KIND)? {
            runs.push(Arc::new(Run::open(path.join(file_name(id)), id, records)?));
        }
        let last = runs.first().map_or(0, |run| run.id);
        Ok(Self {
            path,
            runs: RwLock::new(runs),
            last: AtomicU64::new(last),
            merging: Mutex::default(),
        })
    }

    /// The same, for whoever will write: makes its directory, and removes what a crash left there.
    ///
    /// # Errors
    /// As [`Runs::open`]; [`StoreError::Damaged`] for a run that is missing.
    pub(crate) fn open_to_write(directory: &Directory, views: &Connection) -> Result<Self> {
        let path = directory.runs(R::KIND);
        let failed = |error: std::io::Error| error::file(&path, &error);
        fs::create_dir_all(&path).map_err(failed)?;
        for (id, _) in listed(directory, views, R::KIND)? {
            let run = path.join(file_name(id));
            if !run.exists() {
                return Err(StoreError::Damaged(format!("{} is missing", run.display())));
            }
        }
        let runs = Self::open(directory, views)?;
        let known: Vec<PathBuf> =
            runs.newest_first().iter().map(|run| run.path().to_owned()).collect();
        for found in fs::read_dir(&path).map_err(failed)? {
            let found = found.map_err(failed)?.path();
            if !known.contains(&found) {
                fs::remove_file(&found).map_err(|error| error::file(&found, &error))?;
            }
        }
        Ok(runs)
    }

    /// Ends what is being merged, which is not in force yet. To be called before the directory is given up:
    /// whoever has it next may give the same names to other runs.
    pub(crate) fn stop(&self) {
        *self.merging.lock() = None;
    }

    fn newest_first(&self) -> Vec<Arc<Run<R>>> {
        self.runs.read().clone()
    }

    /// Where they are.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many records there are, those that are replaced included.
    pub(crate) fn records(&self) -> u64 {
        self.runs.read().iter().map(|run| run.records).sum()
    }

    /// Looks into one run after the other, as long as `look` says so.
    ///
    /// # Errors
    /// Those of `look`.
    pub(crate) fn each_newest_first(
        &self,
        mut look: impl FnMut(&Run<R>) -> Result<bool>,
    ) -> Result<()> {
        for run in &*self.runs.read() {
            if !look(run)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads every record, proving that they are in order, as many as there should be.
    ///
    /// # Errors
    /// [`StoreError`]: a run can't be read, or is damaged.
    pub(crate) fn prove(&self) -> Result<()> {
        for run in self.newest_first() {
            let mut last: Option<R> = None;
            let mut count: u64 = 0;
            for record in run.all() {
                let record = record?;
                if last.is_some_and(|last| last >= record) {
                    return Err(run::damaged(run.path()));
                }
                last = Some(record);
                count = count.saturating_add(1);
            }
            if count != run.records {
                return Err(run::damaged(run.path()));
            }
        }
        Ok(())
    }

    /// How many records there are, each counted once however often it was replaced.
    ///
    /// # Errors
    /// [`StoreError`]: a run can't be read, or is damaged.
    pub(crate) fn count_distinct(&self) -> Result<u64> {
        let (runs, never) = (self.newest_first(), AtomicBool::new(false));
        let mut records = Together::of(&runs, &never)?;
        records.try_fold(0, |count: u64, record| record.map(|_| count.saturating_add(1)))
    }

    /// Writes a new run, which nobody sees yet. The records must be as many as it says, in order, and none equal to
    /// another.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; those of the records.
    pub(crate) fn change(
        &self,
        records: impl ExactSizeIterator<Item = Result<R>>,
    ) -> Result<Change<R>> {
        let mut change = Change { added: Vec::new(), replaced: Vec::new() };
        if let Some(merged) = Merging::finished(&mut self.merging.lock()) {
            change.replaced = merged.replaced;
            change.added.push(merged.run);
        }
        if records.len() > 0 {
            let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
            change.added.push(make(&self.path, self.next(), count, records)?);
        }
        if !change.added.is_empty() {
            sync(&self.path)?;
        }
        Ok(change)
    }

    /// The number of a new run.
    fn next(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// The change has been [recorded](Change::record), and that is committed: from now on it is seen.
    pub(crate) fn publish(&self, change: Change<R>) {
        let Change { added, replaced } = change;
        let mut gone = Vec::new();
        {
            let mut runs = self.runs.write();
            gone.extend(runs.extract_if(.., |run| replaced.contains(&run.id)));
            runs.extend(added.into_iter().filter_map(|mut fresh| fresh.0.take()));
            runs.sort_unstable_by_key(|run| Reverse(run.id));
        }
        // Who reads them still has them open.
        gone.iter().for_each(|run| remove(run.path()));
        let mut merging = self.merging.lock();
        if merging.is_none() {
            *merging = Merging::begin(&self.newest_first(), &self.path, || self.next());
        }
    }
}

impl<R: Record> Change<R> {
    /// Notes it in the views.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn record(&self, directory: &Directory, views: &Transaction<'_>) -> Result<()> {
        let path = directory.views();
        for id in &self.replaced {
            let delete = "DELETE FROM runs WHERE kind = ?1 AND run = ?2";
            views.execute(delete, params![R::KIND, signed(*id)]).map_err(about(&path))?;
        }
        for run in self.added.iter().filter_map(|fresh| fresh.0.as_ref()) {
            let insert = "INSERT INTO runs (kind, run, records) VALUES (?1, ?2, ?3)";
            let values = params![R::KIND, signed(run.id), signed(run.records)];
            views.execute(insert, values).map_err(about(&path))?;
        }
        Ok(())
    }
}

fn make<R: Record>(
    path: &Path,
    id: u64,
    most: u64,
    records: impl Iterator<Item = Result<R>>,
) -> Result<Fresh<R>> {
    let path = path.join(file_name(id));
    let made = run::write(&path, most, records);
    let made = made.and_then(|records| Run::open(path.clone(), id, records));
    match made {
        Ok(run) => Ok(Fresh(Some(Arc::new(run)))),
        Err(error) => {
            remove(&path);
            Err(error)
        }
    }
}

fn file_name(id: u64) -> String {
    format!("{id}.run")
}

/// A directory's own entries are synced apart from what is in the files.
fn sync(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.map_err(|error| error::file(path, &error))
}

/// The runs of a kind that `views` names, newest first, with how many records each has.
fn listed(directory: &Directory, views: &Connection, kind: &str) -> Result<Vec<(u64, u64)>> {
    let path = directory.views();
    let select = "SELECT run, records FROM runs WHERE kind = ?1 ORDER BY run DESC";
    let mut select = views.prepare_cached(select).map_err(about(&path))?;
    let rows = select.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)));
    let mut listed = Vec::new();
    for row in rows.map_err(about(&path))? {
        let (id, records): (i64, i64) = row.map_err(about(&path))?;
        listed.push((unsigned(id)?, unsigned(records)?));
    }
    Ok(listed)
}

#[cfg(test)]
mod tests;
