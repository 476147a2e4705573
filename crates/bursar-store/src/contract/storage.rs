//! Files: one by one, in pages, and what is known of them.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::{Cancel, CertifyPurge, Command};
use bursar_core::account::event::Event;
use bursar_core::account::storage::record::{AssetRecord, Stage};
use bursar_core::catalog::AssetKind;
use bursar_core::id::{AccountId, AssetId};

use super::{Ask, Clerk, Place};
use crate::{
    AssetCursor, AssetDetails, AssetFilter, AssetOrder, AssetRow, Entry, Store, Wanted, Writer,
};

fn account(name: &str) -> AccountId {
    name.parse().unwrap()
}

/// The file that an entry is about first.
fn subject(entry: &Entry) -> AssetId {
    let mut events = entry.events.iter().map(|recorded| &recorded.event);
    events.find_map(bursar_core::account::storage::record::subject).unwrap()
}

async fn subscriber(clerk: &mut Clerk, writer: &mut dyn Writer, name: &str) {
    for ask in Ask::subscriber(name, "small") {
        clerk.one(writer, ask).await.unwrap().done();
    }
}

async fn reserve(clerk: &mut Clerk, writer: &mut dyn Writer, name: &str, bytes: u64) -> AssetId {
    clerk.wait(Duration::from_millis(1));
    subject(&clerk.one(writer, Ask::reserve(name, bytes)).await.unwrap().done())
}

async fn file(clerk: &mut Clerk, writer: &mut dyn Writer, name: &str, bytes: u64) -> AssetId {
    let asset = reserve(clerk, writer, name, bytes).await;
    clerk.one(writer, Ask::store(name, asset, bytes, u64::MAX)).await.unwrap().done();
    asset
}

async fn list(store: &dyn Store, name: &str, order: AssetOrder) -> Vec<AssetId> {
    let all = store.assets(&account(name), AssetFilter::default(), order, None, 100).await.unwrap();
    all.into_iter().map(|row| row.record.id).collect()
}

async fn reopen(place: &dyn Place, store: Arc<dyn Store>) -> Arc<dyn Store> {
    store.close().await.unwrap();
    drop(store);
    place.open().await
}

/// Reserved, stored, deleted: each in a commit of its own, and seen at once, also by the writer.
pub async fn a_file_is_followed_to_its_end(place: &dyn Place) {
    let mut clerk = Clerk::new(60);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    subscriber(&mut clerk, &mut *writer, "a").await;
    subscriber(&mut clerk, &mut *writer, "b").await;
    assert_eq!(store.owner(account("a").object_name()).await.unwrap(), None);
    let asset = reserve(&mut clerk, &mut *writer, "a", 1_000).await;
    let expires_at = clerk.now.after(Duration::from_secs(3_600));
    let row = check(&*store, &mut *writer, asset).await.unwrap();
    assert_eq!(row.record.stage, Stage::Uploading { expires_at });
    assert_eq!((row.record.bytes, row.record.vault), (1_000, 0));
    assert_eq!(row.record.reference, Some("job-1".parse().unwrap()));
    assert_eq!(store.asset(&account("b"), asset).await.unwrap(), None);
    let store_it = Ask::store("a", asset, 900, 0xfedc_ba98_7654_3210);
    let entry = clerk.one(&mut *writer, store_it).await.unwrap().done();
    let stored = check(&*store, &mut *writer, asset).await.unwrap();
    assert_eq!((stored.version, stored.record.bytes), (entry.version(), 900));
    assert_eq!(stored.record.attempt(), Some(0xfedc_ba98_7654_3210));
    let again = clerk.one(&mut *writer, Ask::store("a", asset, 900, 1)).await.unwrap();
    assert!(again.entry().is_none(), "the writer knows that it is stored: {again:?}");
    drop(writer);
    let store = reopen(place, store).await;
    let mut writer = store.writer().unwrap();
    assert_eq!(check(&*store, &mut *writer, asset).await, Some(stored));
    assert_eq!(store.owner(account("a").object_name()).await.unwrap(), Some(account("a")));
    clerk.one(&mut *writer, Ask::delete("a", asset)).await.unwrap().done();
    assert_eq!(check(&*store, &mut *writer, asset).await, None);
    assert_eq!(list(&*store, "a", AssetOrder::Newest).await, []);
    let again = clerk.one(&mut *writer, Ask::delete("a", asset)).await.unwrap();
    assert!(again.entry().is_none(), "the writer knows that it is gone: {again:?}");
    drop(writer);
    let store = reopen(place, store).await;
    assert_eq!(store.asset(&account("a"), asset).await.unwrap(), None);
    assert_eq!(store.owner(account("b").object_name()).await.unwrap(), None);
}

async fn check(store: &dyn Store, writer: &mut dyn Writer, asset: AssetId) -> Option<AssetRow> {
    let row = store.asset(&account("a"), asset).await.unwrap();
    let record = of_writer(writer, asset).await;
    assert_eq!(row.as_ref().map(|row| &row.record), record.as_ref());
    row
}

/// What the writer knows of a file of `a`, which has to be locked for that.
async fn of_writer(writer: &mut dyn Writer, asset: AssetId) -> Option<AssetRecord> {
    let wanted = Wanted { accounts: vec![account("a")], keys: Vec::new() };
    writer.begin(&wanted).await.unwrap();
    let record = writer.asset(&account("a"), asset).await.unwrap();
    writer.abandon().await;
    record
}

/// By id and by size; a page after a cursor is right whatever came and went since, and wherever the
/// rows are by now.
pub async fn files_come_in_pages_while_they_come_and_go(place: &dyn Place) {
    let mut clerk = Clerk::new(61);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    subscriber(&mut clerk, &mut *writer, "a").await;
    let mut files = Vec::new();
    for bytes in [50, 20, 90, 20, 70] {
        files.push(file(&mut clerk, &mut *writer, "a", bytes).await);
    }
    drop(writer);
    let store = reopen(place, store).await;
    let mut writer = store.writer().unwrap();
    let upload = reserve(&mut clerk, &mut *writer, "a", 60).await;
    let external = clerk.one(&mut *writer, Ask::external("a", 80)).await.unwrap().done();
    let external = subject(&external);
    let (oldest, largest) = (AssetOrder::Oldest, AssetOrder::Largest);
    let mut all = [&files[..], &[upload, external]].concat();
    all.sort_unstable();
    assert_eq!(list(&*store, "a", oldest).await, all);
    let mut newest = all.clone();
    newest.reverse();
    assert_eq!(list(&*store, "a", AssetOrder::Newest).await, newest);
    let by_size = [
        files[2],
        external,
        files[4],
        upload,
        files[0],
        files[3].max(files[1]),
        files[3].min(files[1]),
    ];
    assert_eq!(list(&*store, "a", largest).await, by_size);
    let page = |filter, order, after, limit| {
        let store = &store;
        async move {
            let page = store.assets(&account("a"), filter, order, after, limit).await.unwrap();
            page.into_iter().map(|row| row.record.id).collect::<Vec<_>>()
        }
    };
    let all = AssetFilter::default();
    let videos = AssetFilter { kind: Some(AssetKind::Video), ..all };
    assert_eq!(page(videos, AssetOrder::Newest, None, 9).await, [external]);
    let stored = AssetFilter { stored_only: true, ..all };
    assert_eq!(page(stored, largest, None, 4).await, [files[2], external, files[4], files[0]]);
    assert_eq!(page(AssetFilter { vault: 1, ..all }, largest, None, 4).await, []);
    // The file of the cursor goes, another comes before it.
    let cursor = AssetCursor { asset: files[4], bytes: 70 };
    clerk.one(&mut *writer, Ask::delete("a", files[4])).await.unwrap().done();
    file(&mut clerk, &mut *writer, "a", 75).await;
    assert_eq!(page(all, largest, Some(cursor), 2).await, [upload, files[0]]);
    assert_eq!(
        page(all, largest, Some(AssetCursor { asset: files[0], bytes: 50 }), 9).await.len(),
        2
    );
    let cursor = AssetCursor { asset: files[2], bytes: 0 };
    assert_eq!(page(all, AssetOrder::Newest, Some(cursor), 9).await, [files[1], files[0]]);
    assert_eq!(page(all, oldest, Some(cursor), 1).await, [files[3]]);
    clerk.one(&mut *writer, Ask::delete("a", files[1])).await.unwrap().done();
    assert_eq!(page(all, AssetOrder::Newest, Some(cursor), 9).await, [files[0]]);
}

/// Whoever erases it needs the list of what it had. The account's own list is empty at once.
pub async fn a_purged_vault_is_listed_until_it_is_certified(place: &dyn Place) {
    let mut clerk = Clerk::new(62);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    subscriber(&mut clerk, &mut *writer, "a").await;
    subscriber(&mut clerk, &mut *writer, "b").await;
    let files = [
        file(&mut clerk, &mut *writer, "a", 5).await,
        file(&mut clerk, &mut *writer, "a", 6).await,
    ];
    let other = file(&mut clerk, &mut *writer, "b", 7).await;
    let cancel = || Ask::new("a", Command::Cancel(Cancel { reason: None }));
    clerk.one(&mut *writer, cancel()).await.unwrap().done();
    clerk.wait(Duration::from_secs(62 * 86_400));
    let purged = clerk.one(&mut *writer, Ask::give("a", 1)).await.unwrap().done();
    let mut events = purged.events.iter().map(|recorded| &recorded.event);
    assert!(events.any(|event| matches!(event, Event::VaultPurged { .. })), "{purged:?}");
    drop(writer);
    let store = reopen(place, store).await;
    let mut writer = store.writer().unwrap();
    assert_eq!(list(&*store, "a", AssetOrder::Oldest).await, files);
    assert_eq!(store.asset(&account("a"), files[0]).await.unwrap().unwrap().record.vault, 0);
    assert_eq!(store.account(&account("a")).await.unwrap().unwrap().storage.vault, 1);
    let certify = CertifyPurge { vault: 0, objects: 2, digest: [1; 32] };
    let certify = Ask::new("a", Command::CertifyPurge(certify));
    clerk.one(&mut *writer, certify).await.unwrap().done();
    for _ in 0..2 {
        assert_eq!(list(&*store, "a", AssetOrder::Oldest).await, []);
        assert_eq!(list(&*store, "a", AssetOrder::Largest).await, []);
        assert_eq!(store.asset(&account("a"), files[0]).await.unwrap(), None);
        assert_eq!(of_writer(&mut *writer, files[1]).await, None);
        assert_eq!(list(&*store, "b", AssetOrder::Oldest).await, [other]);
    }
    drop(writer);
    let store = reopen(place, store).await;
    assert_eq!(list(&*store, "a", AssetOrder::Oldest).await, []);
    assert_eq!(store.asset(&account("a"), files[0]).await.unwrap(), None);
}

/// From the deletion to its end, apart from those that wait for the payment provider.
pub async fn accounts_that_erase_are_listed(place: &dyn Place) {
    let mut clerk = Clerk::new(63);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let mut files = Vec::new();
    for name in ["a", "b", "c"] {
        subscriber(&mut clerk, &mut *writer, name).await;
        files.push(file(&mut clerk, &mut *writer, name, 5).await);
    }
    assert_eq!(store.erasing(None, 10).await.unwrap(), []);
    for (name, file) in ["c", "a"].into_iter().zip([files[2], files[0]]) {
        clerk.one(&mut *writer, Ask::delete(name, file)).await.unwrap().done();
    }
    drop(writer);
    let store = reopen(place, store).await;
    let mut writer = store.writer().unwrap();
    clerk.one(&mut *writer, Ask::delete("b", files[1])).await.unwrap().done();
    let (a, b, c) = (account("a"), account("b"), account("c"));
    let all = [a.clone(), b.clone(), c.clone()];
    assert_eq!(store.erasing(None, 10).await.unwrap(), all);
    assert_eq!(store.erasing(None, 2).await.unwrap(), all[..2]);
    assert_eq!(store.erasing(Some(&a), 10).await.unwrap(), all[1..]);
    assert_eq!(store.asking(None, 10).await.unwrap(), []);
    clerk.one(&mut *writer, Ask::erased("a", 0, vec![files[0]])).await.unwrap().done();
    assert_eq!(store.erasing(None, 10).await.unwrap(), all[1..]);
    drop(writer);
    let store = reopen(place, store).await;
    assert_eq!(store.erasing(None, 10).await.unwrap(), all[1..]);
}

/// One by one, and all of a vault.
pub async fn asset_details_are_kept_and_erased(place: &dyn Place) {
    let store = place.open().await;
    let (a, b) = (account("a"), account("b"));
    let asset = |n: u8| format!("asset_{n:032x}").parse::<AssetId>().unwrap();
    let details = |vault, name: &str| AssetDetails {
        vault,
        name: name.to_owned(),
        media_type: "image/png".to_owned(),
        sha256: None,
        thumbnail: false,
    };
    let hostile = "<b>\u{202e}gnp.exe\u{1f4a5}'; DROP TABLE asset_details;";
    for (id, number, vault) in [(&a, 1, 0), (&a, 2, 0), (&a, 3, 1), (&b, 1, 0)] {
        store.put_asset_details(id, asset(number), details(vault, hostile)).await.unwrap();
    }
    let known = AssetDetails { sha256: Some([9; 32]), thumbnail: true, ..details(0, "new") };
    store.put_asset_details(&a, asset(2), known.clone()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = place.open().await;
    let wanted = [asset(7), asset(2), asset(1), asset(2)];
    let found = store.asset_details(&a, &wanted).await.unwrap();
    assert_eq!(found, [(asset(1), details(0, hostile)), (asset(2), known)]);
    let all = store.detailed_assets(None, 10).await.unwrap();
    let key = |id: &AccountId, n| (id.clone(), asset(n));
    assert_eq!(all, [key(&a, 1), key(&a, 2), key(&a, 3), key(&b, 1)]);
    assert_eq!(store.detailed_assets(Some(&all[1]), 1).await.unwrap(), all[2..3]);
    store.remove_asset_details(&a, &[asset(1), asset(9)]).await.unwrap();
    assert_eq!(store.detailed_assets(None, 10).await.unwrap(), all[1..]);
    store.remove_vault_details(&a, 0).await.unwrap();
    assert_eq!(store.detailed_assets(None, 10).await.unwrap(), all[2..]);
}
