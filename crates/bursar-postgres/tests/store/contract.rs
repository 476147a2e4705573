//! The store keeps the contract.

use std::sync::Arc;

use async_trait::async_trait;
use bursar_postgres::cluster::Cluster;
use bursar_postgres::{Options, PostgresStore};
use bursar_store::Store;
use bursar_store::contract::Place;
use tokio::sync::OnceCell;

/// A database of its own.
struct Database(OnceCell<String>);

impl Database {
    fn new() -> Self {
        Self(OnceCell::new())
    }
}

#[async_trait]
impl Place for Database {
    async fn open(&self) -> Arc<dyn Store> {
        let url = self.0.get_or_init(|| Cluster::shared().database()).await;
        Arc::new(PostgresStore::open(url, Options::default()).await.unwrap())
    }
}

bursar_store::store_contract!(Database::new());
