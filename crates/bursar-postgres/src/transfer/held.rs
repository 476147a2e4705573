//! What source and target have in common.

use bursar_store::JournalPosition;
use bursar_store::StoreError;
use bursar_store::transfer::{Entries, Proof, TransferError};
use deadpool_postgres::Client;

use crate::connection::Connections;
use crate::error::{Attempt, get};
use crate::journal;
use crate::verify::{self, Difference, Report};

/// Has it the beginning of a migration that is not complete?
pub(crate) async fn is_marked(client: &Client) -> Attempt<bool> {
    let select = "SELECT to_regclass('bursar.migration') IS NOT NULL";
    Ok(get(&client.query_one(select, &[]).await?, 0)?)
}

/// At most so many entries after a position.
pub(super) async fn entries(
    client: &Client,
    place: &str,
    after: JournalPosition,
    limit: usize,
) -> Attempt<Entries> {
    journal::chunk(client, place, after, limit).await
}

/// The database's own proof.
pub(super) async fn prove(
    connections: &Connections,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> std::result::Result<Proof, TransferError> {
    let refuted = |what: String| TransferError::Refuted { place: connections.place.clone(), what };
    match verify::prove(connections, progress).await {
        Ok(report) => Ok(figures(report)),
        Err(Difference::Database(StoreError::Damaged(what))) => Err(refuted(what)),
        Err(Difference::Database(error)) => Err(error.into()),
        Err(other) => Err(refuted(other.to_string())),
    }
}

fn figures(report: Report) -> Proof {
    let Report { entries, events, accounts, keys, totals, counts, assets, money_totals, .. } =
        report;
    Proof { entries, events, accounts, keys, totals, counts, assets, money_totals }
}
