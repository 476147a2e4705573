//! The [scenarios](scenarios.rs) on a store in PostgreSQL, each in a database of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod runner;

use std::sync::Arc;

use bursar_postgres::cluster::Cluster;
use bursar_postgres::{Options, PostgresStore};
use bursar_store::Store;
use runner::Opening;

fn main() {
    runner::suite::run(open, false)
}

fn open() -> Opening {
    Box::pin(async {
        let url = Cluster::shared().copy(prepare).await;
        let store = PostgresStore::open(&url, Options::default()).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        store
    })
}

/// Makes the schema, once for all scenarios.
async fn prepare(url: String) {
    let store = PostgresStore::open(&url, Options::default()).await.unwrap();
    store.close().await.unwrap();
}
