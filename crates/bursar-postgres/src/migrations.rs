//! The schema's versions. Several nodes may start at once: one of them brings the schema up, the others
//! wait for it.
//!
//! Versions are raised one at a time while nodes of the version before still run, so a migration only
//! adds: tables, and columns that are null or have a default. One that old nodes can't live with says
//! so, and they refuse to start.

use bursar_store::{StoreError, projection};
use deadpool_postgres::Client;

use crate::connection::Connections;
use crate::error::{Attempt, Result, get};
use crate::replay;
use crate::transfer::is_marked;

/// One step of the schema.
struct Migration {
    sql: &'static str,
    /// The oldest version of the schema whose nodes can work with it.
    readable_by: i32,
}

/// What brings the schema from each version to the next, from 0. Never changed, only added to.
const MIGRATIONS: [Migration; 1] = [Migration { sql: include_str!("sql/1.sql"), readable_by: 1 }];

/// `projection` is the version of the rows that can be made again from the journal.
const VERSIONS: &str = "
    CREATE SCHEMA bursar;
    CREATE TABLE bursar.versions (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        schema integer NOT NULL,
        readable_by integer NOT NULL,
        projection integer NOT NULL
    );
    INSERT INTO bursar.versions (schema, readable_by, projection) VALUES (0, 0, 0)";

/// Whoever migrates waits for others who do, as long as it takes: "BRSR" and 0.
pub(crate) const ALONE: &str = "
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    SELECT pg_advisory_xact_lock(1112691538, 0)";

/// Brings the schema to today's version, and the rows to today's kind.
///
/// # Errors
/// [`StoreError::Newer`] if a newer Bursar made them, otherwise as every access.
pub(crate) async fn migrate(connections: &Connections) -> Result<()> {
    let mut backoff = connections.backoff();
    loop {
        match attempt(connections).await {
            Ok(()) => return Ok(()),
            Err(failure) if failure.is_passing() && backoff.wait().await => {}
            Err(failure) => return Err(failure.explain(&connections.place)),
        }
    }
}

async fn attempt(connections: &Connections) -> Attempt<()> {
    let session = connections.begin().await?;
    let client = session.client()?;
    client.batch_execute(ALONE).await?;
    if is_marked(client).await? {
        return Err(half(&connections.place).into());
    }
    bring_up(client, &connections.place).await?;
    client.batch_execute("COMMIT").await?;
    session.over();
    Ok(())
}

/// Makes the schema in a database without one, within a transaction that is [`ALONE`]; `false` if there is
/// one.
pub(crate) async fn make(client: &Client, place: &str) -> Attempt<bool> {
    let is_new = !has_schema(client).await?;
    if is_new {
        bring_up(client, place).await?;
    }
    Ok(is_new)
}

async fn has_schema(client: &Client) -> Attempt<bool> {
    let there = client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'bursar'", &[]).await?;
    Ok(!there.is_empty())
}

async fn bring_up(client: &Client, place: &str) -> Attempt<()> {
    if !has_schema(client).await? {
        client.batch_execute(VERSIONS).await?;
    }
    let versions = client.query_one("SELECT schema, readable_by, projection FROM versions", &[]);
    let versions = versions.await?;
    let (schema, readable_by) = (get(&versions, 0)?, get(&versions, 1)?);
    check(place, schema, readable_by)?;
    for (next, migration) in (1..).zip(&MIGRATIONS).skip_while(|(next, _)| *next <= schema) {
        client.batch_execute(migration.sql).await?;
        let note = "UPDATE versions SET schema = $1, readable_by = $2";
        client.execute(note, &[&next, &migration.readable_by]).await?;
    }
    bring_rows_up(client, place, get(&versions, 2)?).await
}

fn half(place: &str) -> StoreError {
    StoreError::Unavailable(format!(
        "{place} has the beginning of a migration that is not complete; run the same `bursar migrate` again \
         to go on with it, or drop the schema `bursar`"
    ))
}

/// The versions of the schema and of the rows that this version of Bursar makes.
pub(crate) fn today() -> (i32, i32) {
    (i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX), projection::VERSION.into())
}

/// Was the beginning of a migration made by this version?
///
/// # Errors
/// In words, if not.
pub(crate) async fn check_today(client: &Client, place: &str) -> Attempt<()> {
    let versions = client.query_one("SELECT schema, projection FROM versions", &[]).await?;
    let (schema, kind): (i32, i32) = (get(&versions, 0)?, get(&versions, 1)?);
    if (schema, kind) == today() {
        return Ok(());
    }
    Err(StoreError::Unavailable(format!(
        "{place}: another version of Bursar began the migration that is in it; begin anew with --restart"
    ))
    .into())
}

/// Is there data that this version can work with as it is?
///
/// # Errors
/// In words, if not.
pub(crate) async fn check_existing(connections: &Connections) -> Result<()> {
    let place = &connections.place;
    let there = "SELECT 1 FROM pg_namespace WHERE nspname = 'bursar'";
    if connections.query_one(there, &[]).await?.is_none() {
        return Err(StoreError::Unavailable(format!(
            "{place}: there is no data in it; name the database with --database URL \
             (BURSAR_DATABASE_URL), or start the server once to make it"
        )));
    }
    let marked = "SELECT 1 FROM pg_class WHERE oid = to_regclass('bursar.migration')";
    if connections.query_one(marked, &[]).await?.is_some() {
        return Err(half(place));
    }
    let select = "SELECT schema, readable_by, projection FROM versions";
    let Some(versions) = connections.query_one(select, &[]).await? else {
        return Err(StoreError::Damaged(format!("{place}: its version is missing")));
    };
    let (schema, kind): (i32, i32) = (get(&versions, 0)?, get(&versions, 2)?);
    check(place, schema, get(&versions, 1)?)?;
    check_kind(place, kind)?;
    let ours = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
    if schema < ours || kind < i32::from(projection::VERSION) {
        return Err(StoreError::Unavailable(format!(
            "{place}: it is of an older version of Bursar; starting the server of this one brings it up"
        )));
    }
    Ok(())
}

fn check_kind(place: &str, kind: i32) -> Result<()> {
    let ours = i32::from(projection::VERSION);
    if kind > ours {
        return Err(StoreError::Newer(format!(
            "{place} has rows of kind {kind}, made by a newer Bursar; this version knows up to {ours}"
        )));
    }
    Ok(())
}

fn check(place: &str, schema: i32, readable_by: i32) -> Result<()> {
    let ours = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
    if readable_by > ours {
        return Err(StoreError::Newer(format!(
            "{place} has schema {schema}, for versions of Bursar that know schema {readable_by} or \
             newer; this one knows up to {ours}"
        )));
    }
    Ok(())
}

async fn bring_rows_up(client: &Client, place: &str, kind: i32) -> Attempt<()> {
    check_kind(place, kind)?;
    let ours = i32::from(projection::VERSION);
    if kind < ours {
        replay::rebuild(client, place).await?;
        client.execute("UPDATE versions SET projection = $1", &[&ours]).await?;
    }
    Ok(())
}
