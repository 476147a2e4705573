//! Committing a batch: everything is written and committed at once, however much it is.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bursar_core::id::{AccountId, Key};
use bursar_store::projection::{AccountRow, idempotency, is_about_money};
use bursar_store::{Batch, Entry, JournalPosition, Numbers, StoreError};
use deadpool_postgres::Client;
use futures::future::{join, try_join_all};
use futures::poll;
use tokio_postgres::types::ToSql;

use crate::assets::ChangedAssets;
use crate::connection::Connections;
use crate::error::{Attempt, Failure, Result, get, signed, unsigned};
use crate::journal::{self, DRAW, Run};
use crate::lock::{self, Locked};
use crate::money::Money;
use crate::past;
use crate::views::{self, Column, Write, column};

/// A batch, encoded once however often it is tried.
pub(crate) struct Commit<'a> {
    connections: &'a Connections,
    entries: Vec<Arc<Entry>>,
    runs: Vec<Run>,
    accounts: Vec<AccountRow>,
    /// The last legal numbers after it.
    numbers: Vec<((Key, u16), u32)>,
}

/// A commit that failed.
struct Fault {
    failure: Failure,
    /// If the commit may have been made all the same: a number that its own is not below.
    sent: Option<u64>,
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self { failure, sent: None }
    }
}

/// What is found when the accounts are locked again after a fault.
enum Found {
    /// The commit had been made.
    Made,
    /// It had not, and all is as it was.
    Unchanged(Box<Locked>),
    /// It had not, and somebody else has changed something since.
    Changed,
}

impl<'a> Commit<'a> {
    /// Encodes a batch that was [checked](Batch::check). `numbers` are the last ones after it.
    pub(crate) fn new(
        connections: &'a Connections,
        batch: Batch,
        numbers: Numbers,
    ) -> Result<Self> {
        // The commit has no number yet.
        let positions = (0..).map(|index| JournalPosition { commit: 0, index });
        let runs = journal::encode(positions.zip(&batch.entries))?;
        let rows = batch.accounts.iter().map(|account| AccountRow::of(account));
        let mut accounts = rows.collect::<Result<Vec<_>>>()?;
        accounts.sort_unstable_by(|one, other| one.account.cmp(&other.account));
        let numbers = numbers.into_iter().collect();
        Ok(Self { connections, entries: batch.entries, runs, accounts, numbers })
    }

    /// Commits what is locked. What fails in passing is tried again. If the connection is cut when
    /// everything was sent, the accounts' locks tell when the server is done with it, one way or the
    /// other, and the journal tells which way.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if the server can't be asked in time; with any other, nothing was done.
    pub(crate) async fn make(self, locked: Locked) -> Result<()> {
        let (wanted, versions) = (locked.wanted.clone(), locked.versions.clone());
        let numbers = locked.numbers.clone();
        let mut backoff = self.connections.backoff();
        let Err(mut fault) = self.attempt(locked).await else {
            return Ok(());
        };
        loop {
            let again = fault.sent.is_some() || fault.failure.is_passing();
            if !again || !backoff.wait().await {
                return Err(self.give_up(fault));
            }
            let found = async {
                let (mut locked, _) = lock::lock(self.connections, &wanted).await?;
                if self.is_made(&locked, fault.sent).await? {
                    locked.session.roll_back().await;
                    return Ok(Found::Made);
                }
                if locked.is_like(&versions, &numbers).await? {
                    return Ok(Found::Unchanged(Box::new(locked)));
                }
                locked.session.roll_back().await;
                Ok(Found::Changed)
            };
            match found.await {
                Ok(Found::Made) => return Ok(()),
                Ok(Found::Unchanged(locked)) => match self.attempt(*locked).await {
                    Ok(()) => return Ok(()),
                    Err(again) => fault = again,
                },
                Ok(Found::Changed) => {
                    fault.sent = None;
                    return Err(self.give_up(fault));
                }
                Err(failure) => fault.failure = failure,
            }
        }
    }

    fn give_up(&self, fault: Fault) -> StoreError {
        let error = fault.failure.explain(&self.connections.place);
        match fault.sent {
            Some(since) => StoreError::Unknown(format!("one after commit {since}: {error}")),
            None => error,
        }
    }

    /// Is a commit in the journal that may or may not have been made? To be asked when its accounts are
    /// locked again: then it isn't under way any more. It is if all of its rows are: some that stand alone another
    /// node may have written just so, such as what falls due.
    async fn is_made(&self, locked: &Locked, sent: Option<u64>) -> Attempt<bool> {
        if sent.is_none() {
            return Ok(false);
        }
        let client = locked.session.client()?;
        let select = "SELECT 1 FROM journal WHERE account_id = $1 AND version = $2 AND body = $3";
        let select = client.prepare_cached(select).await?;
        for run in &self.runs {
            let version = signed(run.version());
            let values: [&(dyn ToSql + Sync); 3] = [&run.account.as_str(), &version, &run.body];
            if client.query_opt(&select, &values).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(!self.runs.is_empty())
    }

    async fn attempt(&self, locked: Locked) -> std::result::Result<(), Fault> {
        let place = &self.connections.place;
        let client = locked.session.client()?;
        // Only the rows of payments say where they stand in the journal.
        let about_money = self.entries.iter().any(|entry| is_about_money(entry));
        let commit = if about_money { Some(draw(client).await?) } else { None };
        let positions = (0..).map(|index| JournalPosition { commit: commit.unwrap_or(0), index });
        let entries: Vec<(JournalPosition, Arc<Entry>)> =
            positions.zip(self.entries.iter().cloned()).collect();
        let money = if about_money {
            Money::load(client, place, &entries).await?.fold(&entries).map_err(Failure::from)?
        } else {
            crate::money::Changed::default()
        };
        let gone_on = past::gone_on(self.entries.iter().map(AsRef::as_ref));
        let assets = ChangedAssets::of(&entries);
        let keyed: Vec<_> =
            self.entries.iter().filter(|entry| idempotency(entry).is_some()).collect();
        let opened: HashSet<&AccountId> = self.accounts.iter().map(|row| &row.account).collect();
        let unopened = locked.unopened(&opened);
        let mut writes = vec![self.common(commit, &keyed)];
        writes.extend(past::insert(&gone_on));
        writes.extend(money.inserts());
        writes.extend(assets.writes());
        if !self.numbers.is_empty() {
            writes.push(note_numbers(&self.numbers));
        }
        if !unopened.is_empty() {
            writes.push(free(&unopened));
        }
        write_and_commit(client, &writes, locked.since).await?;
        drop(writes);
        locked.session.over();
        Ok(())
    }

    /// What every batch writes, as one statement: each costs a wake-up on either side.
    fn common<'w>(&'w self, commit: Option<u64>, keyed: &'w [&'w Arc<Entry>]) -> Write<'w> {
        let mut columns: Vec<Column<'w>> = vec![Box::new(commit.map(signed))];
        columns.extend(journal::columns(&self.runs));
        columns.extend(views::key_columns(keyed));
        columns.extend(views::account_columns(&self.accounts));
        Write {
            statement: "
                SELECT commit_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                    $16, $17, $18, $19, $20, $21)",
            columns,
        }
    }
}

async fn draw(client: &Client) -> Attempt<u64> {
    let draw = client.prepare_cached(DRAW).await?;
    let row = client.query_one(&draw, &[]).await?;
    Ok(unsigned(get(&row, 0)?)?)
}

/// Sends everything and the `COMMIT` at once. If one of the statements fails, the server makes a
/// rollback of the `COMMIT`.
async fn write_and_commit(
    client: &Client,
    writes: &[Write<'_>],
    since: u64,
) -> std::result::Result<(), Fault> {
    let statements = writes.iter().map(|write| client.prepare_cached(write.statement));
    let statements = try_join_all(statements).await.map_err(Failure::from)?;
    let values: Vec<Vec<&(dyn ToSql + Sync)>> = writes.iter().map(Write::values).collect();
    let sending = statements.iter().zip(&values);
    let sending = sending.map(|(statement, values)| client.execute(statement, values));
    let mut writing = pin!(try_join_all(sending));
    // One that could not even be sent must not be followed by a `COMMIT` of the others.
    let written = match poll!(writing.as_mut()) {
        Poll::Ready(Err(error)) => return Err(Failure::from(error).into()),
        Poll::Ready(Ok(_)) => None,
        Poll::Pending => Some(writing),
    };
    let written = async {
        match written {
            Some(writing) => writing.await.map(drop),
            None => Ok(()),
        }
    };
    let (written, committed) = join(written, client.batch_execute("COMMIT")).await;
    match (written, committed) {
        (Ok(()), Ok(())) => Ok(()),
        // The server refused a statement, and with it the rest.
        (Err(error), _) if error.as_db_error().is_some() => Err(Failure::from(error).into()),
        (Err(error), _) => Err(Fault { failure: error.into(), sent: Some(since) }),
        (Ok(()), Err(error)) => {
            let failure = Failure::from(error);
            let sent = (!failure.is_certain()).then_some(since);
            Err(Fault { failure, sent })
        }
    }
}

fn note_numbers(numbers: &[((Key, u16), u32)]) -> Write<'_> {
    Write {
        statement: "
            INSERT INTO document_numbers (series, year, last)
            SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[])
            ON CONFLICT (series, year) DO UPDATE SET last = excluded.last",
        columns: vec![
            column(numbers, |((series, _), _)| series.as_str()),
            column(numbers, |((_, year), _)| i32::from(*year)),
            column(numbers, |(_, last)| i64::from(*last)),
        ],
    }
}

/// Deletes the rows that were reserved for nothing.
fn free<'a>(unopened: &'a [&'a AccountId]) -> Write<'a> {
    Write {
        statement: "DELETE FROM accounts WHERE account_id = ANY($1::text[]) AND version = 0",
        columns: vec![column(unopened, |id| id.as_str())],
    }
}
