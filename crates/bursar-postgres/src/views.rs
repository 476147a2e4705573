//! The tables that are looked up: what is written into them, set by set, and what is read of them.

use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::account::event::Recorded;
use bursar_core::id::{AccountId, SpendId};
use bursar_core::time::Timestamp;
use bursar_store::projection::{self, AccountRow, HistoryRow, LineColumns, idempotency, parse};
use bursar_store::{Due, Entry, JournalPosition, SpendEvent, StatementRow, StoreError, codec};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::connection::Connections;
use crate::error::{Result, get, signed, unsigned};
use crate::journal::index;

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

/// The rows of `history` that entries add.
pub(crate) fn history(entries: &[(JournalPosition, Arc<Entry>)]) -> Result<Vec<Past<'_>>> {
    let mut rows = Vec::with_capacity(entries.len());
    for (_, entry) in entries {
        let of_entry = projection::history(entry)?;
        rows.extend(of_entry.into_iter().map(|row| (&entry.account, row)));
    }
    Ok(rows)
}

/// A row of `history` with its account.
pub(crate) type Past<'a> = (&'a AccountId, HistoryRow);

/// Into `history`.
pub(crate) fn insert_history<'a>(rows: &'a [Past<'a>]) -> Write<'a> {
    Write {
        statement: "
            INSERT INTO history (account_id, version, kind, at, credits, available_after, held_after,
                spend_id, lot, operation, model, quality, units, reason, reference, event)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[],
                $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::text[],
                $12::text[], $13::bigint[], $14::text[], $15::text[], $16::bytea[])",
        columns: history_columns(rows),
    }
}

/// The columns of `history`, in order.
pub(crate) fn history_columns<'a>(rows: &'a [Past<'a>]) -> Vec<Column<'a>> {
    let line = |row: &'a Past<'a>| row.1.line.as_ref();
    vec![
        column(rows, |(id, _)| id.as_str()),
        column(rows, |(_, row)| signed(row.version)),
        column(rows, |row| line(row).map(|line| line.kind.as_str())),
        column(rows, |row| line(row).map(|line| line.at.micros())),
        column(rows, |row| line(row).map(|line| line.credits.micro())),
        column(rows, |row| line(row).map(|line| line.available_after.micro())),
        column(rows, |row| line(row).map(|line| line.held_after.micro())),
        column(rows, |(_, row)| row.spend.map(|spend| spend.to_string())),
        column(rows, |row| line(row)?.lot.map(|lot| i64::from(lot.0))),
        column(rows, |row| line(row)?.operation.as_ref().map(|key| key.as_str())),
        column(rows, |row| line(row)?.model.as_ref().map(|key| key.as_str())),
        column(rows, |row| line(row)?.quality.as_ref().map(|key| key.as_str())),
        column(rows, |row| line(row)?.units.map(|units| signed(units.micro()))),
        column(rows, |row| line(row)?.reason.as_ref().map(|text| text.as_str())),
        column(rows, |row| line(row)?.reference.as_ref().map(|text| text.as_str())),
        column(rows, |(_, row)| row.event.as_slice()),
    ]
}

/// Into `idempotency`; nothing if no entry has a key.
pub(crate) fn insert_keys<'a>(keys: &'a [&'a (JournalPosition, Arc<Entry>)]) -> Write<'a> {
    Write {
        statement: "
            INSERT INTO idempotency (account_id, key, commit_id, entry)
            SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[])",
        columns: vec![
            column(keys, |(_, entry)| entry.account.as_str()),
            column(keys, |(_, entry)| idempotency(entry).map(|key| key.as_str())),
            column(keys, |(position, _)| signed(position.commit)),
            column(keys, |(position, _)| index(*position)),
        ],
    }
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

/// Statement lines, newest first.
pub(crate) async fn statement(
    connections: &Connections,
    id: &AccountId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<StatementRow>> {
    let select = "
        SELECT version, kind, at, credits, available_after, held_after, spend_id, lot, operation,
            model, quality, units, reason, reference
        FROM history WHERE account_id = $1 AND version < $2 AND kind IS NOT NULL
        ORDER BY version DESC LIMIT $3";
    let before = signed(before.unwrap_or(u64::MAX));
    let rows = connections.query(select, &[&id.as_str(), &before, &most(limit)]).await?;
    rows.iter().map(statement_row).collect()
}

fn statement_row(row: &Row) -> Result<StatementRow> {
    let columns = LineColumns {
        kind: get(row, 1)?,
        at: get(row, 2)?,
        credits: get(row, 3)?,
        available_after: get(row, 4)?,
        held_after: get(row, 5)?,
        spend: get(row, 6)?,
        lot: get(row, 7)?,
        operation: get(row, 8)?,
        model: get(row, 9)?,
        quality: get(row, 10)?,
        units: get(row, 11)?,
        reason: get(row, 12)?,
        reference: get(row, 13)?,
    };
    Ok(StatementRow { version: unsigned(get(row, 0)?)?, line: columns.line()? })
}

/// The events of one spend, oldest first.
pub(crate) const SPEND: &str = "
    SELECT version, event FROM history WHERE account_id = $1 AND spend_id = $2 ORDER BY version";

/// The events of one spend, oldest first.
pub(crate) async fn spend(
    connections: &Connections,
    id: &AccountId,
    spend: SpendId,
) -> Result<Vec<SpendEvent>> {
    let rows = connections.query(SPEND, &[&id.as_str(), &spend.to_string()]).await?;
    events(&connections.place, id, &rows)
}

/// What happened to an account after a version, oldest first.
pub(crate) async fn past(
    connections: &Connections,
    id: &AccountId,
    after: u64,
    limit: usize,
) -> Result<Vec<SpendEvent>> {
    let select = "
        SELECT version, event FROM history WHERE account_id = $1 AND version > $2
        ORDER BY version LIMIT $3";
    let rows = connections.query(select, &[&id.as_str(), &signed(after), &most(limit)]).await?;
    events(&connections.place, id, &rows)
}

/// Rows of version and event.
pub(crate) fn events(place: &str, id: &AccountId, rows: &[Row]) -> Result<Vec<SpendEvent>> {
    let event = |row: &Row| {
        let recorded: Recorded = decode(place, id, &get::<Vec<u8>>(row, 1)?)?;
        Ok(SpendEvent { version: unsigned(get(row, 0)?)?, recorded })
    };
    rows.iter().map(event).collect()
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
