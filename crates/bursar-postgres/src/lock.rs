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
use bursar_store::{Begun, Entry, Numbers, StoreError, Versions, Wanted, projection};
use deadpool_postgres::Client;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::connection::{BEGIN, Connections, Session};
use crate::error::{Attempt, get, unsigned};
use crate::journal;
use crate::views::{account_id, decode};

/// One statement for all of it: each costs a wake-up on either side.
const BEGIN_BATCH: &str = "
    SELECT what, account_id, key, body, place
    FROM begin_batch($1::text[], $2::text[], $3::text[], one_by_one => false)";

/// A distributed engine locks rows of one shard at a time, so there each account has a statement of its own, in
/// the same order.
const BEGIN_BATCH_ONE_BY_ONE: &str = "
    SELECT what, account_id, key, body, place
    FROM begin_batch($1::text[], $2::text[], $3::text[], one_by_one => true)";

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
    /// The last commit's number; that of this batch will be higher.
    pub(crate) since: u64,
    pub(crate) versions: Versions,
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
        if let Some(Read { since, reserved, begun }) =
            read(&session, &connections.place, one_by_one, wanted).await?
        {
            let versions = Versions::of(&wanted.accounts, &begun.accounts);
            let (wanted, numbers) = (wanted.clone(), Numbers::new());
            let locked = Locked { session, wanted, since, versions, reserved, numbers };
            return Ok((locked, begun));
        }
        // An account was opened in between: now its row is there to be locked, in its turn.
        session.roll_back().await;
    }
}

/// What is found under the locks.
struct Read {
    since: u64,
    reserved: Vec<AccountId>,
    begun: Begun,
}

/// `None` if the locks have to be taken again, in their order.
async fn read(
    session: &Session,
    place: &str,
    one_by_one: bool,
    wanted: &Wanted,
) -> Attempt<Option<Read>> {
    let client = session.client()?;
    let begin = if one_by_one { BEGIN_BATCH_ONE_BY_ONE } else { BEGIN_BATCH };
    let begin = client.prepare_cached(begin).await?;
    let ids: Vec<&str> = wanted.accounts.iter().map(AccountId::as_str).collect();
    let (owners, names): (Vec<&str>, Vec<&str>) =
        wanted.keys.iter().map(|(id, key)| (id.as_str(), key.as_str())).unzip();
    let values: [&(dyn ToSql + Sync); 3] = [&ids, &owners, &names];
    // Sent at once, done one after the other.
    let (begun, rows) = futures::join!(client.batch_execute(BEGIN), client.query(&begin, &values));
    begun?;
    let Found { since, accounts, entries } = Found::of(place, &rows?)?;
    let missing = wanted.accounts.iter().filter(|id| !accounts.contains_key(id));
    let missing: Vec<AccountId> = missing.cloned().collect();
    if !missing.is_empty() && !reserve(client, &missing).await? {
        return Ok(None);
    }
    let begun = Begun {
        accounts: wanted.accounts.iter().map(|id| accounts.get(id).cloned()).collect(),
        entries: wanted.keys.iter().map(|key| entries.get(key).cloned()).collect(),
    };
    Ok(Some(Read { since, reserved: missing, begun }))
}

/// What keys stand for, of accounts that are locked.
pub(crate) async fn known(
    client: &Client,
    place: &str,
    keys: &[(AccountId, IdempotencyKey)],
) -> Attempt<Vec<Option<Arc<Entry>>>> {
    let look_up = client.prepare_cached(BEGIN_BATCH).await?;
    let (owners, names): (Vec<&str>, Vec<&str>) =
        keys.iter().map(|(id, key)| (id.as_str(), key.as_str())).unzip();
    let nothing: [&str; 0] = [];
    let rows = client.query(&look_up, &[&nothing.as_slice(), &owners, &names]).await?;
    let Found { entries, .. } = Found::of(place, &rows)?;
    Ok(keys.iter().map(|key| entries.get(key).cloned()).collect())
}

/// The rows of [`BEGIN_BATCH`].
struct Found {
    since: u64,
    accounts: HashMap<AccountId, Arc<Account>>,
    entries: HashMap<(AccountId, IdempotencyKey), Arc<Entry>>,
}

impl Found {
    fn of(place: &str, rows: &[Row]) -> Attempt<Self> {
        let (mut accounts, mut entries) = (HashMap::with_capacity(rows.len()), HashMap::new());
        let mut since = None;
        for row in rows {
            let (what, body): (i8, Option<&[u8]>) = (get(row, 0)?, row.try_get(3)?);
            let (key, body): (Option<&str>, &[u8]) = (row.try_get(2)?, body.unwrap_or_default());
            match u8::try_from(what) {
                Ok(b's') => {
                    let id = account_id(row, 1)?;
                    let account: Account = decode(place, &id, body)?;
                    accounts.insert(id, Arc::new(account));
                }
                Ok(b'k') => {
                    let id = account_id(row, 1)?;
                    let parsed = projection::parse("key", key.map(str::to_owned))?;
                    let Some(key) = parsed else { continue };
                    let what = format!("key {key} of account {id}");
                    let version = unsigned(get(row, 4)?)?;
                    let entry = journal::decode_one(place, &what, body, version)?;
                    entries.insert((id, key), entry);
                }
                _ => {
                    check_kind(place, key.unwrap_or_default())?;
                    since = Some(unsigned(get(row, 4)?)?);
                }
            }
        }
        let unversioned = || StoreError::Damaged(format!("{place}: its version is missing"));
        let since = since.ok_or_else(unversioned)?;
        Ok(Self { since, accounts, entries })
    }
}

fn check_kind(place: &str, kind: &str) -> Attempt<()> {
    let ours = projection::VERSION;
    if kind == ours.to_string() {
        return Ok(());
    }
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
        versions: &Versions,
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
