//! What is stored, in scenarios.
//!
//! - `when reserve video 500 MB as=clip` reserves room, `when commit clip` says that all of it came,
//!   `when commit clip 400 MB` that less did;
//! - `when store video 500 MB as=clip` does both; with `external=yes` the app keeps the bytes;
//! - `when delete clip`; `when storage` shows it in full, `when files` lists what can be read.
//!
//! Each upload really writes an object, of a few bytes, so that what is erased can be seen to be gone.

use std::convert::Infallible;

use bursar_core::account::command::{Command, RegisterExternal, ReserveUpload, StoreAsset};
use bursar_core::account::event::Event;
use bursar_core::catalog::AssetKind;
use bursar_core::id::AssetId;
use bursar_core::readable::size;
use bursar_store::registry::AssetDetails;
use bursar_store::{AssetFilter, AssetOrder};
use bursar_vault::ObjectName;
use tokio::sync::broadcast::error::RecvError;

use super::Player;
use super::fields::Fields;

impl Player {
    /// What a storage line asks for, or `None` if it is no such line.
    pub(super) fn of_storage(&mut self, fields: &mut Fields) -> Option<Command> {
        Some(match fields.verb.as_str() {
            "reserve" | "store" => {
                let kind: AssetKind = fields.word().parse().unwrap();
                let (bytes, reference) = (bytes(fields), None);
                match fields.take("external").as_deref() {
                    Some("yes") => {
                        Command::RegisterExternal(RegisterExternal { kind, bytes, reference })
                    }
                    _ => Command::ReserveUpload(ReserveUpload { kind, bytes, reference }),
                }
            }
            "commit" => {
                let asset = self.assets[&fields.word()];
                let upload = self.uploads.get(&asset).copied().unwrap_or(1);
                let bytes = if fields.has_words() { bytes(fields) } else { upload };
                Command::StoreAsset(StoreAsset { asset, bytes, attempt: ATTEMPT })
            }
            "delete" => Command::DeleteAsset(self.assets[&fields.word()]),
            _ => return None,
        })
    }

    /// Remembers what a reservation is called, and keeps its details and object as an app would.
    pub(super) async fn note_asset(
        &mut self,
        event: &Event,
        name: Option<&str>,
    ) -> Option<AssetId> {
        let (asset, bytes, vault) = match event {
            Event::UploadReserved { asset, bytes, vault, .. }
            | Event::AssetStored { asset, bytes, vault, external: true, .. } => {
                (*asset, *bytes, *vault)
            }
            _ => return None,
        };
        self.uploads.insert(asset, bytes);
        self.assets.insert(name.unwrap_or("file").to_owned(), asset);
        let account = self.account.clone().unwrap();
        let details = AssetDetails { vault, name: "a name".to_owned(), ..AssetDetails::default() };
        self.store.put_asset_details(&account, asset, details).await.unwrap();
        if matches!(event, Event::UploadReserved { .. }) {
            let object = ObjectName::new(&account, vault, asset, ATTEMPT);
            let content = futures::stream::iter([Ok::<_, Infallible>("bytes".into())]);
            self.engine.vault().write(&object, content, 100).await.unwrap();
        }
        Some(asset)
    }

    /// Waits until everything that was given up is erased.
    pub(super) async fn erased(&self) {
        let account = self.account.as_ref().unwrap();
        loop {
            let mut live = self.engine.listen().await.unwrap();
            let state = self.store.account(account).await.unwrap().unwrap();
            if !state.storage.is_erasing() {
                return;
            }
            match live.recv().await {
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// The gauge in one line.
    pub(super) async fn gauge(&self) -> String {
        let view = self.engine.view(self.account.as_ref().unwrap()).await.unwrap().unwrap();
        let storage = &view.account.storage;
        view.account.check().unwrap();
        format!(
            "storage {} used, {} reserved of {}",
            size(storage.used_bytes),
            size(storage.reserved_bytes),
            size(view.account.storage_quota())
        )
    }

    /// Everything that is known of what is stored.
    pub(super) async fn storage(&mut self) -> Vec<String> {
        let mut lines = self.news().await;
        lines.push(self.gauge().await);
        let view = self.engine.view(self.account.as_ref().unwrap()).await.unwrap().unwrap();
        let storage = &view.account.storage;
        let kinds = storage.kinds.iter().filter(|(_, stored)| stored.assets > 0);
        lines.extend(kinds.map(|(kind, stored)| {
            format!("{}: {} of {}", kind.as_str(), stored.assets, size(stored.bytes))
        }));
        lines.extend(storage.certificates.iter().map(|certificate| {
            format!(
                "certificate of vault {}: files {}, {}, kept here {}; given up {}, nothing left {}",
                certificate.vault,
                certificate.assets,
                size(certificate.bytes),
                certificate.objects,
                certificate.purged_at,
                certificate.certified_at
            )
        }));
        lines
    }

    /// The files that can be read: with their objects and details.
    pub(super) async fn files(&self) -> Vec<String> {
        let account = self.account.as_ref().unwrap();
        let state = self.store.account(account).await.unwrap().unwrap();
        let filter = AssetFilter { vault: state.storage.vault, ..AssetFilter::default() };
        let order = AssetOrder::Oldest;
        let rows = self.store.assets(account, filter, order, None, 100).await.unwrap();
        let mut lines = Vec::new();
        for row in &rows {
            let asset = &row.record;
            let details = self.store.asset_details(account, &[asset.id]).await.unwrap();
            let there = match asset.attempt() {
                Some(attempt) => {
                    let object = ObjectName::new(account, asset.vault, asset.id, attempt);
                    self.engine.vault().read(&object, None).await.is_ok()
                }
                None => false,
            };
            let state = match (asset.stored_at(), asset.is_external(), there) {
                (None, ..) => "being uploaded",
                (Some(_), true, _) => "kept by the app",
                (Some(_), false, true) => "can be read",
                (Some(_), false, false) => "has no bytes",
            };
            let name = if details.is_empty() { ", without a name" } else { "" };
            let (kind, size) = (asset.kind.as_str(), size(asset.bytes));
            lines.push(format!("{}: {kind} of {size}, {state}{name}", asset.id));
        }
        if lines.is_empty() {
            let all = self.store.detailed_assets(None, 10).await.unwrap();
            lines.push(format!("no files, {} names", all.len()));
        }
        lines
    }
}

/// All uploads are the same one.
const ATTEMPT: u64 = 1;

/// `500 MB`.
fn bytes(fields: &mut Fields) -> u64 {
    let (number, unit) = (fields.word(), fields.word());
    let unit = match unit.as_str() {
        "GB" => 1_000_000_000,
        "MB" => 1_000_000,
        "KB" => 1_000,
        "B" => 1,
        other => panic!("no unit of size: {other}"),
    };
    number.parse::<u64>().unwrap() * unit
}
