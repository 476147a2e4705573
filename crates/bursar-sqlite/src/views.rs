//! The rows of views.db: written in sorted batches, read by whoever looks something up.

use std::path::Path;

use bursar_core::account::Account;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::projection::{AccountRow, parse};
use bursar_store::{Due, StoreError, codec};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};
use serde::de::DeserializeOwned;

use crate::assets;
use crate::directory::Directory;
use crate::error::{Result, about, signed, unsigned};
use crate::index::{Line, add_lines};
use crate::journal::Stamp;
use crate::money;
use crate::pace::Pace;
use crate::runs::Name;
use crate::segment::{Pinned, Segment};
use crate::sorted::{Changes, Sorted};
use crate::states::{Snapshot, States};

/// Writes a segment and moves the stamp, in one transaction. Rows come in order of their accounts' ids, so
/// that each page is visited once.
pub(crate) fn write(
    directory: &Directory,
    connection: &mut Connection,
    sorted: &Sorted,
    segment: &Segment,
    pace: &mut Pace<'_>,
) -> Result<()> {
    let path = directory.views();
    let accounts = segment.all().map(|(_, pinned)| pinned);
    let mut accounts: Vec<&Pinned> = accounts.filter(|pinned| pinned.has_rows()).collect();
    // Many rows take long, as in a wave of renewals: whoever rests over them falls behind.
    let mut steady = Pace::steady();
    let has_many_rows = accounts.len() > segment.all().len() / 8;
    let pace = if has_many_rows { &mut steady } else { pace };
    let lines = lines(segment, pace)?;
    let changes = Changes {
        index: sorted.index.change(lines.into_iter().inspect(|_| pace.step()).map(Ok))?,
        states: sorted.states.change(snapshots(segment).inspect(|_| pace.step()))?,
    };
    accounts.sort_unstable_by_key(|pinned| &pinned.account.id);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(about(&path))?;
    for pinned in accounts {
        pace.step();
        let id = &pinned.account.id;
        if pinned.has_row() {
            write_searched(&transaction, id, pinned.after).map_err(about(&path))?;
        }
        if !pinned.money.is_empty() {
            money::write(directory, &transaction, id, &pinned.money)?;
        }
        if !pinned.assets.is_empty() {
            assets::write(directory, &transaction, id, &pinned.assets)?;
        }
    }
    changes.record(directory, &transaction)?;
    transaction
        .execute(
            "UPDATE stamp SET commit_id = ?1, checksum = ?2",
            params![signed(segment.stamp.commit), segment.stamp.checksum],
        )
        .map_err(about(&path))?;
    transaction.commit().map_err(about(&path))?;
    sorted.publish(changes);
    Ok(())
}

/// What the index gets.
fn lines(segment: &Segment, pace: &mut Pace<'_>) -> Result<Vec<Line>> {
    let entries = || segment.all().flat_map(|(_, pinned)| &pinned.entries);
    let mut lines = Vec::with_capacity(entries().count() * 3);
    for (position, entry) in entries() {
        add_lines(&mut lines, *position, entry)?;
        pace.step();
    }
    lines.sort_unstable();
    lines.dedup();
    Ok(lines)
}

/// The states after a segment, each encoded when it is its turn.
fn snapshots(segment: &Segment) -> impl ExactSizeIterator<Item = Result<Snapshot>> + '_ {
    let mut named: Vec<(Name, &Pinned)> = segment.all().collect();
    named.sort_unstable_by_key(|(name, pinned)| (*name, &pinned.account.id));
    named.into_iter().map(|(name, pinned)| Snapshot::of(name, &pinned.account))
}

/// What accounts are searched by: the columns of their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Searched {
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) asking: bool,
    pub(crate) erasing: bool,
}

impl Searched {
    /// What the views say of an account that they don't have.
    pub(crate) const NOTHING: Self = Self { due_at: None, asking: false, erasing: false };

    pub(crate) fn of(account: &Account) -> Self {
        Self {
            due_at: account.next_due_wall(),
            asking: account.billing.is_waiting(),
            erasing: account.storage.is_erasing(),
        }
    }
}

fn write_searched(
    transaction: &Transaction<'_>,
    id: &AccountId,
    searched: Searched,
) -> rusqlite::Result<usize> {
    let Searched { due_at, asking, erasing } = searched;
    transaction
        .prepare_cached(
            "INSERT INTO accounts VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account_id) DO UPDATE SET due_at = ?2, asking = ?3, erasing = ?4",
        )?
        .execute(params![id.as_str(), due_at.map(Timestamp::micros), asking, erasing])
}

/// How far the views have come.
pub(crate) fn stamp(directory: &Directory, connection: &Connection) -> Result<Stamp> {
    let (commit, checksum) = connection
        .query_row("SELECT commit_id, checksum FROM stamp", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(about(&directory.views()))?;
    let commit = unsigned(commit)?;
    Ok(Stamp { commit, checksum })
}

/// Decodes a blob of an account's, naming both if that fails.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::Newer`].
pub(crate) fn decode<T: DeserializeOwned>(path: &Path, id: &AccountId, blob: &[u8]) -> Result<T> {
    codec::decode(blob).map_err(|error| match error {
        StoreError::Damaged(what) => {
            StoreError::Damaged(format!("{}, account {id}: {what}", path.display()))
        }
        other => other,
    })
}

/// Accounts that are due, longest first, but not those to `skip`.
pub(crate) fn due(
    directory: &Directory,
    connection: &Connection,
    now: Timestamp,
    limit: usize,
    skip: impl Fn(&AccountId) -> bool,
) -> Result<Vec<Due>> {
    let path = directory.views();
    let mut select = connection
        .prepare_cached(
            "SELECT account_id, due_at FROM accounts
             WHERE due_at <= ?1 ORDER BY due_at, account_id",
        )
        .map_err(about(&path))?;
    let mut rows = select.query([now.micros()]).map_err(about(&path))?;
    let mut due = Vec::new();
    while due.len() < limit
        && let Some(row) = rows.next().map_err(about(&path))?
    {
        let (account, since) = (|| Ok((row.get(0)?, row.get(1)?)))().map_err(about(&path))?;
        let since = Timestamp::from_micros(since);
        if let Some(account) = parse("account_id", Some(account))?
            && !skip(&account)
        {
            due.push(Due { account, since });
        }
    }
    Ok(due)
}

/// What an account may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// The payment provider.
    Asking,
    /// Erasing something from the vault.
    Erasing,
}

impl Waiting {
    /// Does such an account?
    pub(crate) const fn is_it(self, searched: &Searched) -> bool {
        match self {
            Self::Asking => searched.asking,
            Self::Erasing => searched.erasing,
        }
    }

    const fn select(self) -> &'static str {
        match self {
            Self::Asking => {
                "SELECT account_id FROM accounts WHERE asking = 1 AND account_id > ?1
                 ORDER BY account_id"
            }
            Self::Erasing => {
                "SELECT account_id FROM accounts WHERE erasing = 1 AND account_id > ?1
                 ORDER BY account_id"
            }
        }
    }
}

/// At most `limit` accounts after one that wait, in order of their ids, but not those to `skip`.
pub(crate) fn waiting(
    directory: &Directory,
    connection: &Connection,
    what: Waiting,
    after: Option<&AccountId>,
    limit: usize,
    skip: impl Fn(&AccountId) -> bool,
) -> Result<Vec<AccountId>> {
    let path = directory.views();
    let mut select = connection.prepare_cached(what.select()).map_err(about(&path))?;
    // Every id comes after no text at all.
    let after = after.map_or("", AccountId::as_str);
    let mut rows = select.query([after]).map_err(about(&path))?;
    let mut waiting = Vec::new();
    while waiting.len() < limit
        && let Some(row) = rows.next().map_err(about(&path))?
    {
        let account = row.get(0).map_err(about(&path))?;
        waiting.extend(parse("account_id", Some(account))?.filter(|account| !skip(account)));
    }
    Ok(waiting)
}

/// At most so many accounts after one, in order of their ids, with what they are searched by.
pub(crate) fn each_account(
    directory: &Directory,
    connection: &Connection,
    after: Option<&AccountId>,
    limit: usize,
    mut each: impl FnMut(AccountId, Searched) -> Result<()>,
) -> Result<()> {
    let path = directory.views();
    let mut select = connection
        .prepare(
            "SELECT account_id, due_at, asking, erasing FROM accounts WHERE account_id > ?1
             ORDER BY account_id LIMIT ?2",
        )
        .map_err(about(&path))?;
    // Every id comes after no text at all.
    let after = after.map_or("", AccountId::as_str);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = select.query(params![after, limit]).map_err(about(&path))?;
    while let Some(row) = rows.next().map_err(about(&path))? {
        let (id, searched) = searched(row).map_err(about(&path))?;
        if let Some(id) = parse("account_id", Some(id))? {
            each(id, searched)?;
        }
    }
    Ok(())
}

fn searched(row: &Row<'_>) -> rusqlite::Result<(String, Searched)> {
    let due: Option<i64> = row.get(1)?;
    let (asking, erasing) = (row.get(2)?, row.get(3)?);
    Ok((row.get(0)?, Searched { due_at: due.map(Timestamp::from_micros), asking, erasing }))
}

/// What the views have of an account, in one; `None` if its state is missing.
pub(crate) fn account_row(
    states: &States,
    id: &AccountId,
    searched: Searched,
) -> Result<Option<AccountRow>> {
    let Some(snapshot) = states.snapshot(id)? else {
        return Ok(None);
    };
    let Searched { due_at, asking, erasing } = searched;
    let row = AccountRow::of(&states.decode(id, &snapshot)?)?;
    Ok(Some(AccountRow { due_at, asking, erasing, state: snapshot.state.into(), ..row }))
}
