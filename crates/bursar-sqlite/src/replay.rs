//! Bringing the views up to the journal: at every start for what a crash left out, and from the
//! beginning when there are none that fit.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::id::AccountId;
use bursar_store::StoreError;
use lru::LruCache;
use rusqlite::Connection;

use crate::connection;
use crate::directory::Directory;
use crate::error::Result;
use crate::journal::{self, Commit, Stamp};
use crate::migrations::{ViewsVersion, check_views, create_views, migrate_journal};
use crate::pace::Pace;
use crate::segment::Segment;
use crate::sorted::Sorted;
use crate::states::States;
use crate::transfer::refuse_marked;
use crate::views;

/// How many entries are written at once.
const CHUNK: usize = 50_000;

/// How many states are kept between chunks.
const KEPT: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

/// Opens views that are level with the journal, whatever is there: what is missing is added, what
/// doesn't fit or can't be read is built anew.
pub(crate) fn open_views(
    directory: &Directory,
    journal: &Connection,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Connection, Sorted)> {
    match open_fitting(directory, journal, progress) {
        Err(StoreError::Damaged(why)) => {
            check_journal(directory, journal)?;
            tracing::warn!(why, "the views are built anew from the journal");
            rebuild(directory, journal, progress)
        }
        other => other,
    }
}

/// Fails if it is the journal that is damaged, as far as starting reads it: then the views are not to
/// blame, and are better kept.
fn check_journal(directory: &Directory, journal: &Connection) -> Result<()> {
    let stamp = connection::read_only(&directory.views())
        .and_then(|views| views::stamp(directory, &views))
        .unwrap_or_default();
    journal::scan(directory, journal, stamp.commit, u64::MAX, |_| Ok(true))
}

fn open_fitting(
    directory: &Directory,
    journal: &Connection,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Connection, Sorted)> {
    let mut views = connection::views(directory)?;
    match check_views(directory, &views)? {
        ViewsVersion::Fitting => {}
        ViewsVersion::None => create_views(directory, &mut views)?,
        ViewsVersion::Other => {
            let what = "the views were made by another version of Bursar";
            return Err(StoreError::Damaged(what.to_owned()));
        }
    }
    let stamp = views::stamp(directory, &views)?;
    if stamp != Stamp::default() && journal::stamp(directory, journal, stamp.commit)? != Some(stamp)
    {
        return Err(StoreError::Damaged("the views are of another journal".to_owned()));
    }
    let sorted = Sorted::open_to_write(directory, &views)?;
    catch_up(directory, journal, &mut views, &sorted, progress)?;
    Ok((views, sorted))
}

/// Builds the views of a directory anew from its journal. No server may have it. `progress` is told how
/// many commits are done, and how many there are.
///
/// # Errors
/// As [`SqliteStore::open`](crate::SqliteStore::open).
pub fn rebuild_views(dir: impl AsRef<Path>, mut progress: impl FnMut(u64, u64)) -> Result<()> {
    let directory = Directory::new(dir.as_ref());
    if !directory.journal().exists() {
        let path = directory.path().display();
        return Err(StoreError::Unavailable(format!("there is no journal.db in {path}")));
    }
    let _lock = directory.lock()?;
    refuse_marked(&directory)?;
    let mut journal = connection::journal(&directory)?;
    migrate_journal(&directory, &mut journal)?;
    rebuild(&directory, &journal, &mut progress).map(drop)
}

/// Builds the views from nothing.
pub(crate) fn rebuild(
    directory: &Directory,
    journal: &Connection,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Connection, Sorted)> {
    directory.remove_views()?;
    let mut views = connection::views(directory)?;
    create_views(directory, &mut views)?;
    let sorted = Sorted::open_to_write(directory, &views)?;
    catch_up(directory, journal, &mut views, &sorted, progress)?;
    Ok((views, sorted))
}

/// Writes what the journal has after the views' stamp.
fn catch_up(
    directory: &Directory,
    journal: &Connection,
    views: &mut Connection,
    sorted: &Sorted,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<()> {
    let last = journal::last(directory, journal)?.commit;
    let mut done = views::stamp(directory, views)?.commit;
    let mut states = LruCache::new(KEPT);
    while done < last {
        let mut segment = Segment::default();
        journal::scan(directory, journal, done, last, |commit| {
            fold(directory, &sorted.states, &mut states, &mut segment, &commit)?;
            Ok(segment.entries < CHUNK)
        })?;
        views::write(directory, views, sorted, &segment, &mut Pace::steady())?;
        done = segment.stamp.commit;
        progress(done, last);
    }
    Ok(())
}

/// The commits after the views' stamp as a segment, for a reader without a tail.
pub(crate) fn behind(
    directory: &Directory,
    journal: &Connection,
    views: &Connection,
    viewed: &States,
) -> Result<Segment> {
    let after = views::stamp(directory, views)?.commit;
    let mut segment = Segment::default();
    let mut states = LruCache::new(KEPT);
    journal::scan(directory, journal, after, u64::MAX, |commit| {
        fold(directory, viewed, &mut states, &mut segment, &commit)?;
        Ok(true)
    })?;
    Ok(segment)
}

/// Adds a commit to a segment, with the states after it.
fn fold(
    directory: &Directory,
    viewed: &States,
    states: &mut LruCache<AccountId, Arc<Account>>,
    segment: &mut Segment,
    commit: &Commit,
) -> Result<()> {
    let mut changed: BTreeMap<AccountId, Change> = BTreeMap::new();
    for (position, entry) in commit.positions() {
        let change = match changed.entry(entry.account.clone()) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let id = place.key();
                let known = states.get(id).or_else(|| segment.account(id)).cloned();
                let before = match known {
                    Some(account) => Some(account),
                    None => viewed.account(id)?.map(Arc::new),
                };
                let after = before.as_deref().cloned();
                place.insert(Change { before, after })
            }
        };
        entry.replay(&mut change.after).map_err(|what| {
            StoreError::Damaged(format!(
                "{}, commit {}, entry {}: account {}: {what}",
                directory.journal().display(),
                position.commit,
                position.index,
                entry.account
            ))
        })?;
    }
    let changed = changed.into_values().filter_map(|change| {
        let after = Arc::new(change.after?);
        states.put(after.id.clone(), Arc::clone(&after));
        Some((change.before, after))
    });
    segment.add(commit.stamp, commit.bytes, &commit.entries, changed);
    Ok(())
}

/// An account before a commit and after it.
struct Change {
    before: Option<Arc<Account>>,
    after: Option<Account>,
}
