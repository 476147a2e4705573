//! Servers on the same database.

use bursar_store::StoreError;
use deadpool_postgres::Client;

use crate::connection::Connections;
use crate::error::{Attempt, Result, get};

/// Other programs of ours on this database.
const OTHERS: &str = "
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'bursar' AND pid <> pg_backend_pid()";

/// Is somebody else at work?
pub(crate) async fn are_there(client: &Client) -> Attempt<bool> {
    let others: i64 = get(&client.query_one(OTHERS, &[]).await?, 0)?;
    Ok(others > 0)
}

/// Waits a moment for servers that were just stopped.
///
/// # Errors
/// [`StoreError::Unavailable`] if they don't go.
pub(crate) async fn wait_until_gone(client: &Client, connections: &Connections) -> Result<()> {
    let mut backoff = connections.backoff();
    loop {
        match are_there(client).await {
            Ok(false) => return Ok(()),
            Ok(true) if backoff.wait().await => {}
            Ok(true) => return Err(at_work(&connections.place)),
            Err(failure) => return Err(failure.explain(&connections.place)),
        }
    }
}

pub(crate) fn at_work(place: &str) -> StoreError {
    StoreError::Unavailable(format!("{place}: servers work on it; stop all of them first"))
}
