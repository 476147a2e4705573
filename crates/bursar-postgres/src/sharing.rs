//! Work that is shared between nodes: who does what, in rows that run out.
//!
//! Claims are hints, not locks: they may be lost with a crash of the server, so nothing waits for the disk.
//! Times are the server's, the same for all nodes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::{Claim, Sharing, Task};
use futures::StreamExt;
use futures::stream::{BoxStream, pending};

use crate::PostgresStore;
use crate::connection::Connections;
use crate::error::{Result, get};
use crate::views::{account_id, most};

/// Finds accounts and claims them, in one statement. The rows are locked for its time only; those that are
/// locked already are in the midst of a batch, or of somebody else's claim. What another node claimed
/// between our look and our lock is seen when the claim is written.
macro_rules! claim {
    ($waits:literal, $order:literal) => {
        concat!(
            "WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)),
            found AS MATERIALIZED (
                SELECT a.account_id FROM accounts AS a WHERE ",
            $waits,
            " AND NOT EXISTS (
                    SELECT 1 FROM claims AS c
                    WHERE c.account_id = a.account_id AND c.task = $1 AND c.until > now())
                ORDER BY ",
            $order,
            " LIMIT $4 FOR UPDATE OF a SKIP LOCKED)
            INSERT INTO claims (account_id, task, node, until)
            SELECT account_id, $1, $2, now() + $3::bigint * interval '1 millisecond'
            FROM found, quick ORDER BY account_id
            ON CONFLICT (account_id, task) DO UPDATE
                SET node = excluded.node, until = excluded.until WHERE claims.until <= now()
            RETURNING account_id"
        )
    };
}

const CLAIM_DUE: &str = claim!("a.due_at <= $5", "a.due_at, a.account_id");
const CLAIM_ASKING: &str = claim!("a.asking", "a.account_id");
const CLAIM_ERASING: &str = claim!("a.erasing", "a.account_id");

/// The same for accounts that are spread over several machines, where neither the rows of several shards can
/// be locked together nor joined with those of the coordinator: what nobody has is looked for, and claimed
/// then. Two who look at once see the same, and one of them finds it claimed.
const CLAIMED: &str = "SELECT account_id FROM claims WHERE task = $1 AND until > now()";

const FIND_DUE: &str = "
    SELECT account_id FROM accounts WHERE due_at <= $3 AND account_id <> ALL($1::text[])
    ORDER BY due_at, account_id LIMIT $2";

const FIND_ASKING: &str = "
    SELECT account_id FROM accounts WHERE asking AND account_id <> ALL($1::text[])
    ORDER BY account_id LIMIT $2";

const FIND_ERASING: &str = "
    SELECT account_id FROM accounts WHERE erasing AND account_id <> ALL($1::text[])
    ORDER BY account_id LIMIT $2";

const CLAIM_FOUND: &str = "
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO claims (account_id, task, node, until)
    SELECT account_id, $1, $2, now() + $3::bigint * interval '1 millisecond'
    FROM unnest($4::text[]) AS found (account_id), quick ORDER BY account_id
    ON CONFLICT (account_id, task) DO UPDATE SET node = excluded.node, until = excluded.until
        WHERE claims.until <= now()
    RETURNING account_id";

/// A row that is left to rest is nobody's.
const TAKE: &str = "
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO claims (account_id, task, node, until)
    SELECT $1, $2, $3, now() + $4::bigint * interval '1 millisecond' FROM quick
    ON CONFLICT (account_id, task) DO UPDATE SET node = excluded.node, until = excluded.until
        WHERE claims.until <= now() OR claims.node IN (excluded.node, '')
    RETURNING 1";

const KEEP: &str = "
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE claims SET until = now() + $4::bigint * interval '1 millisecond' FROM quick
    WHERE account_id = $1 AND task = $2 AND node = $3
    RETURNING 1";

const RELEASE: &str = "
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    DELETE FROM claims USING unnest($1::text[], $2::text[]) AS mine (account_id, task), quick
    WHERE claims.account_id = mine.account_id AND claims.task = mine.task AND claims.node = $3";

const REST: &str = "
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    UPDATE claims SET node = '', until = now() + $4::bigint * interval '1 millisecond'
    FROM unnest($1::text[], $2::text[]) AS mine (account_id, task), quick
    WHERE claims.account_id = mine.account_id AND claims.task = mine.task AND claims.node = $3";

/// What was claimed or left to rest by nodes that died, long after.
const FORGET: &str = "DELETE FROM claims WHERE until < now() - interval '1 hour'";

#[async_trait]
impl Sharing for PostgresStore {
    fn is_shared(&self) -> bool {
        true
    }

    fn lease(&self) -> Duration {
        self.shared.lease
    }

    async fn claim(&self, task: Task, now: Timestamp, limit: usize) -> Result<Vec<AccountId>> {
        let (name, node, lease) = (task.name(), &self.shared.node, millis(self.shared.lease));
        let (most, now) = (most(limit), now.micros());
        let tables = self.tables()?;
        if self.shared.writers.distributed.load(Ordering::Acquire) {
            let found = find(tables, task, now, most).await?;
            let rows = tables.query(CLAIM_FOUND, &[&name, node, &lease, &found]).await?;
            return rows.iter().map(|row| account_id(row, 0)).collect();
        }
        let rows = match task {
            Task::Advance => tables.query(CLAIM_DUE, &[&name, node, &lease, &most, &now]).await?,
            Task::Pay => tables.query(CLAIM_ASKING, &[&name, node, &lease, &most]).await?,
            Task::Erase => tables.query(CLAIM_ERASING, &[&name, node, &lease, &most]).await?,
            Task::Mail | Task::Sweep => Vec::new(),
        };
        rows.iter().map(|row| account_id(row, 0)).collect()
    }

    async fn take(&self, claim: &Claim) -> Result<bool> {
        if claim.task == Task::Sweep {
            self.tables()?.query(FORGET, &[]).await?;
        }
        let (lease, node) = (millis(self.shared.lease), &self.shared.node);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&account(claim), &claim.task.name(), node, &lease];
        Ok(!self.tables()?.query(TAKE, &values).await?.is_empty())
    }

    async fn keep(&self, claim: &Claim) -> Result<bool> {
        let (lease, node) = (millis(self.shared.lease), &self.shared.node);
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&account(claim), &claim.task.name(), node, &lease];
        Ok(!self.tables()?.query(KEEP, &values).await?.is_empty())
    }

    async fn release(&self, claims: &[Claim], rest: Duration) -> Result<()> {
        let (accounts, tasks): (Vec<&str>, Vec<&str>) =
            claims.iter().map(|claim| (account(claim), claim.task.name())).unzip();
        let (node, tables) = (&self.shared.node, self.tables()?);
        if rest.is_zero() {
            return tables.query(RELEASE, &[&accounts, &tasks, node]).await.map(drop);
        }
        tables.query(REST, &[&accounts, &tasks, node, &millis(rest)]).await.map(drop)
    }

    fn elsewhere(&self) -> BoxStream<'static, ()> {
        self.shared.bell.hear().chain(pending()).boxed()
    }
}

/// Accounts that nobody has claimed, in a distributed database.
async fn find(tables: &Connections, task: Task, now: i64, most: i64) -> Result<Vec<String>> {
    let claimed = tables.query(CLAIMED, &[&task.name()]).await?;
    let claimed: Vec<String> = claimed.iter().map(|row| get(row, 0)).collect::<Result<_>>()?;
    let rows = match task {
        Task::Advance => tables.query(FIND_DUE, &[&claimed, &most, &now]).await?,
        Task::Pay => tables.query(FIND_ASKING, &[&claimed, &most]).await?,
        Task::Erase => tables.query(FIND_ERASING, &[&claimed, &most]).await?,
        Task::Mail | Task::Sweep => Vec::new(),
    };
    rows.iter().map(|row| get(row, 0)).collect()
}

/// The account of a claim as its row has it.
fn account(claim: &Claim) -> &str {
    claim.account.as_ref().map_or("", AccountId::as_str)
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
