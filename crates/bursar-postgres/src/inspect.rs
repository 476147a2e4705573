//! What an operator wants to know of a database before he does something to it.

use std::sync::atomic::Ordering;

use bursar_store::StoreError;
use deadpool_postgres::Client;

use crate::connection::Connections;
use crate::error::{Attempt, Failure, get, unsigned};
use crate::transfer::is_marked;
use crate::url::Target;
use crate::{Options, distribute, migrations};

/// What there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What the database is called in messages.
    pub place: String,
    /// The server's version, as it says it.
    pub server: String,
    /// Is it a standby, that can only be read?
    pub standby: bool,
    /// Is this connection encrypted?
    pub encrypted: bool,
    /// `synchronous_commit`, and the standbys that a commit waits for.
    pub synchronous: (String, String),
    /// The schema's versions; `None` if there is no schema.
    pub versions: Option<Versions>,
    /// The versions that this Bursar makes: of the schema, of the rows.
    pub ours: (i32, i32),
    /// Is a migration into it begun and not complete?
    pub migrating: bool,
    /// Are the accounts spread over several machines?
    pub distributed: bool,
    /// The number of the last commit.
    pub last_commit: u64,
    /// About how many rows each table has, and its bytes with its indexes.
    pub tables: Vec<(String, u64, u64)>,
    /// Who is connected to the database.
    pub connected: Vec<Connected>,
    /// How many connections the server takes in all.
    pub max_connections: String,
}

/// The schema's versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// Its own.
    pub schema: i32,
    /// The oldest one whose nodes can work with it.
    pub readable_by: i32,
    /// That of the rows that are made from the journal.
    pub rows: i32,
}

/// Some connections from one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connected {
    /// What it calls itself: servers are `bursar`.
    pub application: String,
    /// Its address; empty for one on the same machine.
    pub address: String,
    /// How many connections.
    pub count: u64,
}

const SERVER: &str = "
    SELECT current_setting('server_version'), pg_is_in_recovery(),
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
        current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
        current_setting('max_connections')";

const CONNECTED: &str = "
    SELECT coalesce(application_name, ''), coalesce(host(client_addr), ''), count(*)
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    GROUP BY 1, 2 ORDER BY 1, 2";

/// Estimates, which cost nothing however large the tables are.
const TABLES: &str = "
    SELECT relname::text, greatest(reltuples, pg_stat_get_live_tuples(oid), 0)::bigint,
        pg_total_relation_size(oid)
    FROM pg_class WHERE relnamespace = to_regnamespace('bursar') AND relkind IN ('r', 'p')
    ORDER BY 3 DESC, 1";

/// Looks at a database, and changes nothing. There need be no data in it.
///
/// # Errors
/// [`StoreError::Unavailable`] if it can't be reached.
pub async fn inspect(url: &str) -> Result<Inspection, StoreError> {
    let connections = Connections::new(&Target::parse(url)?, &Options::default(), 1)?;
    let looked = async {
        let client = connections.get().await?;
        let mut found = look(&client).await?;
        found.place.clone_from(&connections.place);
        Ok(found)
    };
    let mut found = looked.await.map_err(|failure: Failure| failure.explain(&connections.place))?;
    if found.versions.is_some() {
        distribute::note(&connections).await?;
        found.distributed = connections.distributed.load(Ordering::Acquire);
    }
    Ok(found)
}

async fn look(client: &Client) -> Attempt<Inspection> {
    let server = client.query_one(SERVER, &[]).await?;
    let mut found = Inspection {
        server: get(&server, 0)?,
        standby: get(&server, 1)?,
        encrypted: get(&server, 2)?,
        synchronous: (get(&server, 3)?, get(&server, 4)?),
        max_connections: get(&server, 5)?,
        ours: migrations::today(),
        migrating: is_marked(client).await?,
        ..Inspection::default()
    };
    for row in client.query(CONNECTED, &[]).await? {
        let count = unsigned(get(&row, 2)?)?;
        let (application, address) = (get(&row, 0)?, get(&row, 1)?);
        found.connected.push(Connected { application, address, count });
    }
    let has = "SELECT 1 FROM pg_class WHERE oid = to_regclass('bursar.versions')";
    if client.query_opt(has, &[]).await?.is_none() {
        return Ok(found);
    }
    let row = client.query_opt("SELECT schema, readable_by, projection FROM versions", &[]).await?;
    if let Some(row) = row {
        let (schema, readable_by, rows) = (get(&row, 0)?, get(&row, 1)?, get(&row, 2)?);
        found.versions = Some(Versions { schema, readable_by, rows });
    }
    for row in client.query(TABLES, &[]).await? {
        found.tables.push((get(&row, 0)?, unsigned(get(&row, 1)?)?, unsigned(get(&row, 2)?)?));
    }
    let last = client.query_one("SELECT coalesce(max(commit_id), 0) FROM journal", &[]).await?;
    found.last_commit = unsigned(get(&last, 0)?)?;
    Ok(found)
}
