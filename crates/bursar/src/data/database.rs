//! A PostgreSQL database in place of what is in a data directory.

use anyhow::Result;
use bursar_postgres::{Options, PostgresStore};

use crate::problem;

/// What it is called before it is open: the URL may have a password in it.
pub(crate) const NAME: &str = "the database";

/// Opens a database, making its schema if there is none.
pub(crate) async fn open(url: &str) -> Result<PostgresStore> {
    let opened = PostgresStore::open(url, Options::default()).await;
    opened.map_err(|error| problem::of_store("open", NAME, &error))
}

/// Opens a database that has data of this version.
pub(crate) async fn open_existing(url: &str) -> Result<PostgresStore> {
    let opened = PostgresStore::open_existing(url, Options::default()).await;
    opened.map_err(|error| problem::of_store("open", NAME, &error))
}
