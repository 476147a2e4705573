//! The statement as a table, for reports in SQL. It is filled when somebody asks for that, not in the commit: most
//! never read it, and each line is a row and a place in an index.

use std::sync::Arc;

use bursar_core::id::AccountId;
use bursar_store::projection::statement_rows;
use bursar_store::{Entry, JournalPosition, StatementRow, StoreError};
use deadpool_postgres::Client;

use crate::connection::{Connections, Session};
use crate::error::{Attempt, Failure, Result, get, signed, unsigned};
use crate::url::Target;
use crate::views::{Write, column};
use crate::{Options, journal, migrations};

/// How many entries become lines in one transaction.
const CHUNK: usize = 5_000;

/// Let go with the connection: "BRSR" and 3.
const ALONE: &str = "SELECT pg_try_advisory_lock(1112691538, 3)";

const ANEW: &str =
    "BEGIN; TRUNCATE statement; UPDATE statement_end SET commit_id = 0, entry = 0; COMMIT";

/// How far the table `statement` is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// What the database is called in messages.
    pub place: String,
    /// Lines that were added.
    pub lines: u64,
    /// The last commit whose lines are there.
    pub last_commit: u64,
}

/// Adds to the table `statement` what has been committed since it was done last, also beside running servers;
/// `anew` from the beginning. `progress` is told how many lines were added, and the last commit. Interrupted, it
/// goes on where it was.
///
/// # Errors
/// [`StoreError::Unavailable`], also if somebody else is at it; there is no data, or it is of another version.
pub async fn report(
    url: &str,
    anew: bool,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Reported> {
    let connections = Connections::new(&Target::parse(url)?, &Options::default(), 2)?;
    migrations::check_existing(&connections).await?;
    let explain = |failure: Failure| failure.explain(&connections.place);
    // Never over but by its end: the connection has the lock.
    let session = Session::new(connections.get().await.map_err(explain)?);
    let begun = begin(&session, anew).await.map_err(explain)?;
    let Some(mut done) = begun else {
        return Err(StoreError::Unavailable(format!(
            "{}: somebody else fills the table `statement` just now; wait for his end",
            connections.place
        )));
    };
    let mut reported = Reported { place: connections.place.clone(), ..Reported::default() };
    loop {
        let entries = journal::read(&connections, done, CHUNK).await?;
        let Some((last, _)) = entries.last() else {
            break;
        };
        done = *last;
        let lines = add(&session, &entries, done).await.map_err(explain)?;
        reported.lines = reported.lines.saturating_add(lines);
        progress(reported.lines, done.commit);
    }
    reported.last_commit = done.commit;
    Ok(reported)
}

/// The last entry that is in the table; `None` if somebody else is at it.
async fn begin(session: &Session, anew: bool) -> Attempt<Option<JournalPosition>> {
    let client = session.client()?;
    if !get(&client.query_one(ALONE, &[]).await?, 0)? {
        return Ok(None);
    }
    if anew {
        client.batch_execute(ANEW).await?;
    }
    let row = client.query_one("SELECT commit_id, entry FROM statement_end", &[]).await?;
    let (commit, index): (i64, i32) = (get(&row, 0)?, get(&row, 1)?);
    Ok(Some(JournalPosition { commit: unsigned(commit)?, index: unsigned(i64::from(index))? }))
}

/// The lines of entries, and that they are there, in one transaction.
async fn add(
    session: &Session,
    entries: &[(JournalPosition, Arc<Entry>)],
    last: JournalPosition,
) -> Attempt<u64> {
    let of_entry = |(_, entry): &'_ (JournalPosition, Arc<Entry>)| {
        let account = entry.account.clone();
        let lines: Vec<Line> = statement_rows(entry).map(|row| (account.clone(), row)).collect();
        lines
    };
    let lines: Vec<Line> = entries.iter().flat_map(of_entry).collect();
    let client: &Client = session.client()?;
    let write = insert(&lines);
    let statement = client.prepare_cached(write.statement).await?;
    client.batch_execute("BEGIN").await?;
    let added = client.execute(&statement, &write.values()).await?;
    let note = "UPDATE statement_end SET commit_id = $1, entry = $2";
    client.execute(note, &[&signed(last.commit), &journal::index(last)]).await?;
    client.batch_execute("COMMIT").await?;
    Ok(added)
}

/// A line with its account.
type Line = (AccountId, StatementRow);

fn insert(rows: &[Line]) -> Write<'_> {
    Write {
        statement: "
            INSERT INTO statement (account_id, version, kind, at, credits, available_after, held_after,
                spend_id, lot, operation, model, quality, units, reason, reference)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[],
                $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[], $11::text[],
                $12::text[], $13::bigint[], $14::text[], $15::text[])",
        columns: vec![
            column(rows, |(account, _)| account.as_str()),
            column(rows, |(_, row)| signed(row.version)),
            column(rows, |(_, row)| row.line.kind.as_str()),
            column(rows, |(_, row)| row.line.at.micros()),
            column(rows, |(_, row)| row.line.credits.micro()),
            column(rows, |(_, row)| row.line.available_after.micro()),
            column(rows, |(_, row)| row.line.held_after.micro()),
            column(rows, |(_, row)| row.line.spend.map(|spend| spend.to_string())),
            column(rows, |(_, row)| row.line.lot.map(|lot| i64::from(lot.0))),
            column(rows, |(_, row)| row.line.operation.as_ref().map(|key| key.as_str())),
            column(rows, |(_, row)| row.line.model.as_ref().map(|key| key.as_str())),
            column(rows, |(_, row)| row.line.quality.as_ref().map(|key| key.as_str())),
            column(rows, |(_, row)| row.line.units.map(|units| signed(units.micro()))),
            column(rows, |(_, row)| row.line.reason.as_ref().map(|text| text.as_str())),
            column(rows, |(_, row)| row.line.reference.as_ref().map(|text| text.as_str())),
        ],
    }
}
