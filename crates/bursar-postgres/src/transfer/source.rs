//! A database that everything is copied from.

use async_trait::async_trait;
use bursar_store::transfer::{Entries, Held, PlainRow, PlainTable, Progress, Proof, TransferError};
use bursar_store::{JournalPosition, StoreError};
use tokio_postgres::error::SqlState;

use super::{held, others, plain};
use crate::connection::{Connections, Session};
use crate::error::{Attempt, Failure, Result};
use crate::url::Target;
use crate::{Options, migrations};

/// A database that is read whole, as of one moment. As long as this lives its tables are locked: others can
/// read them, and what they write waits, and fails.
pub struct Export {
    connections: Connections,
    session: Session,
}

/// The locks come before the moment that is read, so nothing is under way in it. They are those that let
/// others read and nothing else: a batch begins by locking rows of `accounts`.
const HOLD: &str = "
    BEGIN ISOLATION LEVEL REPEATABLE READ;
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0;
    LOCK TABLE accounts, journal, contacts, billing_details, asset_details, api_keys, settings, catalogs,
        portal_links, portal_sessions IN EXCLUSIVE MODE";

impl Export {
    /// Takes a database, by its URL.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if servers work on it, there is no data, or it is of an older version;
    /// [`StoreError::Newer`].
    pub async fn open(url: &str) -> Result<Self> {
        let options = Options { readers: 1, writers: 1, ..Options::default() };
        let target = Target::parse(url)?;
        migrations::check_existing(&Connections::new(&target, &options, 1)?).await?;
        let connections = Connections::new(&target, &options, 2)?;
        let mut backoff = connections.backoff();
        loop {
            match hold(&connections).await {
                Ok(Some(session)) => return Ok(Self { connections, session }),
                // A server that was just stopped is seen for a moment longer.
                Ok(None) if backoff.wait().await => {}
                Ok(None) => return Err(others::at_work(&connections.place)),
                Err(failure) if failure.is_passing() && backoff.wait().await => {}
                Err(failure) => return Err(failure.explain(&connections.place)),
            }
        }
    }

    fn explain(&self, failure: Failure) -> StoreError {
        failure.explain(&self.connections.place)
    }
}

/// Locks everything; `None` if somebody is at work.
async fn hold(connections: &Connections) -> Attempt<Option<Session>> {
    let session = Session::new(connections.get().await?);
    let client = session.client()?;
    if others::are_there(client).await? {
        session.over();
        return Ok(None);
    }
    match client.batch_execute(HOLD).await {
        Ok(()) => Ok(Some(session)),
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[async_trait]
impl Held for Export {
    fn place(&self) -> &str {
        &self.connections.place
    }

    async fn entries(&mut self, after: JournalPosition, limit: usize) -> Result<Entries> {
        let read = async {
            held::entries(self.session.client()?, &self.connections.place, after, limit).await
        };
        read.await.map_err(|failure| self.explain(failure))
    }

    async fn rows(
        &mut self,
        table: PlainTable,
        after: Option<&PlainRow>,
        limit: usize,
    ) -> Result<Vec<PlainRow>> {
        let read = async { plain::rows(self.session.client()?, table, after, limit).await };
        read.await.map_err(|failure| self.explain(failure))
    }

    async fn prove(&mut self, progress: Progress<'_>) -> std::result::Result<Proof, TransferError> {
        held::prove(&self.connections, progress).await
    }
}
