//! The database server that all use.

use std::fs;

use bursar_postgres::cluster::Cluster;
use tokio_postgres::{Client, NoTls};

/// What one would set for a machine of its own with some gigabytes, as durable as by default. No checkpoint
/// falls into the measurements, and tables are vacuumed between the rounds, not in the midst of one, so
/// that neither side pays for the other's.
const SETTINGS: &str = "
shared_buffers = 2GB
max_wal_size = 16GB
checkpoint_timeout = 1h
autovacuum = off
max_connections = 400
";

/// A server of our own.
pub(crate) struct Server {
    cluster: Cluster,
    watcher: Client,
}

/// What was written to the write-ahead log.
#[derive(Clone, Copy)]
pub(crate) struct Written {
    pub(crate) bytes: f64,
    images: f64,
}

impl Written {
    pub(crate) fn since(self, before: Self) -> Self {
        Self { bytes: self.bytes - before.bytes, images: self.images - before.images }
    }

    /// What images of whole pages take, at most: a page each.
    pub(crate) fn image_bytes(self) -> f64 {
        self.images * 8_192.0
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        let cluster = Cluster::start_with(SETTINGS);
        let watcher = connect(&cluster.url("postgres")).await;
        Self { cluster, watcher }
    }

    /// A new database; its URL.
    pub(crate) async fn database(&self) -> String {
        self.cluster.database().await
    }

    /// The process that all of its processes are children of.
    pub(crate) fn process(&self) -> u32 {
        let file = self.cluster.directory().join("data/postmaster.pid");
        fs::read_to_string(file).unwrap().lines().next().unwrap().parse().unwrap()
    }

    /// What has been written so far.
    pub(crate) async fn written(&self) -> Written {
        let position = "SELECT (pg_current_wal_lsn() - '0/0')::float8";
        let images = "SELECT wal_fpi::float8 FROM pg_stat_wal";
        let position = self.watcher.query_one(position, &[]).await.unwrap();
        let images = self.watcher.query_one(images, &[]).await.unwrap();
        Written { bytes: position.get(0), images: images.get(0) }
    }

    /// Clears away what the measurements left, in every database, and forgets no image of a page.
    pub(crate) async fn vacuum(&self) {
        let select = "SELECT datname FROM pg_database WHERE datname LIKE 'test%'";
        for row in self.watcher.query(select, &[]).await.unwrap() {
            let database: &str = row.get(0);
            self.cluster.sql(database, "VACUUM (ANALYZE)").await;
        }
    }

    pub(crate) async fn description(&self) -> String {
        let row = self.watcher.query_one("SELECT version()", &[]).await.unwrap();
        let version: &str = row.get(0);
        let version = version.split(" (").next().unwrap_or(version);
        format!("{version}, fsync and synchronous_commit on,{}", SETTINGS.replace('\n', "; "))
    }
}

/// A connection that serves until it is dropped.
pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
