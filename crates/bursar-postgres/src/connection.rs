//! Connections: how they are set up, kept and used.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use deadpool_postgres::{
    Client, Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts,
};
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, Row, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::Options;
use crate::backoff::{Away, Backoff};
use crate::error::{Attempt, Failure, Result};
use crate::tls;
use crate::url::Target;

/// What stands for `$1`, `$2` …
pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Some connections to one database.
pub(crate) struct Connections {
    pool: Pool,
    /// What the database is called in messages.
    pub(crate) place: String,
    patience: Duration,
    /// To be shared by all connections of a node.
    pub(crate) away: Away,
    /// Are the accounts spread over several machines?
    pub(crate) distributed: AtomicBool,
}

impl Connections {
    /// At most so many; none is made yet.
    ///
    /// # Errors
    /// [`bursar_store::StoreError::Unavailable`] if TLS can't be set up.
    pub(crate) fn new(target: &Target, options: &Options, most: usize) -> Result<Self> {
        Self::of(Line::new(target, options)?, most)
    }

    /// At most so many over one line; none is made yet.
    ///
    /// # Errors
    /// [`bursar_store::StoreError::Unavailable`].
    pub(crate) fn of(line: Line, most: usize) -> Result<Self> {
        let (place, patience) = (line.place.clone(), line.patience);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(line.config.clone(), line, recycling);
        let limit = Some(patience);
        let pool = Pool::builder(manager)
            .max_size(most.max(1))
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts { wait: limit, create: limit, recycle: limit })
            .build()
            .map_err(|error| bursar_store::StoreError::Unavailable(error.to_string()))?;
        let (away, distributed) = (Away::default(), AtomicBool::new(false));
        Ok(Self { pool, place, patience, away, distributed })
    }

    pub(crate) async fn get(&self) -> Attempt<Client> {
        Ok(self.pool.get().await?)
    }

    /// A connection with a transaction begun on it.
    pub(crate) async fn begin(&self) -> Attempt<Session> {
        let session = Session::new(self.get().await?);
        session.client()?.batch_execute(BEGIN).await?;
        Ok(session)
    }

    /// Begins to be patient.
    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.patience, self.away.clone())
    }

    /// What a statement returns. It is tried again while that may help, so it must be one that may be
    /// done twice.
    pub(crate) async fn query(&self, statement: &str, values: Values<'_>) -> Result<Vec<Row>> {
        let mut backoff = self.backoff();
        loop {
            match self.query_once(statement, values).await {
                Ok(rows) => {
                    self.away.ended();
                    return Ok(rows);
                }
                Err(failure) if backoff.again(&failure).await => {}
                Err(failure) => return Err(failure.explain(&self.place)),
            }
        }
    }

    /// The one row of a statement that returns one or none, as [`Connections::query`].
    pub(crate) async fn query_one(
        &self,
        statement: &str,
        values: Values<'_>,
    ) -> Result<Option<Row>> {
        Ok(self.query(statement, values).await?.into_iter().next())
    }

    /// What a statement returns, in one attempt.
    pub(crate) async fn query_once(
        &self,
        statement: &str,
        values: Values<'_>,
    ) -> Attempt<Vec<Row>> {
        let client = self.get().await?;
        let statement = client.prepare_cached(statement).await?;
        Ok(client.query(&statement, values).await?)
    }

    /// Closes; those in use are closed when they come back.
    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

pub(crate) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// A connection with a transaction under way. Dropped in the midst of it, the connection is closed, upon
/// which the server rolls back.
pub(crate) struct Session(Option<Client>);

impl Session {
    /// The transaction is about to begin.
    pub(crate) const fn new(client: Client) -> Self {
        Self(Some(client))
    }

    pub(crate) fn client(&self) -> Attempt<&Client> {
        self.0.as_ref().ok_or(Failure::Closed)
    }

    /// The transaction is over: the connection may serve again.
    pub(crate) fn over(mut self) {
        drop(self.0.take());
    }

    pub(crate) async fn roll_back(self) {
        if let Ok(client) = self.client()
            && client.batch_execute("ROLLBACK").await.is_ok()
        {
            self.over();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            // Out of the pool: the next user would find himself in this transaction.
            drop(Client::take(client));
        }
    }
}

/// How connections to a database are made and set up.
#[derive(Clone)]
pub(crate) struct Line {
    config: Config,
    tls: MakeRustlsConnect,
    settings: String,
    place: String,
    patience: Duration,
}

impl Line {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// [`bursar_store::StoreError::Unavailable`] if TLS can't be set up.
    pub(crate) fn new(target: &Target, options: &Options) -> Result<Self> {
        let roots = options.root_certificates.as_ref().or(target.root_certificates.as_ref());
        Ok(Self {
            config: target.config.clone(),
            tls: tls::connector(target.verify, roots.map(AsRef::as_ref))?,
            settings: settings(options),
            place: target.place.clone(),
            patience: options.patience,
        })
    }

    /// A connection of one's own, for whoever serves it himself.
    pub(crate) async fn connect(
        &self,
    ) -> std::result::Result<(tokio_postgres::Client, Served), tokio_postgres::Error> {
        self.config.connect(self.tls.clone()).await
    }
}

/// A connection that is to be served.
pub(crate) type Served =
    tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

type Opening<'a> = Pin<
    Box<
        dyn Future<
                Output = std::result::Result<
                    (tokio_postgres::Client, JoinHandle<()>),
                    tokio_postgres::Error,
                >,
            > + Send
            + 'a,
    >,
>;

impl Connect for Line {
    fn connect(&self, config: &Config) -> Opening<'_> {
        let config = config.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(self.tls.clone()).await?;
            let served = tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::warn!(%error, "a connection to PostgreSQL ended");
                }
            });
            client.batch_execute(&self.settings).await?;
            Ok((client, served))
        })
    }
}

/// A commit that has returned must be on disk, whatever the server's default. Every statement of ours goes by
/// an index; a plan that was made while a table was empty would read all of it, and plans are kept.
fn settings(options: &Options) -> String {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    format!(
        "SET search_path = bursar;
         SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') = 'off';
         SET statement_timeout = {};
         SET lock_timeout = {};
         SET idle_in_transaction_session_timeout = {};
         SET plan_cache_mode = force_generic_plan;
         SET enable_seqscan = off;
         SET enable_hashjoin = off;
         SET enable_mergejoin = off;
         SET jit = off",
        millis(options.statement_timeout),
        millis(options.patience),
        millis(options.silence_timeout),
    )
}
