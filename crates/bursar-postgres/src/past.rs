//! What happened to an account, read from its rows of the journal: its statement, its history, its spends.
//!
//! No table repeats the events. Rows are found by the account's version, lines of the statement are counted in a
//! column, and a spend is found by the time in its id.

use std::collections::BTreeMap;

use bursar_core::account::event::Recorded;
use bursar_core::id::{AccountId, SpendId};
use bursar_store::projection::{self, statement_rows};
use bursar_store::{Entry, SpendEvent, StatementRow};
use deadpool_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::connection::Connections;
use crate::error::{Attempt, Result, get, signed};
use crate::journal;
use crate::views::{Write, column, most};

/// The rows with the last `$3` lines of an account before a version, newest first. The first one may have some
/// that are not before it, so its lines don't count.
const STATEMENT: &str = "
    SELECT version, body FROM (
        SELECT version, body,
            sum(lines) OVER newest_first - lines - first_value(lines) OVER newest_first AS above
        FROM journal WHERE account_id = $1 AND version < $2 AND lines > 0
        WINDOW newest_first AS (ORDER BY version DESC ROWS UNBOUNDED PRECEDING)
        ORDER BY version DESC LIMIT $3::bigint + 1
    ) AS rows WHERE above < $3::bigint";

/// The rows with an account's events from one version to another, oldest first. The first one may have some from
/// before, the last one some from behind.
const HISTORY: &str = "
    SELECT version, body FROM journal
    WHERE account_id = $1 AND version <= $3 AND version >= coalesce(
        (SELECT max(version) FROM journal WHERE account_id = $1 AND version <= $2), 0)
    ORDER BY version";

/// The rows with the events of a spend. Some may come twice, and some may have none.
const SPEND: &str = "SELECT version, body FROM spend_rows($1, $2, $3, $4, $5)";

/// Statement lines, newest first.
pub(crate) async fn statement(
    connections: &Connections,
    id: &AccountId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<StatementRow>> {
    let (before, most) = (before.unwrap_or(u64::MAX), most(limit).min(i64::from(u32::MAX)));
    let rows = connections.query(STATEMENT, &[&id.as_str(), &signed(before), &most]).await?;
    let mut lines = Vec::new();
    for row in &rows {
        let entries = decode(&connections.place, id, row)?;
        let of_row: Vec<StatementRow> = entries.iter().flat_map(statement_rows).collect();
        lines.extend(of_row.into_iter().rev().filter(|line| line.version < before));
    }
    lines.truncate(limit);
    Ok(lines)
}

/// What happened to an account after a version, oldest first.
pub(crate) async fn history(
    connections: &Connections,
    id: &AccountId,
    after: u64,
    limit: usize,
) -> Result<Vec<SpendEvent>> {
    let upto = after.saturating_add(u64::try_from(limit).unwrap_or(u64::MAX));
    let first = signed(after.saturating_add(1));
    let rows = connections.query(HISTORY, &[&id.as_str(), &first, &signed(upto)]).await?;
    let mut events = Vec::new();
    for row in &rows {
        let entries = decode(&connections.place, id, row)?;
        let of_row = entries.iter().flat_map(projection::events);
        events.extend(of_row.filter(|event| event.version > after && event.version <= upto));
    }
    Ok(events)
}

/// What [`SPEND`] is given.
struct Sought<'a> {
    account: &'a str,
    id: String,
    bits: Vec<u8>,
    /// The first and the last moment of the millisecond in which it began; no time at all for an id that we never made.
    since: i64,
    upto: i64,
}

impl<'a> Sought<'a> {
    fn new(account: &'a AccountId, spend: SpendId) -> Self {
        let (since, upto) = match spend.began_at() {
            Some(at) => (at.micros(), at.micros().saturating_add(999)),
            None => (i64::MAX, i64::MIN),
        };
        let (id, bits) = (spend.to_string(), spend.bytes().to_vec());
        Self { account: account.as_str(), id, bits, since, upto }
    }

    fn values(&self) -> [&(dyn ToSql + Sync); 5] {
        [&self.account, &self.id, &self.bits, &self.since, &self.upto]
    }
}

/// The events of one spend, oldest first.
pub(crate) async fn spend(
    connections: &Connections,
    account: &AccountId,
    spend: SpendId,
) -> Result<Vec<SpendEvent>> {
    let sought = Sought::new(account, spend);
    let rows = connections.query(SPEND, &sought.values()).await?;
    of_spend(&connections.place, account, spend, &rows)
}

/// The events of one spend, oldest first, within a transaction.
pub(crate) async fn spend_within(
    client: &Client,
    place: &str,
    account: &AccountId,
    spend: SpendId,
) -> Attempt<Vec<Recorded>> {
    let select = client.prepare_cached(SPEND).await?;
    let rows = client.query(&select, &Sought::new(account, spend).values()).await?;
    let events = of_spend(place, account, spend, &rows)?;
    Ok(events.into_iter().map(|event| event.recorded).collect())
}

fn of_spend(
    place: &str,
    account: &AccountId,
    spend: SpendId,
    rows: &[Row],
) -> Result<Vec<SpendEvent>> {
    // By their versions, since a row may come twice.
    let mut events = BTreeMap::new();
    for row in rows {
        for entry in decode(place, account, row)? {
            let own = projection::spend_events(&entry, spend);
            events.extend(own.map(|event| (event.version, event)));
        }
    }
    Ok(events.into_values().collect())
}

/// The entries of a row of version and body.
fn decode(place: &str, id: &AccountId, row: &Row) -> Result<Vec<Entry>> {
    let version: i64 = get(row, 0)?;
    let body: Vec<u8> = get(row, 1)?;
    journal::decode(place, &format!("version {version} of account {id}"), &body)
}

/// A spend that an entry goes on with: the account, the spend, the version after the entry's first event.
pub(crate) type GoneOn<'a> = (&'a AccountId, SpendId, u64);

/// The rows of `spends` that entries add.
pub(crate) fn gone_on<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<GoneOn<'a>> {
    let of_entry = |entry: &'a Entry| {
        let spends = projection::spends_gone_on(entry).into_iter();
        spends.map(move |spend| (&entry.account, spend, entry.first_version))
    };
    entries.flat_map(of_entry).collect()
}

/// Into `spends`; nothing if no spend goes on.
pub(crate) fn insert<'a>(rows: &'a [GoneOn<'a>]) -> Option<Write<'a>> {
    (!rows.is_empty()).then(|| Write {
        statement: "
            INSERT INTO spends (account_id, spend_id, version)
            SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])",
        columns: vec![
            column(rows, |(account, _, _)| account.as_str()),
            column(rows, |(_, spend, _)| spend.to_string()),
            column(rows, |(_, _, version)| signed(*version)),
        ],
    })
}
