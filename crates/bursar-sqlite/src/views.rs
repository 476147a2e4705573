//! The rows of views.db: written in sorted batches, read by whoever looks something up.

use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::projection::{AccountRow, parse};
use bursar_store::{Due, StoreError, codec};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::assets;
use crate::directory::Directory;
use crate::error::{Result, about, signed, unsigned};
use crate::index::{Index, Line, add_lines};
use crate::journal::Stamp;
use crate::money;
use crate::segment::{Pinned, Segment};

/// Writes a segment and moves the stamp, in one transaction. Accounts come in order of their ids, so
/// that each page is visited once.
pub(crate) fn write(
    directory: &Directory,
    connection: &mut Connection,
    index: &Index,
    segment: &Segment,
) -> Result<()> {
    let path = directory.views();
    let mut accounts: Vec<(&AccountId, &Pinned)> = segment.accounts.iter().collect();
    accounts.sort_unstable_by_key(|(id, _)| *id);
    let change = index.change(lines(&accounts)?)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(about(&path))?;
    for (id, pinned) in accounts {
        write_state(&transaction, &AccountRow::of(&pinned.account)?).map_err(about(&path))?;
        if !pinned.money.is_empty() {
            money::write(directory, &transaction, id, &pinned.money)?;
        }
        if !pinned.assets.is_empty() {
            assets::write(directory, &transaction, id, &pinned.assets)?;
        }
    }
    change.record(directory, &transaction)?;
    transaction
        .execute(
            "UPDATE stamp SET commit_id = ?1, checksum = ?2",
            params![signed(segment.stamp.commit), segment.stamp.checksum],
        )
        .map_err(about(&path))?;
    transaction.commit().map_err(about(&path))?;
    index.publish(change);
    Ok(())
}

/// What the index gets.
fn lines(accounts: &[(&AccountId, &Pinned)]) -> Result<Vec<Line>> {
    let entries = || accounts.iter().flat_map(|(_, pinned)| &pinned.entries);
    let mut lines = Vec::with_capacity(entries().count() * 3);
    for (position, entry) in entries() {
        add_lines(&mut lines, *position, entry)?;
    }
    Ok(lines)
}

fn write_state(transaction: &Transaction<'_>, row: &AccountRow) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (account_id) DO UPDATE SET version = ?2, due_at = ?3, asking = ?4,
             erasing = ?5, status = ?6, plan = ?7, available = ?8, held = ?9, state = ?10",
        )?
        .execute(params![
            row.account.as_str(),
            signed(row.version),
            row.due_at.map(Timestamp::micros),
            row.asking,
            row.erasing,
            row.status,
            row.plan.as_ref().map(|key| key.as_str()),
            row.available.micro(),
            row.held.micro(),
            row.state,
        ])
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

/// An account's state.
pub(crate) fn account(
    directory: &Directory,
    connection: &Connection,
    id: &AccountId,
) -> Result<Option<Account>> {
    let state: Option<Vec<u8>> = connection
        .prepare_cached("SELECT state FROM accounts WHERE account_id = ?1")
        .and_then(|mut select| select.query_row([id.as_str()], |row| row.get(0)).optional())
        .map_err(about(&directory.views()))?;
    state.map(|state| decode(directory, id, &state)).transpose()
}

/// Decodes a blob of an account's row, naming it if that fails.
pub(crate) fn decode<T: serde::de::DeserializeOwned>(
    directory: &Directory,
    id: &AccountId,
    blob: &[u8],
) -> Result<T> {
    codec::decode(blob).map_err(|error| match error {
        StoreError::Damaged(what) => {
            let path = directory.views();
            StoreError::Damaged(format!("{}, account {id}: {what}", path.display()))
        }
        other => other,
    })
}

/// An account's version; `None` if there is none.
pub(crate) fn version(
    directory: &Directory,
    connection: &Connection,
    id: &AccountId,
) -> Result<Option<u64>> {
    let version: Option<i64> = connection
        .prepare_cached("SELECT version FROM accounts WHERE account_id = ?1")
        .and_then(|mut select| select.query_row([id.as_str()], |row| row.get(0)).optional())
        .map_err(about(&directory.views()))?;
    version.map(unsigned).transpose()
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
    /// Does this account?
    pub(crate) fn is_it(self, account: &Account) -> bool {
        match self {
            Self::Asking => account.billing.is_waiting(),
            Self::Erasing => account.storage.is_erasing(),
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

/// At most so many rows of `accounts` after one, in order of their ids.
pub(crate) fn each_account(
    directory: &Directory,
    connection: &Connection,
    after: Option<&AccountId>,
    limit: usize,
    mut each: impl FnMut(AccountRow) -> Result<()>,
) -> Result<()> {
    let path = directory.views();
    let mut select = connection
        .prepare(
            "SELECT account_id, version, due_at, asking, erasing, status, plan, available, held, state
             FROM accounts WHERE account_id > ?1 ORDER BY account_id LIMIT ?2",
        )
        .map_err(about(&path))?;
    // Every id comes after no text at all.
    let after = after.map_or("", AccountId::as_str);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = select.query(params![after, limit]).map_err(about(&path))?;
    while let Some(row) = rows.next().map_err(about(&path))? {
        if let Some(row) = account_row(row).map_err(about(&path))?? {
            each(row)?;
        }
    }
    Ok(())
}

fn account_row(row: &Row<'_>) -> rusqlite::Result<Result<Option<AccountRow>>> {
    use bursar_core::credits::Credits;
    let (account, version, plan) = (row.get(0)?, row.get(1)?, row.get(6)?);
    let due: Option<i64> = row.get(2)?;
    let (asking, erasing) = (row.get(3)?, row.get(4)?);
    let (status, available, held, state) = (row.get(5)?, row.get(7)?, row.get(8)?, row.get(9)?);
    Ok((|| {
        let Some(account) = parse("account_id", Some(account))? else {
            return Ok(None);
        };
        Ok(Some(AccountRow {
            account,
            version: unsigned(version)?,
            due_at: due.map(Timestamp::from_micros),
            asking,
            erasing,
            status,
            plan: parse("plan", plan)?,
            available: Credits::from_micro(available),
            held: Credits::from_micro(held),
            state,
        }))
    })())
}

/// A state as it is shared.
pub(crate) fn shared_account(
    directory: &Directory,
    connection: &Connection,
    id: &AccountId,
) -> Result<Option<Arc<Account>>> {
    account(directory, connection, id).map(|account| account.map(Arc::new))
}
