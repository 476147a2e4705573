//! A database that everything is copied into.

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::projection::{AccountRow, parse};
use bursar_store::transfer::{
    Entries, Held, PlainRow, PlainTable, Progress, Proof, Target, TransferError,
};
use bursar_store::{JournalPosition, StoreError};
use deadpool_postgres::Client;
use tokio_postgres::Row;

use super::held::is_marked;
use super::{held, plain};
use crate::connection::{BEGIN, Connections, Session};
use crate::error::{Attempt, Failure, Result, get, signed, unsigned};
use crate::migrations::{self, ALONE};
use crate::url;
use crate::views::{account_id, most};
use crate::{Options, journal, replay};

/// A database that is being filled. As long as this lives nobody else fills it.
pub struct Import {
    connections: Connections,
    /// Has the lock of those who fill it: "BRSR" and 2.
    _keeper: Session,
    reached: JournalPosition,
}

/// Let go when the connection ends, however that comes.
const KEEP: &str = "SELECT pg_try_advisory_lock(1112691538, 2)";

/// How far the entries are. No node opens a database that has this table.
const MARK: &str = "
    CREATE TABLE bursar.migration (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        commit_id bigint NOT NULL,
        entry integer NOT NULL
    );
    INSERT INTO bursar.migration (commit_id, entry) VALUES (0, 0)";

const ALL_DAY: &str = "
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0";

/// What is not made with the entries. Numbers of commits go on after the last.
const SETTLE: &str = "
    INSERT INTO document_numbers (series, year, last)
        SELECT series, year, max(number) FROM documents GROUP BY series, year
        ON CONFLICT (series, year) DO UPDATE SET last = excluded.last;
    SELECT setval('journal_commits', max(commit_id)) FROM journal HAVING max(commit_id) > 0;
    ANALYZE journal, accounts, idempotency, spends, payments, payment_refunds, documents, assets, owners";

impl Import {
    /// Takes a database that has no data, or the beginning of a migration, which is forgotten if it is to be
    /// `anew`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it has data, or somebody else fills it.
    pub async fn begin(url: &str, anew: bool) -> Result<Self> {
        let target = url::Target::parse(url)?;
        let connections = Connections::new(&target, &Options::default(), 3)?;
        let begun = async {
            let keeper = keep(&connections).await?;
            let reached = prepare(&connections, anew).await?;
            Ok((keeper, reached))
        };
        match begun.await {
            Ok((keeper, reached)) => Ok(Self { connections, _keeper: keeper, reached }),
            Err(failure) => Err(Failure::explain(failure, &connections.place)),
        }
    }

    fn explain(&self, failure: Failure) -> StoreError {
        failure.explain(&self.connections.place)
    }

    /// Entries with all that they make, and how far they are, in one transaction.
    async fn add(&self, entries: &Entries) -> Attempt<()> {
        let Some((last, _)) = entries.last() else {
            return Ok(());
        };
        let session = self.connections.begin().await?;
        let client = session.client()?;
        client.batch_execute(ALL_DAY).await?;
        let runs = journal::encode(entries.iter().map(|(position, entry)| (*position, entry)))?;
        let write = journal::insert(&runs);
        let statement = client.prepare_cached(write.statement).await?;
        client.execute(&statement, &write.values()).await?;
        replay::add(client, &self.connections.place, entries).await?;
        let note = "UPDATE migration SET commit_id = $1, entry = $2";
        client.execute(note, &[&signed(last.commit), &journal::index(*last)]).await?;
        client.batch_execute("COMMIT").await?;
        session.over();
        Ok(())
    }

    async fn add_plain(&self, rows: &[PlainRow]) -> Attempt<()> {
        let session = self.connections.begin().await?;
        plain::insert(session.client()?, rows).await?;
        session.client()?.batch_execute("COMMIT").await?;
        session.over();
        Ok(())
    }

    async fn do_in_one(&self, statements: &str) -> Attempt<()> {
        let session = self.connections.begin().await?;
        let client = session.client()?;
        client.batch_execute(ALL_DAY).await?;
        client.batch_execute(statements).await?;
        client.batch_execute("COMMIT").await?;
        session.over();
        Ok(())
    }

    async fn page(&self, after: Option<&AccountId>, limit: usize) -> Attempt<Vec<AccountRow>> {
        let select = "
            SELECT account_id, version, due_at, asking, erasing, status, plan, available, held, state
            FROM accounts WHERE account_id > $1 ORDER BY account_id LIMIT $2";
        let after = after.map_or("", AccountId::as_str);
        let rows = self.connections.query_once(select, &[&after, &most(limit)]).await?;
        Ok(rows.iter().map(account_row).collect::<Result<_>>()?)
    }
}

/// The lock of those who fill it. One who was killed has it for a moment longer.
async fn keep(connections: &Connections) -> Attempt<Session> {
    let mut backoff = connections.backoff();
    loop {
        let keeper = Session::new(connections.get().await?);
        if get(&keeper.client()?.query_one(KEEP, &[]).await?, 0)? {
            return Ok(keeper);
        }
        if !backoff.wait().await {
            let what = format!(
                "{}: another migration into it is under way; wait for its end, or stop it",
                connections.place
            );
            return Err(StoreError::Unavailable(what).into());
        }
    }
}

/// Makes the schema with its mark, unless it is there; empties the plain tables; the last entry.
async fn prepare(connections: &Connections, anew: bool) -> Attempt<JournalPosition> {
    let place = &connections.place;
    let session = Session::new(connections.get().await?);
    let client = session.client()?;
    client.batch_execute(BEGIN).await?;
    client.batch_execute(ALONE).await?;
    let marked = is_marked(client).await?;
    if marked && anew {
        client.batch_execute("DROP SCHEMA bursar CASCADE").await?;
    }
    if !marked || anew {
        if !migrations::make(client, place).await? {
            return Err(StoreError::Unavailable(format!(
                "{place}: it has data already; name an empty database, or drop the schema `bursar` if \
                 nobody needs it"
            ))
            .into());
        }
        client.batch_execute(MARK).await?;
    } else {
        migrations::check_today(client, place).await?;
    }
    let emptied = PlainTable::ALL.map(PlainTable::as_str).join(", ");
    client.batch_execute(&format!("TRUNCATE {emptied}")).await?;
    let row = client.query_one("SELECT commit_id, entry FROM migration", &[]).await?;
    let (commit, index): (i64, i32) = (get(&row, 0)?, get(&row, 1)?);
    client.batch_execute("COMMIT").await?;
    session.over();
    Ok(JournalPosition { commit: unsigned(commit)?, index: unsigned(i64::from(index))? })
}

fn account_row(row: &Row) -> Result<AccountRow> {
    use bursar_core::credits::Credits;
    let due: Option<i64> = get(row, 2)?;
    Ok(AccountRow {
        account: account_id(row, 0)?,
        version: unsigned(get(row, 1)?)?,
        due_at: due.map(Timestamp::from_micros),
        asking: get(row, 3)?,
        erasing: get(row, 4)?,
        status: get(row, 5)?,
        plan: parse("plan", get(row, 6)?)?,
        available: Credits::from_micro(get(row, 7)?),
        held: Credits::from_micro(get(row, 8)?),
        state: get(row, 9)?,
    })
}

#[async_trait]
impl Held for Import {
    fn place(&self) -> &str {
        &self.connections.place
    }

    async fn entries(&mut self, after: JournalPosition, limit: usize) -> Result<Entries> {
        let place = &self.connections.place;
        let read = async {
            let client: Client = self.connections.get().await?;
            held::entries(&client, place, after, limit).await
        };
        read.await.map_err(|failure| self.explain(failure))
    }

    async fn rows(
        &mut self,
        table: PlainTable,
        after: Option<&PlainRow>,
        limit: usize,
    ) -> Result<Vec<PlainRow>> {
        let read = async {
            let client = self.connections.get().await?;
            plain::rows(&client, table, after, limit).await
        };
        read.await.map_err(|failure| self.explain(failure))
    }

    async fn prove(&mut self, progress: Progress<'_>) -> std::result::Result<Proof, TransferError> {
        held::prove(&self.connections, progress).await
    }
}

#[async_trait]
impl Target for Import {
    fn reached(&self) -> JournalPosition {
        self.reached
    }

    async fn add_entries(&mut self, entries: &Entries) -> Result<()> {
        self.add(entries).await.map_err(|failure| self.explain(failure))?;
        self.reached = entries.last().map_or(self.reached, |(position, _)| *position);
        Ok(())
    }

    async fn add_rows(&mut self, rows: &[PlainRow]) -> Result<()> {
        self.add_plain(rows).await.map_err(|failure| self.explain(failure))
    }

    async fn settle(&mut self, _progress: Progress<'_>) -> Result<()> {
        self.do_in_one(SETTLE).await.map_err(|failure| self.explain(failure))
    }

    async fn accounts(
        &mut self,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<AccountRow>> {
        self.page(after, limit).await.map_err(|failure| self.explain(failure))
    }

    async fn complete(&mut self) -> Result<()> {
        // Somebody who opens it at this moment waits, and finds it whole.
        let whole = format!("{ALONE}; DROP TABLE migration");
        self.do_in_one(&whole).await.map_err(|failure| self.explain(failure))
    }
}

impl std::fmt::Debug for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import").field("place", &self.connections.place).finish_non_exhaustive()
    }
}
