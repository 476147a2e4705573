//! Databases with stores on them, and something to do.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::Account;
use bursar_postgres::cluster::Cluster;
use bursar_postgres::{Options, PostgresStore};
use bursar_store::audit::Audit;
use bursar_store::contract::{Ask, Clerk, Outcome, audited};
use bursar_store::{Store, StoreError};
use tokio_postgres::{Client, NoTls};

/// A database on the server that all tests share.
pub(crate) struct Database {
    pub(crate) url: String,
}

impl Database {
    pub(crate) async fn new() -> Self {
        Self { url: Cluster::shared().database().await }
    }

    pub(crate) async fn open(&self) -> Arc<PostgresStore> {
        self.open_with(Options::default()).await
    }

    pub(crate) async fn open_with(&self, options: Options) -> Arc<PostgresStore> {
        Arc::new(PostgresStore::open(&self.url, options).await.unwrap())
    }

    /// A connection that is none of the store's, in its schema.
    pub(crate) async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("SET search_path = bursar").await.unwrap();
        client
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap();
    }

    /// One number.
    pub(crate) async fn count(&self, select: &str) -> i64 {
        self.client().await.query_one(select, &[]).await.unwrap().get(0)
    }

    /// Everything that is looked up, as text: to be compared.
    pub(crate) async fn tables(&self) -> Vec<String> {
        let client = self.client().await;
        let mut rows = Vec::new();
        for table in [
            "accounts",
            "idempotency",
            "spends",
            "payments",
            "payment_refunds",
            "documents",
            "assets",
            "owners",
        ] {
            let select = format!("SELECT '{table} ' || t::text FROM {table} AS t ORDER BY 1");
            let of_table = client.query(&select, &[]).await.unwrap();
            rows.extend(of_table.iter().map(|row| row.get::<_, String>(0)));
        }
        rows
    }
}

/// Options for tests of what fails: they give up soon.
pub(crate) fn impatient() -> Options {
    Options { patience: Duration::from_millis(300), ..Options::default() }
}

/// Does commands in one batch, through a writer of its own.
pub(crate) async fn batch(
    store: &PostgresStore,
    clerk: &mut Clerk,
    asks: &[Ask],
) -> Result<Vec<Outcome>, StoreError> {
    let mut writer = store.writer()?;
    clerk.batch(&mut *writer, asks).await
}

pub(crate) async fn done(store: &PostgresStore, clerk: &mut Clerk, asks: &[Ask]) {
    let outcomes = batch(store, clerk, asks).await.unwrap();
    outcomes.into_iter().for_each(|outcome| drop(outcome.done()));
}

pub(crate) async fn account(store: &PostgresStore, name: &str) -> Arc<Account> {
    store.account(&name.parse().unwrap()).await.unwrap().unwrap()
}

/// Proves the journal and the states.
pub(crate) async fn proven(store: &PostgresStore) -> Audit {
    audited(store).await
}
