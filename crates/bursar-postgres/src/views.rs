//! The tables that are looked up: what is written into them, set by set, and what is read of them.

use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::projection::{AccountRow, idempotency, parse};
use bursar_store::{Due, Entry, StoreError, codec};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::connection::Connections;
use crate::error::{Result, get, signed};

/// Many rows for one table, column by column, in one statement.
pub(crate) struct Write<'a> {
    pub(crate) statement: &'static str,
    /// An array for each `$1`, `$2` …
    pub(crate) columns: Vec<Column<'a>>,
}

impl Write<'_> {
    /// The columns as they are sent.
    pub(crate) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        let values = self.columns.iter().map(|column| {
            let column: &(dyn ToSql + Sync) = column.as_ref();
            column
        });
        values.collect()
    }
}

pub(crate) type Column<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// One column of rows.
pub(crate) fn column<'a, R, T>(rows: &'a [R], value: impl Fn(&'a R) -> T) -> Column<'a>
where
    T: ToSql + Sync + Send + 'a,
{
    Box::new(rows.iter().map(value).collect::<Vec<T>>())
}

/// Into `idempotency`; nothing if no entry has a key.
pub(crate) fn insert_keys<'a>(keys: &'a [&'a Arc<Entry>]) -> Write<'a> {
    Write {
        statement: "
            INSERT INTO idempotency (account_id, key, version)
            SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])",
        columns: key_columns(keys),
    }
}

/// The columns of `idempotency`, in order.
pub(crate) fn key_columns<'a>(keys: &'a [&'a Arc<Entry>]) -> Vec<Column<'a>> {
    vec![
        column(keys, |entry| entry.account.as_str()),
        column(keys, |entry| idempotency(entry).map(|key| key.as_str())),
        column(keys, |entry| signed(entry.first_version)),
    ]
}

/// Into `accounts`, or over what is there.
pub(crate) fn insert_accounts(rows: &[AccountRow]) -> Write<'_> {
    Write {
        statement: "
            INSERT INTO accounts (account_id, version, due_at, asking, erasing, status, plan,
                available, held, state)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::boolean[],
                $5::boolean[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bytea[])
            ON CONFLICT (account_id) DO UPDATE SET version = excluded.version,
                due_at = excluded.due_at, asking = excluded.asking, erasing = excluded.erasing,
                status = excluded.status, plan = excluded.plan, available = excluded.available,
                held = excluded.held, state = excluded.state",
        columns: account_columns(rows),
    }
}

/// The columns of `accounts`, in order.
pub(crate) fn account_columns(rows: &[AccountRow]) -> Vec<Column<'_>> {
    vec![
        column(rows, |row| row.account.as_str()),
        column(rows, |row| signed(row.version)),
        column(rows, |row| row.due_at.map(Timestamp::micros)),
        column(rows, |row| row.asking),
        column(rows, |row| row.erasing),
        column(rows, |row| row.status.as_str()),
        column(rows, |row| row.plan.as_ref().map(|key| key.as_str())),
        column(rows, |row| row.available.micro()),
        column(rows, |row| row.held.micro()),
        column(rows, |row| row.state.as_slice()),
    ]
}

/// Decodes a column of an account's row, naming it if that fails.
pub(crate) fn decode<T: DeserializeOwned>(place: &str, id: &AccountId, column: &[u8]) -> Result<T> {
    codec::decode(column).map_err(|error| match error {
        StoreError::Damaged(what) => StoreError::Damaged(format!("{place}, account {id}: {what}")),
        other => other,
    })
}

/// An account's state.
pub(crate) async fn account(
    connections: &Connections,
    id: &AccountId,
) -> Result<Option<Arc<Account>>> {
    let select = "SELECT state FROM accounts WHERE account_id = $1";
    let row = connections.query_one(select, &[&id.as_str()]).await?;
    let state = row.map(|row| get::<Vec<u8>>(&row, 0)).transpose()?;
    state.map(|state| decode(&connections.place, id, &state).map(Arc::new)).transpose()
}

/// Accounts that are due, longest first.
pub(crate) async fn due(
    connections: &Connections,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Due>> {
    let select = "
        SELECT account_id, due_at FROM accounts WHERE due_at <= $1
        ORDER BY due_at, account_id LIMIT $2";
    let rows = connections.query(select, &[&now.micros(), &most(limit)]).await?;
    let due = |row: &Row| {
        let since = Timestamp::from_micros(get(row, 1)?);
        Ok(Due { account: account_id(row, 0)?, since })
    };
    rows.iter().map(due).collect()
}

/// Accounts after one that have something to ask of the payment provider, in order of their ids.
pub(crate) const ASKING: &str = "
    SELECT account_id FROM accounts WHERE asking AND account_id > $1 ORDER BY account_id LIMIT $2";

/// Accounts after one that have something to be erased, in order of their ids.
pub(crate) const ERASING: &str = "
    SELECT account_id FROM accounts WHERE erasing AND account_id > $1 ORDER BY account_id LIMIT $2";

/// [`ASKING`] or [`ERASING`].
pub(crate) async fn waiting(
    connections: &Connections,
    select: &str,
    after: Option<&AccountId>,
    limit: usize,
) -> Result<Vec<AccountId>> {
    // Every id comes after no text at all.
    let after = after.map_or("", AccountId::as_str);
    let rows = connections.query(select, &[&after, &most(limit)]).await?;
    rows.iter().map(|row| account_id(row, 0)).collect()
}

/// An account's id in a row.
pub(crate) fn account_id(row: &Row, column: usize) -> Result<AccountId> {
    let id = parse("account_id", Some(get(row, column)?))?;
    id.ok_or_else(|| StoreError::Damaged("a row without an account".to_owned()))
}

/// A limit as PostgreSQL takes it.
pub(crate) fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
