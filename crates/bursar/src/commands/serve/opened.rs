//! The store that a server works on: in its data directory, or in a database that it shares.

use std::sync::Arc;

use anyhow::Result;
use bursar_sqlite::SqliteStore;
use bursar_store::Store;

use crate::cli::StoreArgs;
use crate::data::database;
use crate::problem;

/// An open store.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    /// What it is called in messages.
    pub(super) name: String,
    /// The store in the data directory, if it is that one.
    pub(super) embedded: Option<Arc<SqliteStore>>,
}

impl Opened {
    /// Opens what the arguments say, making it if there is none.
    pub(super) async fn of(args: &StoreArgs) -> Result<Self> {
        if let Some(url) = args.database() {
            let store = database::open(url).await?;
            let name = store.place().to_owned();
            return Ok(Self { store: Arc::new(store), name, embedded: None });
        }
        let dir = args.dir();
        let store = SqliteStore::open(dir, bursar_sqlite::Options::default())
            .map_err(|error| problem::of_store("open", dir, &error))?;
        let store = Arc::new(store);
        let (name, embedded) = (dir.to_owned(), Some(Arc::clone(&store)));
        Ok(Self { store, name, embedded })
    }
}
