//! The journal's rows: one per entry, appended and never changed, read in the order of their commits'
//! numbers.
//!
//! Numbers are drawn by transactions that then take a while to commit, so a reader may see number 9
//! before number 8, and must not go on to 9 as if 8 had never been. Each transaction holds a shared
//! advisory lock, the gate, from before it draws its number until it is over. A reader that sees a gap
//! looks who holds the gate, waits until those are over, and reads again: what is still missing then was
//! rolled back and never comes.

use std::slice;
use std::sync::Arc;

use bursar_store::codec::{decode_entries, encode_entries};
use bursar_store::{Entry, JournalPosition, StoreError};
use tokio_postgres::Row;

use crate::connection::Connections;
use crate::error::{Result, get, signed, unsigned};
use crate::views::{Write, column};

/// Draws a commit's number, within the gate: "BRSR" and 1. The gate comes first, because the row that the
/// number is drawn for comes through it.
pub(crate) const DRAW: &str = "
    WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(1112691538, 1))
    SELECT nextval('journal_commits') FROM gate";

/// The transactions in the gate.
const IN_GATE: &str = "
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'advisory' AND classid = 1112691538 AND objid = 1 AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Entries after a position, up to a commit.
pub(crate) const PAGE: &str = "
    SELECT commit_id, entry, body FROM journal
    WHERE (commit_id, entry) > ($1, $2) AND commit_id <= $3
    ORDER BY commit_id, entry LIMIT $4";

/// An entry as its row has it.
pub(crate) fn encode(entry: &Arc<Entry>) -> Result<Vec<u8>> {
    encode_entries(slice::from_ref(entry))
}

/// The entry of a row.
pub(crate) fn decode(place: &str, what: &str, body: &[u8]) -> Result<Arc<Entry>> {
    let entries = match decode_entries(body) {
        Ok(entries) => entries,
        Err(StoreError::Damaged(why)) => {
            return Err(StoreError::Damaged(format!("{place}, journal, {what}: {why}")));
        }
        Err(other) => return Err(other),
    };
    let one = entries.into_iter().next().map(Arc::new);
    one.ok_or_else(|| StoreError::Damaged(format!("{place}, journal, {what}: it is empty")))
}

/// The rows of entries, in order.
pub(crate) fn insert<'a>(
    entries: &'a [(JournalPosition, Arc<Entry>)],
    bodies: &'a [Vec<u8>],
) -> Write<'a> {
    Write {
        statement: "
            INSERT INTO journal (commit_id, entry, account_id, body)
            SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::bytea[])",
        columns: vec![
            column(entries, |(position, _)| signed(position.commit)),
            column(entries, |(position, _)| index(*position)),
            column(entries, |(_, entry)| entry.account.as_str()),
            column(bodies, Vec::as_slice),
        ],
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
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let (commit, upto) = (signed(after.commit), signed(upto));
    let rows = connections.query(PAGE, &[&commit, &index(after), &upto, &limit]).await?;
    rows.iter().map(|row| entry(&connections.place, row)).collect()
}

/// The entry of a row of [`PAGE`].
pub(crate) fn entry(place: &str, row: &Row) -> Result<(JournalPosition, Arc<Entry>)> {
    let index = i64::from(get::<i32>(row, 1)?);
    let position = JournalPosition { commit: unsigned(get(row, 0)?)?, index: unsigned(index)? };
    let body: &[u8] =
        row.try_get(2).map_err(|error| StoreError::Damaged(format!("{place}: {error}")))?;
    let what = format!("commit {}, entry {}", position.commit, position.index);
    Ok((position, decode(place, &what, body)?))
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
