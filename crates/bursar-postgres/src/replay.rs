//! Making the tables anew from the journal, when their rows are of another version.

use std::collections::HashMap;
use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::id::AccountId;
use bursar_store::projection::{AccountRow, idempotency};
use bursar_store::{Entry, JournalPosition, StoreError};
use deadpool_postgres::Client;

use crate::assets::ChangedAssets;
use crate::error::{Attempt, Result, get};
use crate::journal;
use crate::money::Money;
use crate::past;
use crate::views::{self, account_id, decode};

/// How many entries are made into rows at once.
const CHUNK: usize = 5_000;

/// Readers and writers wait until it is over. What was under way is over before it begins, so the journal
/// has no gaps that will be filled.
const EMPTY: &str = "
    LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE;
    TRUNCATE accounts, idempotency, spends, payments, payment_refunds, documents, assets, owners, statement;
    UPDATE statement_end SET commit_id = 0, entry = 0";

/// Makes all rows anew, within a transaction.
pub(crate) async fn rebuild(client: &Client, place: &str) -> Attempt<()> {
    client.batch_execute(EMPTY).await?;
    replay(client, place, |entries| {
        if let Some((last, _)) = entries.last() {
            tracing::info!(commit = last.commit, "making the tables anew from the journal");
        }
        Ok(())
    })
    .await
}

/// Makes the rows of the whole journal, in empty tables. `each` sees the entries before they become rows.
pub(crate) async fn replay(
    client: &Client,
    place: &str,
    mut each: impl FnMut(&[(JournalPosition, Arc<Entry>)]) -> Attempt<()>,
) -> Attempt<()> {
    let mut done = JournalPosition::default();
    loop {
        let entries = journal::chunk(client, place, done, CHUNK).await?;
        let Some((last, _)) = entries.last() else {
            return Ok(());
        };
        done = *last;
        each(&entries)?;
        add(client, place, &entries).await?;
    }
}

/// Adds what entries make, on top of what those before them made.
pub(crate) async fn add(
    client: &Client,
    place: &str,
    entries: &[(JournalPosition, Arc<Entry>)],
) -> Attempt<()> {
    let mut states = states(client, place, entries).await?;
    for (position, entry) in entries {
        let account = states.entry(entry.account.clone()).or_default();
        entry.replay(account).map_err(|what| {
            let JournalPosition { commit, index } = position;
            let at = format!("{place}, journal, commit {commit}, entry {index}");
            StoreError::Damaged(format!("{at}: account {}: {what}", entry.account))
        })?;
    }
    let accounts = states.values().flatten().map(AccountRow::of).collect::<Result<Vec<_>>>()?;
    let of_rows = || entries.iter().map(|(_, entry)| entry);
    let gone_on = past::gone_on(of_rows().map(AsRef::as_ref));
    let keyed: Vec<_> = of_rows().filter(|entry| idempotency(entry).is_some()).collect();
    let money = Money::load(client, place, entries).await?.fold(entries)?;
    let assets = ChangedAssets::of(entries);
    let mut writes = vec![views::insert_accounts(&accounts), views::insert_keys(&keyed)];
    writes.extend(past::insert(&gone_on));
    writes.extend(money.inserts());
    writes.extend(assets.writes());
    for write in &writes {
        let statement = client.prepare_cached(write.statement).await?;
        client.execute(&statement, &write.values()).await?;
    }
    Ok(())
}

async fn states(
    client: &Client,
    place: &str,
    entries: &[(JournalPosition, Arc<Entry>)],
) -> Attempt<HashMap<AccountId, Option<Account>>> {
    let ids: Vec<&str> = entries.iter().map(|(_, entry)| entry.account.as_str()).collect();
    let select = "SELECT account_id, state FROM accounts WHERE account_id = ANY($1::text[])";
    let select = client.prepare_cached(select).await?;
    let mut states = HashMap::new();
    for row in client.query(&select, &[&ids]).await? {
        let id = account_id(&row, 0)?;
        let state = decode(place, &id, &get::<Vec<u8>>(&row, 1)?)?;
        states.insert(id, Some(state));
    }
    Ok(states)
}
