//! Finding entries of the journal.
//!
//! An entry is looked up by its idempotency key, by the spends that it is about and by the versions of its
//! account. Each of these is hashed to a [`Name`]; a [`Line`] has a name and the place of an entry. Lines are kept
//! in [runs](run::Run): files in order of the names, which never change. Every write of the views adds one, and
//! runs of like size are merged beside it, so that there are few: a line is read and written again about as
//! often as the number of lines can be doubled. A table with an index would write a page of 4 KB for each
//! name, since names come in no order; see ADR 22.
//!
//! `views.db` says which runs there are, so that a write of the views and its run come into force together.

mod filter;
mod line;
mod merge;
mod run;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bursar_store::StoreError;
use parking_lot::{Mutex, RwLock};
use rusqlite::{Connection, Transaction, params};

pub(crate) use line::{Line, Name, Place, add_lines, around};
use merge::Merging;
pub(crate) use run::Run;

use crate::directory::Directory;
use crate::error::{self, Result, about, signed, unsigned};

/// All runs, as they are now.
#[derive(Debug)]
pub(crate) struct Index {
    path: PathBuf,
    runs: RwLock<Vec<Arc<Run>>>,
    /// The number of the last run that was made.
    last: AtomicU64,
    merging: Mutex<Option<Merging>>,
}

/// A new run, and what runs were merged meanwhile: not in force yet.
pub(crate) struct Change {
    added: Vec<Fresh>,
    /// Those that are in one of the others now.
    replaced: Vec<u64>,
}

/// A run that is deleted again unless it comes into force.
#[derive(Debug)]
struct Fresh(Option<Arc<Run>>);

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            remove(run.path());
        }
    }
}

/// What isn't removed now is removed at the next start.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::warn!(path = %path.display(), %error, "a run of the index can't be removed");
    }
}

impl Index {
    /// The index of the views as `views` shows them.
    ///
    /// # Errors
    /// [`StoreError`]: a run is missing or damaged.
    pub(crate) fn open(directory: &Directory, views: &Connection) -> Result<Self> {
        let path = directory.index();
        let mut runs = Vec::new();
        for (id, lines) in listed(directory, views)? {
            runs.push(Arc::new(Run::open(path.join(file_name(id)), id, lines)?));
        }
        let last = runs.iter().map(|run| run.id).max().unwrap_or(0);
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
    /// As [`Index::open`]; [`StoreError::Damaged`] for a run that is missing.
    pub(crate) fn open_to_write(directory: &Directory, views: &Connection) -> Result<Self> {
        let path = directory.index();
        let failed = |error: std::io::Error| error::file(&path, &error);
        fs::create_dir_all(&path).map_err(failed)?;
        for (id, _) in listed(directory, views)? {
            let run = path.join(file_name(id));
            if !run.exists() {
                return Err(StoreError::Damaged(format!("{} is missing", run.display())));
            }
        }
        let index = Self::open(directory, views)?;
        let known: Vec<PathBuf> = index.runs().iter().map(|run| run.path().to_owned()).collect();
        for found in fs::read_dir(&path).map_err(failed)? {
            let found = found.map_err(failed)?.path();
            if !known.contains(&found) {
                fs::remove_file(&found).map_err(|error| error::file(&found, &error))?;
            }
        }
        Ok(index)
    }

    /// Ends what is being merged, which is not in force yet. To be called before the directory is given up:
    /// whoever has it next may give the same names to other runs.
    pub(crate) fn stop(&self) {
        *self.merging.lock() = None;
    }

    fn runs(&self) -> Vec<Arc<Run>> {
        self.runs.read().clone()
    }

    /// How many lines there are.
    pub(crate) fn lines(&self) -> u64 {
        self.runs().iter().map(|run| run.lines).sum()
    }

    /// Where entries of a name stand, in order. Some may be of another name with the same hash.
    ///
    /// # Errors
    /// [`StoreError`]: a run can't be read, or is damaged.
    pub(crate) fn find(&self, name: Name) -> Result<Vec<Place>> {
        let mut found = Vec::new();
        for run in &*self.runs.read() {
            run.find(name, &mut found)?;
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Reads every line, proving that they are in order, as often as they are there.
    ///
    /// # Errors
    /// As [`Index::find`].
    pub(crate) fn prove(&self) -> Result<()> {
        for run in self.runs() {
            let mut last = None;
            let mut count: u64 = 0;
            for line in run.all() {
                let line = line?;
                if last.replace(line).is_some_and(|last| last >= line) {
                    return Err(run::damaged(run.path()));
                }
                count = count.saturating_add(1);
            }
            if count != run.lines {
                return Err(run::damaged(run.path()));
            }
        }
        Ok(())
    }

    /// Writes lines as a new run, which nobody sees yet.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub(crate) fn change(&self, mut lines: Vec<Line>) -> Result<Change> {
        let mut change = Change { added: Vec::new(), replaced: Vec::new() };
        if let Some(merged) = Merging::finished(&mut self.merging.lock()) {
            change.replaced = merged.replaced;
            change.added.push(merged.run);
        }
        lines.sort_unstable();
        lines.dedup();
        if !lines.is_empty() {
            change.added.push(self.add(lines)?);
        }
        if !change.added.is_empty() {
            sync(&self.path)?;
        }
        Ok(change)
    }

    fn add(&self, lines: Vec<Line>) -> Result<Fresh> {
        let id = self.last.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let count = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        make(&self.path, id, count, lines.into_iter().map(Ok))
    }

    /// The change has been [recorded](Change::record), and that is committed: from now on it is seen.
    pub(crate) fn publish(&self, change: Change) {
        let Change { added, replaced } = change;
        let mut gone = Vec::new();
        {
            let mut runs = self.runs.write();
            gone.extend(runs.extract_if(.., |run| replaced.contains(&run.id)));
            runs.extend(added.into_iter().filter_map(|mut fresh| fresh.0.take()));
        }
        // Who reads them still has them open.
        gone.iter().for_each(|run| remove(run.path()));
        let mut merging = self.merging.lock();
        if merging.is_none() {
            let id = self.last.fetch_add(1, Ordering::Relaxed).saturating_add(1);
            *merging = Merging::begin(&self.runs(), &self.path, id);
        }
    }
}

impl Change {
    /// Notes it in the views.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn record(&self, directory: &Directory, views: &Transaction<'_>) -> Result<()> {
        let path = directory.views();
        for id in &self.replaced {
            let delete = "DELETE FROM runs WHERE run = ?1";
            views.execute(delete, [signed(*id)]).map_err(about(&path))?;
        }
        for run in self.added.iter().filter_map(|fresh| fresh.0.as_ref()) {
            let insert = "INSERT INTO runs (run, lines) VALUES (?1, ?2)";
            let values = params![signed(run.id), signed(run.lines)];
            views.execute(insert, values).map_err(about(&path))?;
        }
        Ok(())
    }
}

fn make(
    path: &Path,
    id: u64,
    most: u64,
    lines: impl Iterator<Item = Result<Line>>,
) -> Result<Fresh> {
    let path = path.join(file_name(id));
    let made = run::write(&path, most, lines).and_then(|lines| Run::open(path.clone(), id, lines));
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

/// The runs that `views` names, with how many lines each has.
fn listed(directory: &Directory, views: &Connection) -> Result<Vec<(u64, u64)>> {
    let path = directory.views();
    let mut select = views.prepare("SELECT run, lines FROM runs").map_err(about(&path))?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(about(&path))?;
    let mut listed = Vec::new();
    for row in rows {
        let (id, lines): (i64, i64) = row.map_err(about(&path))?;
        listed.push((unsigned(id)?, unsigned(lines)?));
    }
    Ok(listed)
}

#[cfg(test)]
mod tests;
