//! Entries of the journal by what they are called. See [`index`](crate::index).

use std::sync::Arc;

use bursar_core::id::{AccountId, IdempotencyKey, SpendId};
use bursar_store::projection::{events, idempotency, spend_events, statement_rows};
use bursar_store::{Entry, JournalPosition, SpendEvent, StatementRow, StoreError};

use crate::connection::Reader;
use crate::error::Result;
use crate::index::Place;
use crate::journal;
use crate::runs::{Name, around};

/// An account's idempotency key.
pub(crate) struct Named<'a> {
    pub(crate) name: Name,
    pub(crate) id: &'a AccountId,
    pub(crate) key: &'a IdempotencyKey,
}

/// The entries of idempotency keys, in the order of the keys. Each commit is read once, however many of the keys
/// are in it: whole requests of many are sent again.
pub(crate) fn keyed(reader: &Reader, keys: &[Named<'_>]) -> Result<Vec<Option<Arc<Entry>>>> {
    let sorted = reader.sorted()?;
    let mut named = Vec::new();
    for (key, number) in keys.iter().zip(0_usize..) {
        let places = sorted.index.places(key.name)?;
        named.extend(places.into_iter().map(|place| (place, number)));
    }
    named.sort_unstable();
    let places: Vec<Place> = named.iter().map(|(place, _)| *place).collect();
    let mut found = vec![None; keys.len()];
    for ((_, number), (_, entry)) in named.into_iter().zip(entries(reader, &places)?) {
        if let (Some(Named { id, key, .. }), Some(slot)) = (keys.get(number), found.get_mut(number))
            && entry.account == **id
            && idempotency(&entry) == Some(*key)
        {
            *slot = Some(entry);
        }
    }
    Ok(found)
}

/// Statement lines of versions below `before`, newest first.
pub(crate) fn statement(
    reader: &Reader,
    id: &AccountId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<StatementRow>> {
    let mut below = end(reader, id, before)?;
    let mut rows = Vec::new();
    while let Some(newest) = below.checked_sub(1).filter(|version| *version > 0)
        && rows.len() < limit
    {
        let entries = of_versions(reader, id, newest, below)?;
        let newest_first = entries.iter().rev().flat_map(|entry| statement_rows(entry).rev());
        let around = around(newest);
        rows.extend(
            newest_first.filter(|row| row.version < below && around.contains(&row.version)),
        );
        below = *around.start();
    }
    rows.truncate(limit);
    Ok(rows)
}

/// The events of a spend of versions below `before`, oldest first.
pub(crate) fn spend(
    reader: &Reader,
    id: &AccountId,
    spend: SpendId,
    before: Option<u64>,
) -> Result<Vec<SpendEvent>> {
    let places = reader.sorted()?.index.places(Name::spend(id, spend))?;
    let entries = entries(reader, &places)?;
    let own = entries.iter().filter(|(_, entry)| entry.account == *id);
    let events = own.flat_map(|(_, entry)| spend_events(entry, spend));
    Ok(events.filter(|event| before.is_none_or(|before| event.version < before)).collect())
}

/// What happened to an account after a version and before another, oldest first.
pub(crate) fn history(
    reader: &Reader,
    id: &AccountId,
    after: u64,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<SpendEvent>> {
    let end = end(reader, id, before)?;
    let mut next = after.saturating_add(1);
    let mut found = Vec::new();
    while next < end && found.len() < limit {
        let entries = of_versions(reader, id, next, end)?;
        let around = around(next);
        let wanted = |version: u64| version >= next && version < end && around.contains(&version);
        let all = entries.iter().flat_map(|entry| events(entry));
        found.extend(all.filter(|event| wanted(event.version)));
        next = around.end().saturating_add(1);
    }
    found.truncate(limit);
    Ok(found)
}

/// The first version that is not to be looked up: what the views don't have yet is somewhere else.
fn end(reader: &Reader, id: &AccountId, before: Option<u64>) -> Result<u64> {
    let newest = reader.sorted()?.states.account(id)?.map_or(0, |account| account.version);
    let end = newest.saturating_add(1);
    Ok(before.map_or(end, |before| before.min(end)))
}

/// The entries of an account with the versions around one, as far as they are below `end`; in order.
fn of_versions(reader: &Reader, id: &AccountId, version: u64, end: u64) -> Result<Vec<Arc<Entry>>> {
    let places = reader.sorted()?.index.places(Name::version(id, version))?;
    let around = around(version);
    let (first, last) = (*around.start().max(&1), *around.end().min(&end.saturating_sub(1)));
    let entries = entries(reader, &places)?.into_iter().map(|(_, entry)| entry);
    let own = entries.filter(|entry| {
        entry.account == *id && entry.first_version <= last && entry.version() >= first
    });
    let own: Vec<Arc<Entry>> = own.collect();
    let mut next = first;
    for entry in &own {
        if entry.first_version > next {
            break;
        }
        next = entry.version().saturating_add(1);
    }
    if next > last {
        return Ok(own);
    }
    Err(StoreError::Damaged(format!(
        "{}: version {next} of account {id} is missing; rebuild the views from the journal: stop the server \
         and run `bursar views rebuild`",
        reader.sorted()?.index.path().display()
    )))
}

/// The entries at some places, in order.
fn entries(reader: &Reader, places: &[Place]) -> Result<Vec<(JournalPosition, Arc<Entry>)>> {
    let mut found = Vec::with_capacity(places.len());
    let mut commit: (u64, Vec<Arc<Entry>>) = (0, Vec::new());
    for position in places.iter().map(|place| place.position()) {
        if commit.0 != position.commit {
            let entries = journal::entries(&reader.directory, &reader.journal, position.commit)?;
            commit = (position.commit, entries);
        }
        let index = usize::try_from(position.index).unwrap_or(usize::MAX);
        let entry = commit.1.get(index).ok_or_else(|| {
            let (path, JournalPosition { commit, index }) = (reader.directory.journal(), position);
            StoreError::Damaged(format!(
                "{}: commit {commit} has no entry {index}, which the index names",
                path.display()
            ))
        })?;
        found.push((position, Arc::clone(entry)));
    }
    Ok(found)
}
