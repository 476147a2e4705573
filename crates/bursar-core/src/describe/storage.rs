//! Events about what is stored in words.

use alloc::format;
use alloc::string::String;

use crate::account::event::{Event, UploadEnd};
use crate::readable::{grouped, size};

/// The stable name of a kind of event about what is stored.
pub(super) const fn kind(event: &Event) -> &'static str {
    match event {
        Event::UploadReserved { .. } => "upload_reserved",
        Event::AssetStored { .. } => "asset_stored",
        Event::UploadEnded { .. } => "upload_ended",
        Event::AssetDeleted { .. } => "asset_deleted",
        Event::AssetsErased { .. } => "assets_erased",
        Event::VaultPurged { .. } => "vault_purged",
        Event::PurgeCertified { .. } => "purge_certified",
        _ => "unknown",
    }
}

/// An event about what is stored in a sentence without its subject.
pub(super) fn summary(event: &Event) -> String {
    match event {
        Event::UploadReserved { asset, kind, bytes, expires_at, .. } => {
            let (kind, size) = (kind.as_str(), size(*bytes));
            format!(
                "{asset}: {size} reserved for the upload of a file of kind {kind} until {expires_at}"
            )
        }
        Event::AssetStored { asset, kind, bytes, external: true, .. } => {
            format!("{asset}: {} of kind {} counted, kept by the app", size(*bytes), kind.as_str())
        }
        Event::AssetStored { asset, kind, bytes, reserved_bytes, .. } => {
            let back = match reserved_bytes.saturating_sub(*bytes) {
                0 => String::new(),
                rest => format!(", {} given back", size(rest)),
            };
            format!("{asset}: {} of kind {} stored{back}", size(*bytes), kind.as_str())
        }
        Event::UploadEnded { asset, bytes, cause } => {
            let how = match cause {
                UploadEnd::Abandoned => "not uploaded in time",
                UploadEnd::Canceled => "upload canceled",
                UploadEnd::Purged => "upload given up with the data",
            };
            format!("{asset}: {how}, {} given back", size(*bytes))
        }
        Event::AssetDeleted { asset, bytes, .. } => {
            format!("{asset}: deleted, {} freed", size(*bytes))
        }
        Event::AssetsErased { assets } => {
            format!("nothing left of {}", files(u64::try_from(assets.len()).unwrap_or(u64::MAX)))
        }
        Event::VaultPurged { vault, assets, bytes } => {
            format!("vault {vault} given up: {}, {}", files(*assets), size(*bytes))
        }
        Event::PurgeCertified { vault, assets, bytes, .. } => {
            format!("vault {vault} certified as erased: {}, {}", files(*assets), size(*bytes))
        }
        _ => String::new(),
    }
}

fn files(count: u64) -> String {
    let number = grouped(&format!("{count}"));
    format!("{number} {}", if count == 1 { "file" } else { "files" })
}
