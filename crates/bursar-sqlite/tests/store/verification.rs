//! What is proved, and what is found.

use std::time::Duration;

use bursar_sqlite::{Difference, Options, SqliteStore, verify};
use bursar_store::Store;

use super::support::{Files, Load};

#[tokio::test]
async fn a_directory_in_order_passes() {
    let files = Files::used().await;
    let mut seen = Vec::new();
    let report = verify(files.path(), |done, total| seen.push((done, total))).unwrap();
    assert_eq!((report.commits, report.entries, report.events), (21, 220, 220));
    assert_eq!((report.accounts, report.keys, report.views), (10, 220, Some(21)));
    assert_eq!(report.totals.values().sum::<i128>(), 0);
    assert_eq!(seen.last(), Some(&(21, 21)));
    // Without views only the journal can be proved.
    std::fs::remove_file(files.file("views.db")).unwrap();
    assert_eq!(verify(files.path(), |_, _| {}).unwrap().views, None);
}

#[tokio::test]
async fn an_empty_directory_passes() {
    let files = Files::new();
    files.open().close().await.unwrap();
    let report = verify(files.path(), |_, _| {}).unwrap();
    assert_eq!((report.commits, report.views), (0, Some(0)));
    files.sql("views.db", "INSERT INTO owners VALUES (x'00', 'a')");
    verify(files.path(), |_, _| {}).unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_may_write_meanwhile() {
    let files = Files::new();
    let options = Options { flush_after: Duration::from_millis(1), ..Options::default() };
    let store = SqliteStore::open(files.path(), options).unwrap();
    let mut load = Load::begin(&store).await;
    load.open_till().await;
    let mut round = 0;
    let path = files.path();
    let proving = tokio::task::spawn_blocking(move || {
        for _ in 0..20 {
            verify(&path, |_, _| {}).unwrap();
        }
    });
    while !proving.is_finished() {
        load.charge(1).await;
        // Without a pause the journal would grow faster than it is proved.
        tokio::time::sleep(Duration::from_millis(10)).await;
        if round < 20 {
            load.sell(round).await.unwrap();
            round += 1;
        }
    }
    proving.await.unwrap();
}

/// Spoils a file, and sees what is said of it.
async fn found(file: &str, sql: &str, says: &[&str]) {
    let files = Files::used().await;
    files.sql(file, sql);
    let difference = verify(files.path(), |_, _| {}).unwrap_err();
    let text = difference.to_string();
    for part in says {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
    if file == "views.db" {
        assert!(matches!(difference, Difference::Views { .. }), "{text}");
    }
}

#[tokio::test]
async fn a_changed_row_of_the_views_is_found() {
    let changed = "UPDATE accounts SET due_at = 7 WHERE account_id = 'account-8'";
    found("views.db", changed, &["accounts of account-8 is"]).await;
}

#[tokio::test]
async fn a_missing_row_of_the_views_is_found() {
    let missing = "DELETE FROM runs WHERE kind = 'index'";
    found("views.db", missing, &["the index lacks an entry of account-0 at"]).await;
    let missing = "DELETE FROM runs WHERE kind = 'states'";
    found("views.db", missing, &["there are states of 0 accounts, the journal makes 10"]).await;
    let missing = "DELETE FROM accounts WHERE account_id = 'account-4'";
    found("views.db", missing, &["accounts has 9 rows, the journal makes 10"]).await;
}

#[tokio::test]
async fn a_row_too_many_is_found() {
    let more = "INSERT INTO owners VALUES (x'00', 'a')";
    found("views.db", more, &["owners has 1 rows, the journal makes 0"]).await;
    let renamed = "UPDATE accounts SET account_id = 'nobody' WHERE account_id = 'account-4'";
    found("views.db", renamed, &["accounts has nobody"]).await;
}

#[tokio::test]
async fn a_damaged_run_is_found() {
    let files = Files::used().await;
    for run in [files.runs("views.index"), files.runs("views.states")].concat() {
        let good = std::fs::read(&run).unwrap();
        // A name, what it is the name of, the table behind the blocks.
        for byte in [3, 12, good.len() - 60] {
            let mut bad = good.clone();
            bad[byte] ^= 1;
            std::fs::write(&run, bad).unwrap();
            let text = verify(files.path(), |_, _| {}).unwrap_err().to_string();
            let says = "it is not what was written; rebuild the views";
            assert!(text.contains(says), "{text:?} does not say {says:?}");
        }
        std::fs::write(&run, good).unwrap();
    }
    verify(files.path(), |_, _| {}).unwrap();
}

#[tokio::test]
async fn a_damaged_journal_is_found() {
    let turned = "UPDATE journal SET entries = CAST(substr(entries, 1, 30) || x'ff'
         || substr(entries, 32) AS BLOB) WHERE commit_id = 9";
    found("journal.db", turned, &["commit 9: a record's checksum is wrong"]).await;
    let missing = "DELETE FROM journal WHERE commit_id = 9";
    found("journal.db", missing, &["commit 9 is missing"]).await;
    let cut = "DELETE FROM journal WHERE commit_id > 9";
    found("journal.db", cut, &["it has commit 21, the journal only 9"]).await;
    // Right in itself, and not the truth.
    let repeated = "INSERT INTO journal SELECT 22, entries FROM journal WHERE commit_id = 21";
    found("journal.db", repeated, &["commit 22, entry 0: account account-0", "follows version 22"])
        .await;
}
