//! Copies of a journal that is being written, and starting from one.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bursar_sqlite::{backup, restore, verify};
use bursar_store::{BillingDetails, Contact, Registry, Store};

use super::support::{Files, Load, buyer};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_a_moment_of_the_journal() {
    let files = Files::new();
    let store = files.open();
    let contact = Contact { name: Some("Ada".to_owned()), email: None };
    let id = "account-1".parse().unwrap();
    store.put_contact(&id, contact.clone()).await.unwrap();
    let details = BillingDetails { name: "Ada".to_owned(), ..BillingDetails::default() };
    store.add_billing_details(&id, details.clone()).await.unwrap();
    store.put_setting("secret", b"of this server").await.unwrap();
    let mut load = Load::begin(&store).await;
    load.open_till().await;
    for round in 0..3 {
        load.sell(round).await.unwrap();
    }
    load.charge(100).await;
    let buyer = buyer(7).parse().unwrap();
    let documents = store.documents(&buyer, None, 100).await.unwrap();
    assert_eq!(documents.len(), 3);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let writing = tokio::spawn(async move {
        while !stopped.load(Ordering::Acquire) {
            load.charge(1).await;
        }
        load
    });
    let (from, to) = (files.path(), files.file("backup.db"));
    let copied = tokio::task::spawn_blocking(move || {
        let mut last = (0, 0);
        backup(from, to, |done, total| last = (done, total)).unwrap();
        last
    });
    let (done, total) = copied.await.unwrap();
    assert!(done == total && done > 0);
    stop.store(true, Ordering::Release);
    let load = writing.await.unwrap();
    drop(load);
    store.close().await.unwrap();
    let other = Files::new();
    restore(files.file("backup.db"), other.file("data")).unwrap();
    let store = bursar_sqlite::SqliteStore::open(other.file("data"), Default::default()).unwrap();
    assert_eq!(store.contact(&id).await.unwrap(), contact);
    assert_eq!(store.billing_details(&id, 1).await.unwrap(), Some(details));
    assert_eq!(store.setting_or("secret", b"").await.unwrap(), b"of this server");
    assert_eq!(store.documents(&buyer, None, 100).await.unwrap(), documents);
    Load::begin(&store).await.find_all(100).await;
    store.close().await.unwrap();
    verify(other.file("data"), |_, _| {}).unwrap();
}

#[tokio::test]
async fn a_backup_overwrites_nothing() {
    let files = Files::used().await;
    fs::write(files.file("backup.db"), "precious").unwrap();
    let error = backup(files.path(), files.file("backup.db"), |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("backup.db exists"), "{error}");
    assert_eq!(fs::read(files.file("backup.db")).unwrap(), b"precious");
}

#[tokio::test]
async fn a_backup_is_restored_into_an_empty_directory_only() {
    let files = Files::used().await;
    backup(files.path(), files.file("backup.db"), |_, _| {}).unwrap();
    let error = restore(files.file("backup.db"), files.path()).unwrap_err();
    assert!(error.to_string().contains("is not empty"), "{error}");
    assert_eq!(files.prove().await, 220);
}

#[tokio::test]
async fn half_a_backup_is_not_restored() {
    let files = Files::used().await;
    let backup_file = files.file("backup.db");
    backup(files.path(), &backup_file, |_, _| {}).unwrap();
    let length = fs::metadata(&backup_file).unwrap().len();
    let file = fs::File::options().write(true).open(&backup_file).unwrap();
    file.set_len(length / 2).unwrap();
    let other = Files::new();
    restore(&backup_file, other.file("data")).unwrap_err();
    fs::write(files.file("nothing.db"), "").unwrap();
    let error = restore(files.file("nothing.db"), other.file("data")).unwrap_err();
    assert!(error.to_string().contains("not a journal"), "{error}");
    assert_eq!(fs::read_dir(other.file("data")).unwrap().count(), 0);
}
