//! The journal's rows: one for entries of an account that follow each other in a commit, appended and
//! never changed, read by account ([`past`](crate::past)) and, here, in the order of their commits' numbers.
//!
//! Numbers are drawn by transactions that then take a while to commit, so a reader may see number 9
//! before number 8, and must not go on to 9 as if 8 had never been. Each transaction holds a shared
//! advisory lock, the gate ("BRSR" and 1), from before it draws its number until it is over. A reader that sees a gap
//! looks who holds the gate, waits until those are over, and reads again: what is still missing then was
//! rolled back and never comes.

use std::sync::Arc;

use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::codec::{decode_entries, encode_entries};
use bursar_store::projection::statement_rows;
use bursar_store::{Entry, JournalPosition, StoreError};
use deadpool_postgres::Client;
use tokio_postgres::Row;

use crate::connection::Connections;
use crate::error::{Attempt, Result, get, signed, unsigned};
use crate::views::{Column, Write, account_id, column};

/// Draws a commit's number, within the gate. The gate comes first, because the row that the number is drawn
/// for comes through it. Most batches need not know their number, and have it drawn as they are written.
pub(crate) const DRAW: &str = "
    WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(1112691538, 1))
    SELECT nextval('journal_commits') FROM gate";

/// The transactions in the gate.
const IN_GATE: &str = "
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 1112691538 AND objid = 1 AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Rows with the entries after a position, up to a commit: those that have the first `$4`. The first row may
/// also have some from before it, and the last one some that are too many.
const PAGE: &str = "
    SELECT commit_id, entry, account_id, version, at, entries, lines, body FROM (
        SELECT commit_id, entry, account_id, version, at, entries, lines, body,
            sum(entries) OVER (ORDER BY commit_id, entry ROWS UNBOUNDED PRECEDING) - entries AS before
        FROM journal
        WHERE (commit_id, entry) >= ($1, coalesce(
                (SELECT max(entry) FROM journal WHERE commit_id = $1 AND entry <= $2::integer), 0))
            AND commit_id <= $3
        ORDER BY commit_id, entry LIMIT $4::bigint + 1
    ) AS rows WHERE before < $4::bigint + $2::integer + 1";

/// The most entries of one row. More would not fit on a page, and be stored apart from it.
const MOST_IN_ROW: usize = 32;

/// Entries that are one row.
pub(crate) struct Run {
    /// Where the first of them stands.
    first: JournalPosition,
    pub(crate) account: AccountId,
    columns: Columns,
    pub(crate) body: Vec<u8>,
}

/// What a row's columns say of the entries in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    /// The account's version after their first event.
    version: u64,
    /// When that was, by the account's clock.
    at: Timestamp,
    /// How many they are.
    entries: usize,
    /// How many lines of the statement.
    lines: usize,
}

impl Columns {
    /// `None` if there is no event.
    fn of<'a>(entries: impl ExactSizeIterator<Item = &'a Entry> + Clone) -> Option<Self> {
        let first = entries.clone().next()?;
        let lines = entries.clone().flat_map(statement_rows).count();
        let at = first.events.first()?.at;
        Some(Self { version: first.first_version, at, entries: entries.len(), lines })
    }
}

impl Run {
    /// The account's version after the first of its events.
    pub(crate) const fn version(&self) -> u64 {
        self.columns.version
    }
}

/// Entries as their rows have them.
pub(crate) fn encode<'a>(
    entries: impl IntoIterator<Item = (JournalPosition, &'a Arc<Entry>)>,
) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    let mut run: Vec<(JournalPosition, Arc<Entry>)> = Vec::new();
    for (position, entry) in entries {
        let goes_on = run.last().is_some_and(|(last, before)| {
            let next = JournalPosition { index: last.index.saturating_add(1), ..*last };
            position == next && entry.account == before.account && run.len() < MOST_IN_ROW
        });
        if !goes_on {
            runs.extend(as_row(std::mem::take(&mut run))?);
        }
        run.push((position, Arc::clone(entry)));
    }
    runs.extend(as_row(run)?);
    Ok(runs)
}

fn as_row(run: Vec<(JournalPosition, Arc<Entry>)>) -> Result<Option<Run>> {
    let Some((first, account)) = run.first().map(|(first, entry)| (*first, entry.account.clone()))
    else {
        return Ok(None);
    };
    let entries: Vec<Arc<Entry>> = run.into_iter().map(|(_, entry)| entry).collect();
    let no_event = || StoreError::Damaged(format!("an entry of {account} without an event"));
    let columns = Columns::of(entries.iter().map(AsRef::as_ref)).ok_or_else(no_event)?;
    Ok(Some(Run { first, account, columns, body: encode_entries(&entries)? }))
}

/// The entries of a row.
pub(crate) fn decode(place: &str, what: &str, body: &[u8]) -> Result<Vec<Entry>> {
    decode_entries(body).map_err(|error| match error {
        StoreError::Damaged(why) => StoreError::Damaged(format!("{place}, journal, {what}: {why}")),
        other => other,
    })
}

/// The entry of a row whose first event gave the account that version.
pub(crate) fn decode_one(place: &str, what: &str, body: &[u8], version: u64) -> Result<Arc<Entry>> {
    let mut entries = decode(place, what, body)?.into_iter();
    let none = || StoreError::Damaged(format!("{place}, journal, {what}: it is not in its row"));
    entries.find(|entry| entry.first_version == version).map(Arc::new).ok_or_else(none)
}

/// The rows of a commit: the account, the version and time of the first event, the number of the first entry, how
/// many entries and lines there are, the body.
pub(crate) fn columns(runs: &[Run]) -> Vec<Column<'_>> {
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    vec![
        column(runs, |run| run.account.as_str()),
        column(runs, |run| signed(run.columns.version)),
        column(runs, |run| run.columns.at.micros()),
        column(runs, |run| index(run.first)),
        column(runs, |run| count(run.columns.entries)),
        column(runs, |run| count(run.columns.lines)),
        column(runs, |run| run.body.as_slice()),
    ]
}

/// Rows of any commits.
pub(crate) fn insert(runs: &[Run]) -> Write<'_> {
    let mut values = vec![column(runs, |run| signed(run.first.commit))];
    values.extend(columns(runs));
    Write {
        statement: "
            INSERT INTO journal (commit_id, account_id, version, at, entry, entries, lines, body)
            SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::integer[],
                $6::integer[], $7::integer[], $8::bytea[])",
        columns: values,
    }
}

/// An entry's number within its commit, as a column.
pub(crate) fn index(position: JournalPosition) -> i32 {
    i32::try_from(position.index).unwrap_or(i32::MAX)
}

/// At most `limit` entries after a position, and never one before another that may still come.
pub(crate) async fn read(
    connections: &Connections,
    after: JournalPosition,
    limit: usize,
) -> Result<Vec<(JournalPosition, Arc<Entry>)>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut entries = page(connections, after, u64::MAX, limit).await?;
    let gapless = gapless(after, &entries);
    if gapless == entries.len() {
        return Ok(entries);
    }
    let last = entries.last().map_or(after.commit, |(position, _)| position.commit);
    if wait_for_gate(connections).await? {
        return page(connections, after, last, limit).await;
    }
    // Somebody takes long to commit: up to there it is certain.
    entries.truncate(gapless);
    if entries.is_empty() {
        return Err(under_way(connections));
    }
    Ok(entries)
}

/// A position that everything comes after which is seen for the first time from now on.
pub(crate) async fn end(connections: &Connections) -> Result<JournalPosition> {
    // The number first, the gate then: whoever drew a lower one is in the gate, or over and to be seen.
    let last = "SELECT commit_id FROM journal ORDER BY commit_id DESC LIMIT 1";
    let row = connections.query_one(last, &[]).await?;
    let commit = row.map_or(Ok(0), |row| unsigned(get(&row, 0)?))?;
    if wait_for_gate(connections).await? {
        return Ok(JournalPosition { commit, index: u32::MAX });
    }
    Err(under_way(connections))
}

fn under_way(connections: &Connections) -> StoreError {
    StoreError::Unavailable(format!(
        "{}: a commit has been under way for long, and what comes after it in the journal can't be read \
         before it is over; trying again may help",
        connections.place
    ))
}

async fn page(
    connections: &Connections,
    after: JournalPosition,
    upto: u64,
    limit: usize,
) -> Result<Vec<(JournalPosition, Arc<Entry>)>> {
    let (commit, upto) = (signed(after.commit), signed(upto));
    let rows = connections.query(PAGE, &[&commit, &index(after), &upto, &most(limit)]).await?;
    entries(&connections.place, &rows, after, limit, |_, _| Ok(true))
}

/// At most `limit` entries after a position, within a transaction, of rows whose columns are found to be right.
pub(crate) async fn chunk(
    client: &Client,
    place: &str,
    after: JournalPosition,
    limit: usize,
) -> Attempt<Vec<(JournalPosition, Arc<Entry>)>> {
    let page = client.prepare_cached(PAGE).await?;
    let (commit, upto) = (signed(after.commit), i64::MAX);
    let rows = client.query(&page, &[&commit, &index(after), &upto, &most(limit)]).await?;
    Ok(entries(place, &rows, after, limit, is_of)?)
}

/// A limit that the server can add to.
fn most(limit: usize) -> i64 {
    i64::from(u32::try_from(limit).unwrap_or(u32::MAX))
}

/// The entries of rows of [`PAGE`] that are found to be `right`.
fn entries(
    place: &str,
    rows: &[Row],
    after: JournalPosition,
    limit: usize,
    right: impl Fn(&Row, &[Entry]) -> Result<bool>,
) -> Result<Vec<(JournalPosition, Arc<Entry>)>> {
    let mut entries = Vec::new();
    for row in rows {
        let (commit, first): (i64, i32) = (get(row, 0)?, get(row, 1)?);
        let (commit, first) = (unsigned(commit)?, unsigned(i64::from(first))?);
        let body: &[u8] =
            row.try_get(7).map_err(|error| StoreError::Damaged(format!("{place}: {error}")))?;
        let what = format!("commit {commit}, entry {first}");
        let of_row = decode(place, &what, body)?;
        if !right(row, &of_row)? {
            let what = format!("{place}, journal, {what}: its columns are not of its entries");
            return Err(StoreError::Damaged(what));
        }
        let positions = (first..).map(|index| JournalPosition { commit, index });
        let of_row = of_row.into_iter().map(Arc::new);
        entries.extend(positions.zip(of_row).filter(|(position, _)| *position > after));
    }
    entries.truncate(limit);
    Ok(entries)
}

/// Do the columns of a row of [`PAGE`] say what its entries are?
fn is_of(row: &Row, entries: &[Entry]) -> Result<bool> {
    let account = account_id(row, 2)?;
    let said = Columns {
        version: unsigned(get(row, 3)?)?,
        at: Timestamp::from_micros(get(row, 4)?),
        entries: unsigned(i64::from(get::<i32>(row, 5)?))?,
        lines: unsigned(i64::from(get::<i32>(row, 6)?))?,
    };
    let of_one = entries.iter().all(|entry| entry.account == account);
    Ok(of_one && Columns::of(entries.iter()) == Some(said))
}

/// How many of the entries come before the first gap.
fn gapless(after: JournalPosition, entries: &[(JournalPosition, Arc<Entry>)]) -> usize {
    let mut last = after.commit;
    for (count, (position, _)) in entries.iter().enumerate() {
        if position.commit > last.saturating_add(1) {
            return count;
        }
        last = position.commit;
    }
    entries.len()
}

/// Waits until all that are in the gate now are over; `false` if that takes too long.
async fn wait_for_gate(connections: &Connections) -> Result<bool> {
    let mut waiting = in_gate(connections).await?;
    let mut backoff = connections.backoff();
    while !waiting.is_empty() {
        if !backoff.wait().await {
            return Ok(false);
        }
        let still = in_gate(connections).await?;
        waiting.retain(|transaction| still.contains(transaction));
    }
    Ok(true)
}

async fn in_gate(connections: &Connections) -> Result<Vec<String>> {
    let rows = connections.query(IN_GATE, &[]).await?;
    rows.iter().map(|row| get(row, 0)).collect()
}
