//! Spreading the tables over the machines of a distributed PostgreSQL: Citus.
//!
//! Everything of an account lies on one shard, found by the hash of its id, so the transactions of accounts
//! on different shards have nothing in common but the coordinator. What belongs to no account stays on the
//! coordinator, as ordinary tables: it is small, and legal numbers are locked in one place anyway.

use std::sync::atomic::Ordering;

use bursar_store::StoreError;
use deadpool_postgres::Client;

use crate::connection::Connections;
use crate::error::{Attempt, Failure, Result, get};
use crate::transfer::others;
use crate::url::Target;
use crate::{Options, migrations};

/// The tables of accounts: each has `account_id` first in its key. The first is what the others lie beside.
const OF_ACCOUNTS: [&str; 13] = [
    "accounts",
    "journal",
    "idempotency",
    "spends",
    "payments",
    "payment_refunds",
    "documents",
    "assets",
    "owners",
    "contacts",
    "billing_details",
    "asset_details",
    "statement",
];

/// The tables of no account. They stay where they are.
pub const ON_THE_COORDINATOR: [&str; 9] = [
    "versions",
    "document_numbers",
    "statement_end",
    "claims",
    "settings",
    "api_keys",
    "catalogs",
    "portal_links",
    "portal_sessions",
];

/// One statement, and the table that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The table.
    pub table: &'static str,
    /// What spreads it.
    pub sql: String,
}

/// What spreads the tables, in order.
pub fn statements() -> Vec<Statement> {
    let statement = |table: &'static str| {
        let beside = if table == "accounts" { "none" } else { "bursar.accounts" };
        let sql = format!(
            "SELECT create_distributed_table('bursar.{table}', 'account_id', colocate_with => '{beside}')"
        );
        Statement { table, sql }
    };
    OF_ACCOUNTS.map(statement).into()
}

/// What empties a table's place on the coordinator after its rows were spread: they are there twice until
/// then.
fn clear(table: &str) -> String {
    format!("SELECT truncate_local_data_after_distributing_table('bursar.{table}')")
}

/// What was spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distributed {
    /// What the database is called in messages.
    pub place: String,
    /// The tables that were spread now.
    pub now: Vec<&'static str>,
    /// Those that were before.
    pub before: Vec<&'static str>,
}

/// Why nothing was spread, or not all.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DistributeError {
    /// It could not be done.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The extension is not in this database.
    #[error("{place} is plain PostgreSQL: it has no extension `citus`{}", if *.installable { ", though the server could make it" } else { "" })]
    NoExtension {
        /// What the database is called.
        place: String,
        /// Could `CREATE EXTENSION` make it?
        installable: bool,
    },
}

/// Shards have one copy: rows of shards with several can't be locked.
const ONE_COPY: &str = "SET citus.shard_replication_factor = 1";

/// Spreads what isn't yet, table by table; an interruption leaves whole tables, and doing it again goes on.
/// `each` is told the table before it is spread.
///
/// # Errors
/// [`DistributeError`]; servers work on it, there is no data, or the extension refuses.
pub async fn distribute(
    url: &str,
    mut each: impl FnMut(&'static str),
) -> std::result::Result<Distributed, DistributeError> {
    let connections = Connections::new(&Target::parse(url)?, &Options::default(), 1)?;
    migrations::check_existing(&connections).await?;
    let explain = |failure: Failure| failure.explain(&connections.place);
    let client = connections.get().await.map_err(explain)?;
    let installable = extension(&client).await.map_err(explain)?;
    if let Some(installable) = installable {
        let place = connections.place.clone();
        return Err(DistributeError::NoExtension { place, installable });
    }
    others::wait_until_gone(&client, &connections).await?;
    let spread = async {
        client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
        client.batch_execute(ONE_COPY).await?;
        let mut done = Distributed { place: connections.place.clone(), ..Distributed::default() };
        for Statement { table, sql } in statements() {
            if is_spread(&client, table).await? {
                done.before.push(table);
                continue;
            }
            each(table);
            client.batch_execute(&sql).await?;
            client.batch_execute(&clear(table)).await?;
            done.now.push(table);
        }
        Ok(done)
    };
    let done = spread.await.map_err(explain)?;
    // It has settings that others must not find.
    drop(Client::take(client));
    Ok(done)
}

/// `None` if there is the extension, otherwise whether the server could make it.
async fn extension(client: &Client) -> Attempt<Option<bool>> {
    let select = "
        SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus'),
            EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'citus')";
    let row = client.query_one(select, &[]).await?;
    let (is_there, installable): (bool, bool) = (get(&row, 0)?, get(&row, 1)?);
    Ok((!is_there).then_some(installable))
}

async fn is_spread(client: &Client, table: &str) -> Attempt<bool> {
    let select =
        "SELECT 1 FROM pg_dist_partition WHERE logicalrel = ('bursar.' || $1::text)::regclass";
    Ok(client.query_opt(select, &[&table]).await?.is_some())
}

/// Finds out whether the accounts are spread, which changes how their rows are locked.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn note(connections: &Connections) -> Result<()> {
    let has = "SELECT 1 FROM pg_class WHERE oid = to_regclass('pg_dist_partition')";
    let spread = connections.query_one(has, &[]).await?.is_some() && {
        let select =
            "SELECT 1 FROM pg_dist_partition WHERE logicalrel = 'bursar.accounts'::regclass";
        connections.query_one(select, &[]).await?.is_some()
    };
    connections.distributed.store(spread, Ordering::Release);
    Ok(())
}
