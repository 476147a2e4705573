//! Beginning a batch: its accounts' rows are locked, and what it is decided on is read.
//!
//! Nobody ever waits for somebody who waits for him, because all take locks in one order: the rows of
//! the accounts that are there, by their ids; then the places of those that aren't, by their ids; then
//! the row of [`document_numbers`](crate::commit) that stands for all of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bursar_core::account::Account;
use bursar_core::id::{AccountId, IdempotencyKey, Key};
use bursar_store::{Begun, Entry, Numbers, StoreError, Wanted, projection};
use deadpool_postgres::Client;
use futures::future::maybe_done;
use futures::poll;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use crate::connection::{BEGIN, Connections, Session};
use crate::error::{Attempt, get, unsigned};
use crate::journal;
use crate::views::{account_id, decode};

const LOCK: &str = "
    SELECT account_id, state FROM accounts WHERE account_id = ANY($1::text[])
    ORDER BY account_id FOR UPDATE";

/// One account's row. A distributed engine locks rows of one shard at a time, so there each account has a
/// statement of its own, in the same order.
const LOCK_ONE: &str = "SELECT account_id, state FROM accounts WHERE account_id = $1 FOR UPDATE";

/// Which kind of rows the tables have. Read after the locks, so that it stays true until they are
/// released: making the tables anew takes a lock that waits for ours.
const KIND: &str = "SELECT projection FROM versions";

const KEYS: &str = "
    SELECT i.account_id, i.key, j.body
    FROM unnest($1::text[], $2::text[]) AS wanted (account_id, key)
    JOIN idempotency AS i ON i.account_id = wanted.account_id AND i.key = wanted.key
    JOIN journal AS j ON j.account_id = i.account_id AND j.commit_id = i.commit_id
        AND j.entry = i.entry";

/// A row that nobody else ever sees: it is filled in or deleted before the commit. Whoever else opens
/// the account waits until then.
const RESERVE: &str = "
    INSERT INTO accounts (account_id, version, asking, erasing, status, available, held, state)
    SELECT account_id, 0, false, false, '', 0, 0, '' FROM unnest($1::text[]) AS new (account_id)
    ON CONFLICT (account_id) DO NOTHING";

/// What is locked until the transaction is over.
pub(crate) struct Locked {
    pub(crate) session: Session,
    pub(crate) wanted: Wanted,
    /// The version of each account; 0 if there is none.
    pub(crate) versions: HashMap<AccountId, u64>,
    /// The accounts that there are none of, with their places reserved, in order.
    pub(crate) reserved: Vec<AccountId>,
    /// The last legal numbers that were asked for. If there are any, all are locked.
    pub(crate) numbers: Numbers,
}

/// Locks and reads, in one attempt.
pub(crate) async fn lock(connections: &Connections, wanted: &Wanted) -> Attempt<(Locked, Begun)> {
    let one_by_one = connections.distributed.load(Ordering::Acquire);
    loop {
        let session = Session::new(connections.get().await?);
        if let Some((reserved, begun)) =
            read(&session, &connections.place, one_by_one, wanted).await?
        {
            let states = begun.accounts.iter().map(Option::as_deref);
            let versions = states.map(|state| state.map_or(0, |account| account.version));
            let versions = wanted.accounts.iter().cloned().zip(versions).collect();
            let (wanted, numbers) = (wanted.clone(), Numbers::new());
            return Ok((Locked { session, wanted, versions, reserved, numbers }, begun));
        }
        // An account was opened in between: now its row is there to be locked, in its turn.
        session.roll_back().await;
    }
}

/// Locks the rows of accounts. All statements are sent before the first reply is waited for.
async fn lock_rows(
    client: &Client,
    lock: &Statement,
    ids: &[&str],
    one_by_one: bool,
) -> std::result::Result<Vec<Row>, tokio_postgres::Error> {
    if !one_by_one {
        return client.query(lock, &[&ids]).await;
    }
    let values: Vec<[&(dyn ToSql + Sync); 1]> =
        ids.iter().map(|id| -> [&(dyn ToSql + Sync); 1] { [id] }).collect();
    let mut locks: Vec<_> =
        values.iter().map(|id| Box::pin(maybe_done(client.query(lock, id)))).collect();
    for lock in &mut locks {
        let _sent = poll!(lock.as_mut());
    }
    let mut rows = Vec::with_capacity(ids.len());
    for mut lock in locks {
        lock.as_mut().await;
        rows.extend(lock.as_mut().take_output().transpose()?.unwrap_or_default());
    }
    Ok(rows)
}

async fn read(
    session: &Session,
    place: &str,
    one_by_one: bool,
    wanted: &Wanted,
) -> Attempt<Option<(Vec<AccountId>, Begun)>> {
    let client = session.client()?;
    let lock = if one_by_one { LOCK_ONE } else { LOCK };
    let (lock, kind, keys) = futures::try_join!(
        client.prepare_cached(lock),
        client.prepare_cached(KIND),
        client.prepare_cached(KEYS),
    )?;
    let ids: Vec<&str> = wanted.accounts.iter().map(AccountId::as_str).collect();
    let (owners, names): (Vec<&str>, Vec<&str>) =
        wanted.keys.iter().map(|(id, key)| (id.as_str(), key.as_str())).unzip();
    let to_find: [&(dyn ToSql + Sync); 2] = [&owners, &names];
    // Sent at once, done one after the other: each sees what the one before it waited for.
    let (begun, states, kind, entries) = futures::join!(
        client.batch_execute(BEGIN),
        lock_rows(client, &lock, &ids, one_by_one),
        client.query_opt(&kind, &[]),
        client.query(&keys, &to_find),
    );
    begun?;
    let states = states?;
    check_kind(place, kind?.as_ref())?;
    let mut accounts = HashMap::with_capacity(states.len());
    for row in &states {
        let id = account_id(row, 0)?;
        let account: Account = decode(place, &id, &get::<Vec<u8>>(row, 1)?)?;
        accounts.insert(id, Arc::new(account));
    }
    let missing = wanted.accounts.iter().filter(|id| !accounts.contains_key(id));
    let missing: Vec<AccountId> = missing.cloned().collect();
    if !missing.is_empty() && !reserve(client, &missing).await? {
        return Ok(None);
    }
    let entries = entries_by_key(place, &entries?)?;
    let begun = Begun {
        accounts: wanted.accounts.iter().map(|id| accounts.get(id).cloned()).collect(),
        entries: wanted.keys.iter().map(|key| entries.get(key).cloned()).collect(),
    };
    Ok(Some((missing, begun)))
}

fn check_kind(place: &str, row: Option<&Row>) -> Attempt<()> {
    let kind: i32 = row.map_or(Ok(0), |row| get(row, 0))?;
    if kind == i32::from(projection::VERSION) {
        return Ok(());
    }
    let ours = projection::VERSION;
    let what = format!(
        "{place}: its tables were made anew, as rows of kind {kind}; this version of Bursar writes \
         kind {ours}. Start this node with the version that made them"
    );
    Err(StoreError::Newer(what).into())
}

/// Reserves the places of accounts; `false` if one of them is there by now.
async fn reserve(client: &Client, ids: &[AccountId]) -> Attempt<bool> {
    let reserve = client.prepare_cached(RESERVE).await?;
    let ids: Vec<&str> = ids.iter().map(AccountId::as_str).collect();
    let reserved = client.execute(&reserve, &[&ids]).await?;
    Ok(usize::try_from(reserved) == Ok(ids.len()))
}

type ByKey = HashMap<(AccountId, IdempotencyKey), Arc<Entry>>;

fn entries_by_key(place: &str, rows: &[Row]) -> Attempt<ByKey> {
    let mut entries = HashMap::with_capacity(rows.len());
    for row in rows {
        let id = account_id(row, 0)?;
        let Some(key) = projection::parse("key", Some(get(row, 1)?))? else {
            continue;
        };
        let what = format!("key {key} of account {id}");
        let entry = journal::decode(place, &what, &get::<Vec<u8>>(row, 2)?)?;
        entries.insert((id, key), entry);
    }
    Ok(entries)
}

impl Locked {
    /// The last legal number of a series and year, locked with all others until the transaction is over:
    /// a lock for each would be taken in any order.
    pub(crate) async fn last_number(&mut self, series: &Key, year: u16) -> Attempt<u32> {
        let key = (series.clone(), year);
        if let Some(last) = self.numbers.get(&key) {
            return Ok(*last);
        }
        let client = self.session.client()?;
        let lock = "SELECT last FROM document_numbers WHERE series = '' AND year = 0 FOR UPDATE";
        let select = "SELECT last FROM document_numbers WHERE series = $1 AND year = $2";
        let (lock, select) =
            futures::try_join!(client.prepare_cached(lock), client.prepare_cached(select))?;
        let (series, year) = (series.as_str(), i32::from(year));
        let values: [&(dyn ToSql + Sync); 2] = [&series, &year];
        let (locked, last) =
            futures::join!(client.query_one(&lock, &[]), client.query_opt(&select, &values),);
        locked?;
        let last: i64 = last?.map_or(Ok(0), |row| get(&row, 0))?;
        let last = unsigned(last)?;
        self.numbers.insert(key, last);
        Ok(last)
    }

    /// Is all as it was when it was locked before?
    pub(crate) async fn is_like(
        &mut self,
        versions: &HashMap<AccountId, u64>,
        numbers: &Numbers,
    ) -> Attempt<bool> {
        if self.versions != *versions {
            return Ok(false);
        }
        for ((series, year), before) in numbers {
            if self.last_number(series, *year).await? != *before {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The accounts whose places were reserved, but that were not opened.
    pub(crate) fn unopened<'a>(&'a self, opened: &HashSet<&AccountId>) -> Vec<&'a AccountId> {
        self.reserved.iter().filter(|id| !opened.contains(id)).collect()
    }
}
