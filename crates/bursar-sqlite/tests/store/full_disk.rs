//! A disk that is full: nothing is half written, reading goes on, and space makes it work again.

use bursar_sqlite::SqliteStore;
use bursar_store::{Store, StoreError};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::support::{Files, Load, child, directory_of_child};

/// Runs where no file may grow beyond 400 KB, until it lifts that limit.
#[tokio::test(flavor = "multi_thread")]
async fn child_on_a_full_disk() {
    let Some(dir) = directory_of_child() else {
        return;
    };
    let store = SqliteStore::open(dir, Default::default()).unwrap();
    let mut load = Load::begin(&store).await;
    let error = loop {
        if let Err(error) = load.batch().await {
            break error;
        }
    };
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("journal.db"), "{error}");
    let kept = load.next;
    assert!(kept > 10);
    for _ in 0..10 {
        load.batch().await.unwrap_err();
    }
    let id = "account-0".parse().unwrap();
    let account = store.account(&id).await.unwrap().unwrap();
    assert_eq!(account.version, 2 + kept, "as after the last commit");
    let lines = store.statement(&id, None, 100_000).await.unwrap();
    assert_eq!(u64::try_from(lines.len()).unwrap(), 1 + kept);
    let limits = getrlimit(Resource::Fsize);
    let lifted = Rlimit { current: limits.maximum, ..limits };
    setrlimit(Resource::Fsize, lifted).unwrap();
    load.charge(500).await;
    let account = store.account(&id).await.unwrap().unwrap();
    assert_eq!(account.version, 502 + kept);
    drop(load);
    store.close().await.unwrap();
    println!("\nkept {kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing() {
    let files = Files::new();
    // Without the trap the first write beyond the limit would end the process.
    let limit = "trap '' XFSZ; ulimit -S -f 800;";
    let output = child("full_disk::child_on_a_full_disk", &files, limit);
    let output = output.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let kept = said.lines().find_map(|line| line.strip_prefix("kept "));
    let kept: u64 = kept.unwrap().parse().unwrap();
    let store = files.open();
    Load::begin(&store).await.find_all(kept + 500).await;
    store.close().await.unwrap();
    drop(store);
    assert_eq!(files.prove().await, 20 + 10 * (kept + 500));
}
