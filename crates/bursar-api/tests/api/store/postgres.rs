//! The store in PostgreSQL.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bursar_postgres::cluster::Cluster;
use bursar_postgres::proxy::{Fate, Proxy};
use bursar_postgres::{Options, PostgresStore};
use bursar_store::Store;

/// A database of a test's own.
#[derive(Clone)]
pub(crate) struct TestStore {
    store: Arc<PostgresStore>,
    url: String,
    wire: Option<Proxy>,
}

impl TestStore {
    pub(crate) async fn new() -> Self {
        Self::open(Cluster::shared().copy(prepare).await).await
    }

    /// One whose commits can be made to fail.
    pub(crate) async fn failing() -> Self {
        let url = Cluster::shared().copy(prepare).await;
        let wire = Proxy::new(&url).await;
        let options = Options { patience: Duration::from_millis(500), ..options() };
        let store = Arc::new(PostgresStore::open(&wire.url, options).await.unwrap());
        Self { store, url, wire: Some(wire) }
    }

    async fn open(url: String) -> Self {
        let store = Arc::new(PostgresStore::open(&url, options()).await.unwrap());
        Self { store, url, wire: None }
    }

    /// The same data, after this handle on it was closed.
    pub(crate) async fn reopen(&self) -> Self {
        Self::open(self.url.clone()).await
    }

    pub(crate) fn handle(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// Nothing can be written any more: the server says that its disk is full.
    pub(crate) async fn refuse_commits(&self) {
        self.sql(
            "CREATE FUNCTION bursar.is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'could not extend file: No space left on device'
                     USING ERRCODE = 'disk_full';
             END $$;
             CREATE TRIGGER is_full BEFORE INSERT ON bursar.journal
                 FOR EACH STATEMENT EXECUTE FUNCTION bursar.is_full()",
        )
        .await;
    }

    /// The next commit is made, and the wire is cut before the answer comes.
    pub(crate) fn lose_the_answer(&self) {
        self.wire.as_ref().unwrap().cut(Fate::CutAfter);
    }

    /// Everything works again.
    pub(crate) async fn mend(&self) {
        self.wire.as_ref().unwrap().mend();
        self.sql("DROP FUNCTION IF EXISTS bursar.is_full() CASCADE").await;
    }

    async fn sql(&self, sql: &str) {
        let (_, database) = self.url.split('?').next().unwrap().rsplit_once('/').unwrap();
        Cluster::shared().sql(database, sql).await;
    }
}

impl Deref for TestStore {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

/// Ids are made of randomness that each writer has for itself: with one of them they are those of the store
/// in memory, so that both have the same snapshots.
fn options() -> Options {
    Options { writers: 1, ..Options::default() }
}

/// Makes the schema, once for all tests.
async fn prepare(url: String) {
    let store = PostgresStore::open(&url, options()).await.unwrap();
    store.close().await.unwrap();
}
