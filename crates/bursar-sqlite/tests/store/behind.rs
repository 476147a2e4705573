//! Views that can't be written: reading and writing go on, up to a bound.

use std::time::{Duration, Instant};

use bursar_sqlite::{Options, SqliteStore};
use bursar_store::{Store, StoreError};
use rusqlite::Connection;

use super::support::{Files, Load};

fn options() -> Options {
    Options {
        flush_entries: 100,
        flush_after: Duration::from_millis(1),
        max_lag_entries: 300,
        max_lag_wait: Duration::from_millis(200),
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_wait_for_views_that_are_too_far_behind() {
    let files = Files::new();
    let store = SqliteStore::open(files.path(), options()).unwrap();
    let mut load = Load::begin(&store).await;
    let blocker = Connection::open(files.file("views.db")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut kept = 0;
    let error = loop {
        match load.batch().await {
            Ok(_) => kept += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("too far behind"), "{error}");
    assert!((25..=40).contains(&kept), "{kept} batches of 10");
    // What is not in the views is read from memory meanwhile.
    let id = "account-0".parse().unwrap();
    let lines = store.statement(&id, None, 1_000).await.unwrap();
    assert_eq!(lines.len(), 1 + kept);
    assert!(store.lag().entries >= 300);
    blocker.execute_batch("ROLLBACK").unwrap();
    let patience = Instant::now() + Duration::from_secs(20);
    while load.batch().await.is_err() {
        assert!(Instant::now() < patience, "writing works again");
    }
    drop(load);
    store.close().await.unwrap();
    drop(store);
    files.prove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn views_follow_by_themselves() {
    let files = Files::new();
    let store = SqliteStore::open(files.path(), options()).unwrap();
    let mut load = Load::begin(&store).await;
    load.charge(5).await;
    let patience = Instant::now() + Duration::from_secs(20);
    while store.lag().viewed < 6 {
        assert!(Instant::now() < patience, "{:?}", store.lag());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(store.lag().entries, 0);
}

/// The log of the journal doesn't grow for ever, although the writer never pauses.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_moved_under_load() {
    let files = Files::new();
    let options = Options { checkpoint_bytes: 1 << 20, ..Options::default() };
    let store = SqliteStore::open(files.path(), options).unwrap();
    let mut load = Load::begin(&store).await;
    let length = |name| std::fs::metadata(files.file(name)).unwrap().len();
    let patience = Instant::now() + Duration::from_secs(60);
    while length("journal.db") < 3 << 20 {
        load.charge(20).await;
        assert!(Instant::now() < patience, "never moved");
    }
    let log = length("journal.db-wal");
    assert!(log < 10 << 20, "{log} bytes");
}

/// Nor under a server that crashes before it has written much: what was left counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_a_crash_has_left_is_moved() {
    const MUCH: u64 = 1 << 20;
    let (lived, files) = (Files::new(), Files::new());
    let store = lived.open();
    let mut load = Load::begin(&store).await;
    let length = |files: &Files, name| std::fs::metadata(files.file(name)).unwrap().len();
    while length(&lived, "journal.db-wal") < MUCH {
        load.charge(20).await;
    }
    // What the disk has when the process dies.
    for name in ["journal.db", "journal.db-wal"] {
        std::fs::copy(lived.file(name), files.file(name)).unwrap();
    }
    let before = length(&files, "journal.db");
    let options = Options { checkpoint_bytes: MUCH, ..Options::default() };
    let _store = SqliteStore::open(files.path(), options).unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while length(&files, "journal.db") < before + MUCH / 4 {
        assert!(Instant::now() < patience, "never moved");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
