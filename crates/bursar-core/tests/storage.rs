//! What is stored, where no shipped catalog leads.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod support;

use std::time::Duration;

use bursar_core::account::command::{Command, RegisterExternal, ReserveUpload, StoreAsset};
use bursar_core::account::event::{Event, UploadEnd};
use bursar_core::catalog::AssetKind;
use bursar_core::describe;
use bursar_core::id::AssetId;
use bursar_core::postings::{money_postings, postings};
use bursar_core::statement;
use support::customer::{Customer, Month, cancel, change};
use support::{catalog, key};

fn reserve(kind: AssetKind, bytes: u64) -> Command {
    Command::ReserveUpload(ReserveUpload { kind, bytes, reference: None })
}

fn external(bytes: u64) -> Command {
    let kind = AssetKind::Image;
    Command::RegisterExternal(RegisterExternal { kind, bytes, reference: None })
}

fn reserved(events: &[Event]) -> AssetId {
    match events {
        [Event::UploadReserved { asset, .. }] => *asset,
        other => panic!("{other:?}"),
    }
}

/// Only where data isn't kept at all can an upload be under way when it is given up.
#[test]
fn a_purge_ends_uploads_under_way() {
    let mut catalog = catalog();
    catalog.policies.retention = Duration::ZERO;
    let mut ada = Customer::subscribed(catalog, "2026-01-01T00:00:00Z", "small", Month);
    ada.run(&external(100));
    ada.run(&cancel());
    ada.unanswered_until("2026-01-31T23:59:00Z");
    let asset = reserved(&ada.run(&reserve(AssetKind::Image, 10)));
    let happened = ada.unanswered_until("2026-02-01T00:00:00Z");
    let at_the_end: Vec<&Event> = happened.iter().rev().take(3).map(|r| &r.event).collect();
    assert_eq!(at_the_end[2], &Event::UploadEnded { asset, bytes: 10, cause: UploadEnd::Purged });
    assert_eq!(at_the_end[1], &Event::VaultPurged { vault: 0, assets: 1, bytes: 100 });
    assert_eq!(at_the_end[0], &Event::AccountPurged);
    let storage = &ada.account.storage;
    assert_eq!((storage.taken(), storage.vault, storage.uploads.len()), (0, 1, 0));
    assert!(storage.erasing.is_empty(), "it is erased with its vault");
    assert_eq!(storage.purges.len(), 1);
    let late = Command::StoreAsset(StoreAsset { asset, bytes: 10, attempt: 1 });
    assert_eq!(ada.refused(&late).0, "asset_not_found");
    ada.account.check().unwrap();
}

/// "Asset Vault" is a feature of plans; images and videos need none.
#[test]
fn files_of_the_asset_vault_need_its_feature() {
    let mut catalog = catalog();
    catalog.policies.vault.feature = Some(key("advanced"));
    catalog.plans[1].features.push(key("advanced"));
    let mut ada = Customer::subscribed(catalog, "2026-01-01T00:00:00Z", "small", Month);
    let (code, fix) = ada.refused(&reserve(AssetKind::Vault, 10));
    assert_eq!((code, fix.as_str()), ("feature_not_in_plan", "Upgrade to large."));
    ada.run(&reserve(AssetKind::Video, 10));
    ada.pay(&change("large", Month));
    ada.run(&reserve(AssetKind::Vault, 10));
}

#[test]
fn uploads_at_once_are_limited() {
    let mut ada = Customer::subscribed(catalog(), "2026-01-01T00:00:00Z", "small", Month);
    let uploads: Vec<AssetId> =
        (0..5).map(|_| reserved(&ada.run(&reserve(AssetKind::Image, 1)))).collect();
    let (code, fix) = ada.refused(&reserve(AssetKind::Image, 1));
    assert_eq!((code, fix.as_str()), ("too_many_uploads", "Finish or delete uploads under way."));
    ada.run(&external(1));
    ada.run(&Command::DeleteAsset(uploads[0]));
    ada.run(&reserve(AssetKind::Image, 1));
}

#[test]
fn sizes_at_the_ends_of_the_numbers() {
    let mut ada = Customer::subscribed(catalog(), "2026-01-01T00:00:00Z", "small", Month);
    ada.run(&external(999));
    for (bytes, code) in [(u64::MAX, "storage_full"), (2, "storage_full"), (0, "asset_empty")] {
        assert_eq!(ada.refused(&external(bytes)).0, code);
    }
    assert_eq!(ada.refused(&reserve(AssetKind::Image, u64::MAX)).0, "asset_too_large");
    ada.run(&reserve(AssetKind::Image, 1));
    assert_eq!(ada.account.storage.taken(), 1_000);
}

/// An id tells when it was made, so that whoever comes too late learns that.
#[test]
fn an_id_knows_its_time() {
    let mut ada = Customer::subscribed(catalog(), "2026-01-01T00:00:00Z", "small", Month);
    ada.unanswered_until("2026-01-05T12:34:56.789Z");
    let asset = reserved(&ada.run(&reserve(AssetKind::Image, 1)));
    assert_eq!(asset.made_at().unwrap().to_string(), "2026-01-05T12:34:56.789Z");
    let strange: AssetId = format!("asset_{}", "f".repeat(32)).parse().unwrap();
    let late = |asset| Command::StoreAsset(StoreAsset { asset, bytes: 1, attempt: 1 });
    assert_eq!(ada.refused(&late(strange)).0, "asset_not_found");
    ada.unanswered_until("2026-01-05T13:34:56.789Z");
    assert_eq!(ada.refused(&late(asset)).0, "upload_expired");
}

/// Files move no credits and no money.
#[test]
fn files_are_in_no_book_and_on_no_statement() {
    let mut ada = Customer::subscribed(catalog(), "2026-01-01T00:00:00Z", "small", Month);
    let before = ada.history.len();
    let asset = reserved(&ada.run(&reserve(AssetKind::Image, 5)));
    ada.run(&Command::StoreAsset(StoreAsset { asset, bytes: 4, attempt: 1 }));
    ada.run(&Command::DeleteAsset(asset));
    for recorded in &ada.history[before..] {
        assert!(postings(&recorded.event).is_empty());
        assert!(money_postings(&recorded.event).is_empty());
        assert_eq!(statement::line(recorded), None);
        assert!(describe::summary(&recorded.event).contains(&asset.to_string()));
    }
}
