//! Answering from memory and the views, as if they were one.

use std::collections::HashMap;
use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::id::{AccountId, SpendId};
use bursar_core::time::Timestamp;
use bursar_store::{Due, Entry, JournalPosition, SpendEvent, StatementRow};

use crate::connection::Reader;
use crate::error::Result;
use crate::segment::{self, Segment};
use crate::tail::Tail;
use crate::{journal, replay, views};

/// Where commits are found that the views don't have yet.
#[derive(Clone)]
pub(crate) enum Pins {
    /// In this process's memory.
    Tail(Arc<Tail>),
    /// In the journal: another process writes it.
    Journal,
}

impl Pins {
    /// Looks at those commits, oldest first. To be called before the views are read, within the same
    /// read transaction: what leaves the segments afterwards is in the views then.
    fn look<T>(&self, reader: &Reader, look: impl FnOnce(&[&Segment]) -> T) -> Result<T> {
        match self {
            Self::Tail(tail) => Ok(tail.with_segments(look)),
            Self::Journal => {
                let segment = replay::behind(&reader.directory, &reader.journal, &reader.views)?;
                Ok(look(&[&segment]))
            }
        }
    }
}

pub(crate) fn account(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
) -> Result<Option<Arc<Account>>> {
    let pinned = pins.look(reader, |segments| {
        let mut newest_first = segments.iter().rev();
        newest_first.find_map(|segment| segment.account(id).cloned())
    })?;
    match pinned {
        Some(account) => Ok(Some(account)),
        None => views::shared_account(&reader.directory, &reader.views, id),
    }
}

pub(crate) fn statement(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<StatementRow>> {
    let mut rows = pins.look(reader, |segments| segment::statement(segments, id, before, limit))?;
    let before = rows.last().map(|row| row.version).or(before);
    let left = limit.saturating_sub(rows.len());
    if left > 0 {
        let stored = views::statement(&reader.directory, &reader.views, id, before, left)?;
        rows.extend(stored);
    }
    Ok(rows)
}

pub(crate) fn spend(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
    spend: SpendId,
) -> Result<Vec<SpendEvent>> {
    let pinned = pins.look(reader, |segments| segment::spend(segments, id, spend))?;
    let before = pinned.first().map(|event| event.version);
    let mut events = views::spend(&reader.directory, &reader.views, id, spend, before)?;
    events.extend(pinned);
    Ok(events)
}

pub(crate) fn due(reader: &Reader, pins: &Pins, now: Timestamp, limit: usize) -> Result<Vec<Due>> {
    let pinned = pins.look(reader, |segments| {
        let due = segment::due(segments).into_iter();
        due.map(|(id, since)| (id.clone(), since)).collect()
    })?;
    let skip = |id: &AccountId| HashMap::contains_key(&pinned, id);
    let others = views::due(&reader.directory, &reader.views, now, limit, skip)?;
    Ok(segment::merge_due(pinned, others, now, limit))
}

/// Journal entries after a position, up to a commit.
pub(crate) fn journal(
    reader: &Reader,
    after: JournalPosition,
    upto: u64,
    limit: usize,
) -> Result<Vec<(JournalPosition, Arc<Entry>)>> {
    let mut found = Vec::new();
    let before = after.commit.saturating_sub(1);
    if limit == 0 {
        return Ok(found);
    }
    journal::scan(&reader.directory, &reader.journal, before, upto, |commit| {
        let more = commit.positions().filter(|(position, _)| *position > after);
        let left = limit - found.len();
        found.extend(more.take(left).map(|(position, entry)| (position, Arc::clone(entry))));
        Ok(found.len() < limit)
    })?;
    Ok(found)
}
