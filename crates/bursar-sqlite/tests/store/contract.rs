//! The store keeps the contract: with views that are written at once, and with views that are never
//! written while it is open, so that both ways of finding things are gone through.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bursar_sqlite::{Options, SqliteStore};
use bursar_store::Store;
use bursar_store::contract::Place;
use tempfile::TempDir;

struct Directory {
    dir: TempDir,
    options: Options,
}

impl Directory {
    fn new(options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { dir, options }
    }
}

#[async_trait]
impl Place for Directory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.dir.path(), self.options.clone()).unwrap())
    }
}

/// Little is kept in memory, and the views are written all the time.
fn eager() -> Options {
    Options { cached_accounts: 2, flush_after: Duration::ZERO, ..Options::default() }
}

/// Nothing is in the views before the store is closed.
fn lazy() -> Options {
    Options { flush_after: Duration::from_secs(3_600), ..Options::default() }
}

mod with_eager_views {
    use super::*;
    bursar_store::store_contract!(Directory::new(eager()));
}

mod with_lazy_views {
    use super::*;
    bursar_store::store_contract!(Directory::new(lazy()));
}
