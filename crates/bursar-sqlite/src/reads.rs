//! Answering from memory and the views, as if they were one.

use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::id::{AccountId, AssetId, DocumentId, Key, PaymentId, SpendId};
use bursar_core::time::Timestamp;
use bursar_store::projection::{is_named, may_name};
use bursar_store::{
    AssetRow, DocumentRow, Due, Entry, JournalPosition, Payer, PaymentName, PaymentRow, SpendEvent,
    StatementRow,
};

use crate::assets::{self, Listing};
use crate::connection::Reader;
use crate::error::Result;
use crate::segment::{self, Changed, Money, Segment};
use crate::tail::Tail;
use crate::views::Waiting;
use crate::{journal, lookups, money, replay, views};

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
                let segment = behind(reader)?;
                Ok(look(&[&segment]))
            }
        }
    }

    /// What accounts are searched by, as those commits changed it. To be called before the views are read, as
    /// [`Pins::look`].
    fn changed(&self, reader: &Reader, of: impl Fn(&Segment) -> Changed) -> Result<Changed> {
        match self {
            Self::Tail(tail) => Ok(tail.changed(of)),
            Self::Journal => Ok(of(&behind(reader)?)),
        }
    }
}

/// What another process has committed and not written into the views yet.
fn behind(reader: &Reader) -> Result<Segment> {
    let Reader { directory, journal, views, .. } = reader;
    replay::behind(directory, journal, views, &reader.sorted()?.states)
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
        None => Ok(reader.sorted()?.states.account(id)?.map(Arc::new)),
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
        let stored = lookups::statement(reader, id, before, left)?;
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
    let mut events = lookups::spend(reader, id, spend, before)?;
    events.extend(pinned);
    Ok(events)
}

pub(crate) fn history(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
    after: u64,
    limit: usize,
) -> Result<Vec<SpendEvent>> {
    let pinned = pins.look(reader, |segments| segment::history(segments, id, after))?;
    let before = pinned.first().map(|event| event.version);
    let mut events = lookups::history(reader, id, after, before, limit)?;
    events.extend(pinned);
    events.truncate(limit);
    Ok(events)
}

pub(crate) fn due(reader: &Reader, pins: &Pins, now: Timestamp, limit: usize) -> Result<Vec<Due>> {
    let changed = pins.changed(reader, |segment| segment.due(now))?;
    let skip = |id: &AccountId| changed.contains_key(id);
    let others = views::due(&reader.directory, &reader.views, now, limit, skip)?;
    Ok(segment::merge_due(changed, others, now, limit))
}

pub(crate) fn waiting(
    reader: &Reader,
    pins: &Pins,
    what: Waiting,
    after: Option<&AccountId>,
    limit: usize,
) -> Result<Vec<AccountId>> {
    let changed = pins.changed(reader, |segment| segment.waiting(what))?;
    let skip = |id: &AccountId| changed.contains_key(id);
    let mut waiting = views::waiting(&reader.directory, &reader.views, what, after, limit, skip)?;
    let changed = changed.into_iter().filter(|(_, searched)| what.is_it(searched));
    waiting.extend(changed.map(|(id, _)| id).filter(|id| after.is_none_or(|after| id > after)));
    waiting.sort_unstable();
    waiting.truncate(limit);
    Ok(waiting)
}

pub(crate) fn asset(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
    asset: AssetId,
) -> Result<Option<AssetRow>> {
    let changed = pins.look(reader, |segments| segment::assets(segments, id))?;
    if let Some(known) = changed.of(asset) {
        return Ok(known.cloned());
    }
    let stored = assets::read(&reader.directory, &reader.views, id, asset)?;
    Ok(stored.filter(|row| !changed.has_ended(row.record.vault)))
}

pub(crate) fn assets(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
    wanted: &Listing,
) -> Result<Vec<AssetRow>> {
    let changed = pins.look(reader, |segments| segment::assets(segments, id))?;
    changed.list(wanted, |limit| {
        let wanted = Listing { limit, ..*wanted };
        assets::list(&reader.directory, &reader.views, id, &wanted)
    })
}

pub(crate) fn owner(
    reader: &Reader,
    pins: &Pins,
    object_name: [u8; 16],
) -> Result<Option<AccountId>> {
    match pins.look(reader, |segments| segment::owner(segments, object_name))? {
        Some(owner) => Ok(Some(owner)),
        None => assets::owner(&reader.directory, &reader.views, object_name),
    }
}

pub(crate) fn payment(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
    payment: PaymentId,
) -> Result<Option<PaymentRow>> {
    let pinned = pins.look(reader, |segments| segment::money(segments, id))?;
    folded_payment(reader, &pinned, id, payment)
}

fn folded_payment(
    reader: &Reader,
    pinned: &Money,
    id: &AccountId,
    payment: PaymentId,
) -> Result<Option<PaymentRow>> {
    let mut folded = money::fold_payments(&reader.directory, &reader.views, id, pinned)?;
    match folded.remove(&payment) {
        Some(row) => Ok(Some(row)),
        None => money::payment(&reader.directory, &reader.views, id, payment),
    }
}

pub(crate) fn payer(reader: &Reader, pins: &Pins, name: &PaymentName) -> Result<Option<Payer>> {
    // All of them at once: what is looked for later may have left for views that are not seen here.
    let pinned = pins.look(reader, segment::all_money)?;
    let named = pinned.iter().flat_map(|(_, entry)| {
        may_name(entry, name).map(|payment| Payer { account: entry.account.clone(), payment })
    });
    let mut may_be: Vec<Payer> = named.collect();
    may_be.extend(money::payer(&reader.directory, &reader.views, name)?);
    for payer in may_be {
        let row = folded_payment(reader, &pinned, &payer.account, payer.payment)?;
        if row.is_some_and(|row| is_named(&row, name)) {
            return Ok(Some(payer));
        }
    }
    Ok(None)
}

pub(crate) fn document(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
    document: DocumentId,
) -> Result<Option<DocumentRow>> {
    let pinned = pins.look(reader, |segments| segment::money(segments, id))?;
    let mut folded = money::fold_documents(&reader.directory, &reader.views, id, &pinned)?;
    match folded.remove(&document) {
        Some(row) => Ok(Some(row)),
        None => money::document(&reader.directory, &reader.views, id, document),
    }
}

pub(crate) fn documents(
    reader: &Reader,
    pins: &Pins,
    id: &AccountId,
    before: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<DocumentRow>> {
    let pinned = pins.look(reader, |segments| segment::money(segments, id))?;
    let mut rows = money::fold_documents(&reader.directory, &reader.views, id, &pinned)?;
    rows.retain(|id, _| before.is_none_or(|before| *id < before));
    for stored in money::documents(&reader.directory, &reader.views, id, before, limit)? {
        rows.entry(stored.record.id).or_insert(stored);
    }
    Ok(rows.into_values().rev().take(limit).collect())
}

/// The highest legal number of a series and year.
pub(crate) fn last_number(reader: &Reader, pins: &Pins, series: &Key, year: u16) -> Result<u32> {
    let pinned = pins.look(reader, |segments| segment::last_number(segments, series, year))?;
    let stored = money::last_number(&reader.directory, &reader.views, series, year)?;
    Ok(pinned.map_or(stored, |pinned| pinned.max(stored)))
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
