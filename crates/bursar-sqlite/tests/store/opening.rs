//! Who may open what, and what they are told when they may not.

use std::fs;

use bursar_sqlite::{Options, SqliteStore, backup, rebuild_views, restore, verify};
use bursar_store::contract::{payment_id, reference};
use bursar_store::{BillingDetails, Payer, PaymentName, Registry, Store, StoreError};

use super::support::{Files, Load, buyer, name};

/// Opening fails, and says all of this.
fn refused(result: Result<SqliteStore, StoreError>, says: &[&str]) -> StoreError {
    let error = result.err().expect("must not open");
    let text = error.to_string();
    for part in says {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
    error
}

#[tokio::test]
async fn a_directory_belongs_to_one_process() {
    let files = Files::new();
    let store = files.open();
    let path = files.path().display().to_string();
    refused(files.try_open(), &[&path, "in use by another Bursar process"]);
    rebuild_views(files.path(), |_, _| {}).unwrap_err();
    store.close().await.unwrap();
    files.open();
}

#[test]
fn a_directory_that_is_a_file_is_named() {
    let files = Files::new();
    let file = files.file("data");
    fs::write(&file, "").unwrap();
    let name = file.display().to_string();
    refused(SqliteStore::open(&file, Options::default()), &[&name]);
}

#[test]
fn a_journal_that_cannot_be_opened_is_named() {
    let files = Files::new();
    fs::create_dir(files.file("journal.db")).unwrap();
    let name = files.file("journal.db").display().to_string();
    refused(files.try_open(), &[&name, "look whether it is there"]);
}

#[test]
fn a_journal_that_is_something_else_is_left_alone() {
    let files = Files::new();
    fs::write(files.file("journal.db"), "no database at all, however long it may be".repeat(99))
        .unwrap();
    let error = refused(files.try_open(), &["journal.db", "restore the last backup"]);
    assert!(matches!(error, StoreError::Damaged(_)));
    let files = Files::new();
    files.sql("journal.db", "PRAGMA user_version = 1; CREATE TABLE journal (other)");
    refused(files.try_open(), &["is not a journal of Bursar's"]);
}

#[tokio::test]
async fn a_newer_journal_is_refused() {
    let files = Files::used().await;
    files.sql("journal.db", "PRAGMA user_version = 99");
    let error = refused(files.try_open(), &["schema 99", "a newer one"]);
    assert!(matches!(error, StoreError::Newer(_)));
    refused(SqliteStore::open_read_only(files.path()), &["schema 99"]);
    verify(files.path(), |_, _| {}).unwrap_err();
}

#[tokio::test]
async fn a_damaged_row_after_the_views_is_named() {
    let files = Files::used().await;
    files.sql(
        "journal.db",
        "INSERT INTO journal SELECT commit_id + 1, CAST(substr(entries, 1, length(entries) - 1) || x'77' AS BLOB)
         FROM journal ORDER BY commit_id DESC LIMIT 1",
    );
    let error = refused(files.try_open(), &["journal.db, commit 22: a record's checksum is wrong"]);
    assert!(matches!(error, StoreError::Damaged(_)));
}

#[tokio::test]
async fn a_missing_row_after_the_views_is_named() {
    let files = Files::used().await;
    files.sql("journal.db", "INSERT INTO journal SELECT max(commit_id) + 2, entries FROM journal");
    refused(files.try_open(), &["commit 22 is missing"]);
}

/// Whatever happened to the views, opening makes them what they should be.
async fn rebuilt(spoil: impl FnOnce(&Files)) {
    let files = Files::used().await;
    spoil(&files);
    let store = files.open();
    Load::begin(&store).await.find_all(20).await;
    store.close().await.unwrap();
    drop(store);
    assert_eq!(files.prove().await, 220);
}

#[tokio::test]
async fn missing_views_are_rebuilt() {
    rebuilt(|files| fs::remove_file(files.file("views.db")).unwrap()).await;
}

#[tokio::test]
async fn views_that_were_cut_off_are_rebuilt() {
    rebuilt(|files| {
        let views = files.file("views.db");
        let file = fs::File::options().write(true).open(&views).unwrap();
        file.set_len(fs::metadata(&views).unwrap().len() / 2).unwrap();
    })
    .await;
    rebuilt(|files| fs::write(files.file("views.db"), "").unwrap()).await;
}

#[tokio::test]
async fn views_that_are_something_else_are_rebuilt() {
    rebuilt(|files| fs::write(files.file("views.db"), "something else".repeat(999)).unwrap()).await;
}

#[tokio::test]
async fn views_of_another_version_are_rebuilt() {
    rebuilt(|files| {
        files.sql("views.db", "PRAGMA user_version = 99; DELETE FROM runs");
    })
    .await;
}

#[tokio::test]
async fn views_whose_runs_are_lost_or_cut_off_are_rebuilt() {
    for folder in ["views.index", "views.states"] {
        rebuilt(|files| fs::remove_dir_all(files.file(folder)).unwrap()).await;
        rebuilt(|files| fs::remove_file(files.runs(folder).remove(0)).unwrap()).await;
        rebuilt(|files| {
            let run = files.runs(folder).remove(0);
            let file = fs::File::options().write(true).open(&run).unwrap();
            file.set_len(fs::metadata(&run).unwrap().len() / 2).unwrap();
        })
        .await;
    }
    rebuilt(|files| files.sql("views.db", "UPDATE runs SET records = records + 1")).await;
}

#[tokio::test]
async fn what_a_crash_left_of_runs_is_removed() {
    let files = Files::used().await;
    for folder in ["views.index", "views.states"] {
        let left = files.file(folder).join("99.run");
        fs::write(&left, "half of it").unwrap();
        files.prove().await;
        assert!(!left.exists());
    }
}

/// Before there was a vault.
#[tokio::test]
async fn a_directory_of_the_second_version_is_brought_to_this_one() {
    let files = Files::sold().await;
    files.sql(
        "journal.db",
        "DROP TABLE asset_details; DROP TABLE portal_links; DROP TABLE portal_sessions;
         PRAGMA user_version = 2",
    );
    files.sql(
        "views.db",
        "DROP TABLE assets; DROP TABLE owners; DROP INDEX accounts_erasing;
         ALTER TABLE accounts DROP COLUMN erasing; PRAGMA user_version = 131074",
    );
    assert_eq!(verify(files.path(), |_, _| {}).unwrap().views, None);
    let store = files.open();
    assert_eq!(store.erasing(None, 10).await.unwrap(), []);
    assert_eq!(store.detailed_assets(None, 10).await.unwrap(), []);
    assert_eq!(store.asking(None, 100).await.unwrap().len(), 10);
    store.close().await.unwrap();
    let report = verify(files.path(), |_, _| {}).unwrap();
    assert_eq!(report.views, Some(report.commits));
}

/// Before there were payments.
#[tokio::test]
async fn a_directory_of_the_first_version_is_brought_to_this_one() {
    let files = Files::used().await;
    files.sql(
        "journal.db",
        "DROP TABLE billing_details; DROP TABLE asset_details; DROP TABLE portal_links;
         DROP TABLE portal_sessions; PRAGMA user_version = 1",
    );
    files.sql(
        "views.db",
        "DROP TABLE payments; DROP TABLE payment_refunds; DROP TABLE documents;
         DROP INDEX accounts_asking; ALTER TABLE accounts DROP COLUMN asking;
         PRAGMA user_version = 65537",
    );
    let says = ["views.db is of another version", "starting the server builds it anew"];
    refused(SqliteStore::open_read_only(files.path()), &says);
    assert_eq!(verify(files.path(), |_, _| {}).unwrap().views, None);
    let backup_file = files.file("backup.db");
    backup(files.path(), &backup_file, |_, _| {}).unwrap();
    let restored = Files::new();
    restore(&backup_file, restored.file("data")).unwrap();
    for dir in [files.path(), restored.file("data")] {
        let store = SqliteStore::open(&dir, Options::default()).unwrap();
        let mut load = Load::begin(&store).await;
        load.find_all(20).await;
        load.open_till().await;
        load.sell(0).await.unwrap();
        let (id, details) = (name(1).parse().unwrap(), BillingDetails::default());
        assert_eq!(store.add_billing_details(&id, details.clone()).await.unwrap(), 1);
        assert_eq!(store.billing_details(&id, 1).await.unwrap(), Some(details));
        assert_eq!(store.documents(&buyer(1).parse().unwrap(), None, 9).await.unwrap().len(), 1);
        drop(load);
        store.close().await.unwrap();
        drop(store);
        let report = verify(&dir, |_, _| {}).unwrap();
        assert_eq!((report.counts.payments, report.counts.invoices), (20, 10));
        assert_eq!(report.views, Some(report.commits));
    }
}

#[tokio::test]
async fn erased_billing_details_are_none_and_their_number_stays_theirs() {
    let files = Files::new();
    let (a, details) = ("a".parse().unwrap(), BillingDetails::default());
    let store = files.open();
    store.add_billing_details(&a, details.clone()).await.unwrap();
    store.close().await.unwrap();
    files.sql(
        "journal.db",
        "UPDATE billing_details SET name = NULL, company = NULL, address = NULL",
    );
    let store = files.open();
    assert_eq!(store.billing_details(&a, 1).await.unwrap(), None);
    assert_eq!(store.add_billing_details(&a, details.clone()).await.unwrap(), 2);
    assert_eq!(store.billing_details(&a, 2).await.unwrap(), Some(details));
}

#[tokio::test]
async fn views_of_another_journal_are_rebuilt() {
    rebuilt(|files| files.sql("views.db", "UPDATE stamp SET checksum = checksum + 1")).await;
    rebuilt(|files| files.sql("views.db", "UPDATE stamp SET commit_id = commit_id + 1")).await;
}

#[tokio::test]
async fn views_are_rebuilt_when_asked() {
    let files = Files::used().await;
    files.sql("views.db", "DELETE FROM runs; UPDATE accounts SET due_at = 1");
    verify(files.path(), |_, _| {}).unwrap_err();
    let mut seen = (0, 0);
    rebuild_views(files.path(), |done, total| seen = (done, total)).unwrap();
    assert_eq!(seen, (21, 21));
    verify(files.path(), |_, _| {}).unwrap();
}

#[tokio::test]
async fn a_reader_beside_a_server_sees_its_commits() {
    let files = Files::new();
    let store = files.open();
    let mut load = Load::begin(&store).await;
    let reader = SqliteStore::open_read_only(files.path()).unwrap();
    for batch in 1..=5 {
        load.charge(1).await;
        let id = "account-3".parse().unwrap();
        let account = reader.account(&id).await.unwrap();
        assert_eq!(account, store.account(&id).await.unwrap());
        let lines = reader.statement(&id, None, 100).await.unwrap();
        assert_eq!(lines, store.statement(&id, None, 100).await.unwrap());
        assert_eq!(lines.len(), 1 + batch);
        let journal = reader.journal(Default::default(), 1_000).await.unwrap();
        assert_eq!(journal.len(), 20 + 10 * batch);
    }
    load.open_till().await;
    for round in 0..3 {
        load.sell(round).await.unwrap();
        let id = buyer(4).parse().unwrap();
        let payment = payment_id(&buyer(4), round + 1);
        let row = reader.payment(&id, payment).await.unwrap().unwrap();
        assert!(row.record.has_succeeded());
        let name = PaymentName::Reference(reference(payment));
        let payer = Some(Payer { account: id.clone(), payment });
        assert_eq!(reader.payer(&name).await.unwrap(), payer);
        let documents = reader.documents(&id, None, 100).await.unwrap();
        assert_eq!(u32::try_from(documents.len()).unwrap(), 1 + round);
        assert_eq!(documents, store.documents(&id, None, 100).await.unwrap());
        let newest = documents[0].record.id;
        let document = reader.document(&id, newest).await.unwrap();
        assert_eq!(document.as_ref(), documents.first());
        assert_eq!(reader.asking(None, 100).await.unwrap().len(), 10);
    }
    assert!(reader.writer().is_err());
    assert!(reader.setting_or("a", b"b").await.is_err());
    store.close().await.unwrap();
    let id = "account-3".parse().unwrap();
    assert_eq!(reader.account(&id).await.unwrap().unwrap().version, 7);
}

#[test]
fn reading_needs_something_to_read() {
    let files = Files::new();
    let name = files.file("journal.db").display().to_string();
    refused(SqliteStore::open_read_only(files.path()), &[&name]);
}
