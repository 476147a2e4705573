//! Files in the views, what is known of them, and the proof of both.

use std::fs;

use bursar_core::id::AssetId;
use bursar_sqlite::{Difference, verify};
use bursar_store::contract::{Ask, Clerk, keep_details};
use bursar_store::{AssetDetails, Registry, Store};
use rusqlite::Connection;

use super::support::Files;

/// Three files, an upload, and one that was deleted and isn't erased yet.
async fn stored() -> (Files, Vec<AssetId>) {
    let files = Files::new();
    let store = files.open();
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(1);
    for ask in Ask::subscriber("a", "small") {
        clerk.one(&mut *writer, ask).await.unwrap().done();
    }
    let mut assets = Vec::new();
    for bytes in 1..=5 {
        let outcome = clerk.one(&mut *writer, Ask::reserve("a", bytes)).await.unwrap();
        keep_details(&store, std::slice::from_ref(&outcome)).await;
        let entry = outcome.done();
        let event = &entry.events[0].event;
        let asset = bursar_core::account::storage::record::subject(event).unwrap();
        if bytes < 5 {
            clerk.one(&mut *writer, Ask::store("a", asset, bytes, bytes)).await.unwrap().done();
        }
        assets.push(asset);
    }
    clerk.one(&mut *writer, Ask::external("a", 100)).await.unwrap().done();
    clerk.one(&mut *writer, Ask::delete("a", assets[3])).await.unwrap().done();
    drop(writer);
    store.close().await.unwrap();
    (files, assets)
}

#[tokio::test]
async fn what_is_stored_is_counted() {
    let (files, _) = stored().await;
    let assets = verify(files.path(), |_, _| {}).unwrap().assets;
    assert_eq!((assets.files, assets.bytes), (4, 106));
    assert_eq!((assets.uploads, assets.purged, assets.accounts), (1, 0, 1));
}

/// Changes a file, and sees what is said of it.
fn found(files: &Files, file: &str, sql: &str, says: &str) -> Difference {
    let whole = fs::read(files.file(file)).unwrap();
    files.sql(file, sql);
    let difference = verify(files.path(), |_, _| {}).expect_err(sql);
    let text = difference.to_string();
    assert!(text.contains(says), "{text:?} does not say {says:?}");
    for log in ["-wal", "-shm"] {
        let _ = fs::remove_file(files.file(&format!("{file}{log}")));
    }
    fs::write(files.file(file), whole).unwrap();
    difference
}

/// Every column is compared.
#[tokio::test]
async fn a_changed_column_is_found() {
    let (files, assets) = stored().await;
    let columns: Vec<String> = {
        let views = Connection::open(files.file("views.db")).unwrap();
        let mut select = views.prepare("SELECT name FROM pragma_table_info('assets')").unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(columns.len(), 11);
    for (asset, absent) in [(assets[0], "expires_at"), (assets[4], "attempt")] {
        for column in columns.iter().filter(|column| *column != absent) {
            // A file that isn't uploaded has no attempt: nothing of it is read.
            let other = match column.as_str() {
                "external" => "1 - external".to_owned(),
                "asset" => "substr(asset, 1, 37) || 'x'".to_owned(),
                _ => format!("coalesce({column}, 0) || '1'"),
            };
            if asset == assets[4] && column == "external" {
                continue;
            }
            let sql = format!("UPDATE assets SET {column} = {other} WHERE asset = '{asset}'");
            found(&files, "views.db", &sql, "");
        }
    }
}

#[tokio::test]
async fn a_missing_row_and_a_row_too_many_are_found() {
    let (files, assets) = stored().await;
    let missing = format!("DELETE FROM assets WHERE asset = '{}'", assets[0]);
    found(&files, "views.db", &missing, &format!("assets of a, {} is missing", assets[0]));
    let more = "INSERT INTO assets SELECT 'nobody', asset, version, vault, kind, bytes, stored_at,
         expires_at, external, attempt, reference FROM assets LIMIT 1";
    found(&files, "views.db", more, "assets has 6 rows, the journal makes 5");
    let back = format!(
        "INSERT INTO assets SELECT account_id, '{}', 99, vault, kind, bytes, stored_at,
         expires_at, external, attempt, reference FROM assets LIMIT 1",
        assets[3]
    );
    found(
        &files,
        "views.db",
        &back,
        &format!("{} is there, the journal has deleted it", assets[3]),
    );
    found(&files, "views.db", "DELETE FROM owners", "owners has 0 rows, the journal makes 1");
    let erasing = "UPDATE accounts SET erasing = 0";
    found(&files, "views.db", erasing, "accounts of a is");
}

/// No bytes without a name, no name without bytes.
#[tokio::test]
async fn details_are_compared_with_the_files() {
    let (files, assets) = stored().await;
    let missing = format!("DELETE FROM asset_details WHERE asset = '{}'", assets[0]);
    let difference = found(&files, "journal.db", &missing, "is a file without details");
    assert!(matches!(difference, Difference::Details { .. }));
    // Of one that is being uploaded, or was deleted and isn't erased, they may be there or not.
    files.sql("journal.db", &format!("DELETE FROM asset_details WHERE asset = '{}'", assets[4]));
    verify(files.path(), |_, _| {}).unwrap();
    let other = format!("UPDATE asset_details SET vault = 1 WHERE asset = '{}'", assets[0]);
    found(&files, "journal.db", &other, "has details, and there is no such file");
    let nobody = format!("UPDATE asset_details SET account_id = 'b' WHERE asset = '{}'", assets[3]);
    found(&files, "journal.db", &nobody, "has details, and there is no such file");
    let store = files.open();
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(2);
    let erased = Ask::erased("a", 0, vec![assets[3]]);
    clerk.one(&mut *writer, erased).await.unwrap().done();
    drop(writer);
    store.close().await.unwrap();
    verify(files.path(), |_, _| {}).unwrap_err();
}

/// What is erased is not left in a free page of the file either.
#[tokio::test]
async fn erased_details_are_overwritten() {
    let files = Files::new();
    let store = files.open();
    let id = "a".parse().unwrap();
    let asset = |n: u8| format!("asset_{n:032x}").parse::<AssetId>().unwrap();
    for n in 0..50 {
        let name = format!("very-private-holiday-{n}.png");
        let details = AssetDetails { name, ..AssetDetails::default() };
        store.put_asset_details(&id, asset(n), details).await.unwrap();
    }
    let some: Vec<AssetId> = (0..25).map(asset).collect();
    store.remove_asset_details(&id, &some).await.unwrap();
    store.remove_vault_details(&id, 0).await.unwrap();
    store.close().await.unwrap();
    for file in ["journal.db", "journal.db-wal"] {
        let bytes = fs::read(files.file(file)).unwrap_or_default();
        let there = bytes.windows(12).any(|window| window == b"very-private");
        assert!(!there, "{file} still has a name");
    }
}
